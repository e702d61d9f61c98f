-- What was learnt about Bento and must not be learnt again at each start.
-- byte_limit: the largest body it takes; NULL: nothing smaller than batch_bytes is known.
-- refused: single events refused in a row.
ALTER TABLE site ADD COLUMN byte_limit INTEGER;
ALTER TABLE site ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
