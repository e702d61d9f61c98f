-- name: dedup_bucket_get
-- in: bucket_id int
-- out: entries blob
SELECT entries FROM dedup_bucket WHERE bucket_id = :bucket_id;

-- name: dedup_buckets
-- in: first int, last int
-- out: bucket_id int, entries blob
SELECT bucket_id, entries FROM dedup_bucket WHERE bucket_id BETWEEN :first AND :last;

-- name: dedup_bucket_put
-- in: bucket_id int, entries blob
INSERT OR REPLACE INTO dedup_bucket (bucket_id, entries) VALUES (:bucket_id, :entries);

-- name: dedup_bucket_drop
-- in: bucket_id int
DELETE FROM dedup_bucket WHERE bucket_id = :bucket_id;

-- name: dedup_levels
-- out: level int, hand int, entries int
SELECT level, hand, entries FROM dedup_level;

-- name: dedup_memory
-- one: hand int, began_at int, floor int
SELECT hand, began_at, floor FROM dedup_level WHERE level = 0;

-- name: dedup_memory_put
-- in: hand int, entries int, began_at int, floor int
INSERT OR REPLACE INTO dedup_level (level, hand, entries, began_at, floor)
VALUES (0, :hand, :entries, :began_at, :floor);

-- name: dedup_level_put
-- in: level int, hand int, entries int
INSERT OR REPLACE INTO dedup_level (level, hand, entries) VALUES (:level, :hand, :entries);

-- name: dedup_event_exists
-- in: event_id int
-- exists
SELECT 1 FROM event WHERE event_id = :event_id;

-- name: event_is_message
-- in: event_id int, site_id int, message_id text
-- exists
SELECT 1 FROM event
WHERE event_id = :event_id AND site_id = :site_id AND message_id = :message_id;

-- Blocks with messageIds that may be missing from the levels.
-- name: dedup_recent
-- out: block int, entries blob
SELECT block, entries FROM dedup_recent
WHERE block >= coalesce((SELECT floor FROM dedup_level WHERE level = 0), 0) >> 11
ORDER BY block;

-- name: dedup_recent_add
-- in: block int, entries blob
INSERT OR REPLACE INTO dedup_recent (block, entries) VALUES (:block, :entries);

-- name: dedup_recent_drop
-- in: floor int
DELETE FROM dedup_recent WHERE block < (:floor + 1) >> 11;

-- The messageIds that neither the levels nor the blocks have.
-- name: recent_keys
-- out: event_id int, site_id int, message_id text
SELECT event_id, site_id, message_id FROM event
WHERE event_id > max(coalesce((SELECT floor FROM dedup_level WHERE level = 0), 0),
	(coalesce((SELECT max(block) + 1 FROM dedup_recent), 0) << 11) - 1)
ORDER BY event_id;

-- name: dedup_secret
-- out: secret blob
SELECT value AS secret FROM meta WHERE key = 'dedup_secret';

-- name: dedup_secret_add
-- in: secret blob
INSERT INTO meta (key, value) VALUES ('dedup_secret', :secret) ON CONFLICT (key) DO NOTHING;

-- Retention has removed events up to this one, and none above it.
-- name: dedup_purged_to
-- one: event_id int
SELECT value AS event_id FROM meta WHERE key = 'purged_to';
