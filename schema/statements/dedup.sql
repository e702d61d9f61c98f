-- name: message_key_get
-- in: message_key int
-- one: event_id int
SELECT event_id FROM message_key WHERE message_key = :message_key;

-- name: message_key_put
-- in: message_key int, event_id int
INSERT INTO message_key (message_key, event_id) VALUES (:message_key, :event_id)
ON CONFLICT (message_key) DO UPDATE SET event_id = excluded.event_id;

-- name: event_is_message
-- in: event_id int, site_id int, message_id text
-- exists
SELECT 1 FROM event
WHERE event_id = :event_id AND site_id = :site_id AND message_id = :message_id;

-- Keys that may be missing from message_key.
-- name: recent_keys
-- out: event_id int, message_key int
SELECT event_id, message_key FROM delivery
WHERE event_id > coalesce((SELECT value FROM meta WHERE key = 'dedup_floor'), 0)
ORDER BY event_id;

-- name: dedup_secret
-- out: secret blob
SELECT value AS secret FROM meta WHERE key = 'dedup_secret';

-- name: dedup_secret_add
-- in: secret blob
INSERT INTO meta (key, value) VALUES ('dedup_secret', :secret) ON CONFLICT (key) DO NOTHING;

-- name: dedup_set_floor
-- in: event_id int
INSERT INTO meta (key, value) VALUES ('dedup_floor', :event_id)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
