-- The views are created again whenever their text has changed.
-- name: views_match
-- in: views string
-- exists
SELECT 1 FROM meta WHERE key = 'views' AND value = :views;

-- name: views_record
-- in: views string
INSERT INTO meta (key, value) VALUES ('views', :views)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
