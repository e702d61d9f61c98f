-- name: message_block_events
-- in: first int, last int
-- out: event_id int, site_id int, message_id text, kind text, name text?, email text?
-- out: received_at int
SELECT event_id, site_id, message_id, kind, name, email, received_at
FROM event WHERE event_id BETWEEN :first AND :last;

-- name: message_chunk_add
-- in: block int, first text, ids text?
INSERT INTO message_chunk (block, first, ids) VALUES (:block, :first, :ids);

-- name: message_block_exists
-- in: block int
-- exists
SELECT 1 FROM message_chunk WHERE block = :block;

-- name: message_block_drop
-- in: block int
DELETE FROM message_chunk WHERE block = :block;

-- name: message_newest_event
-- one: event_id int
SELECT max(event_id) AS event_id FROM event;

-- name: message_next_event
-- in: after int
-- one: event_id int
SELECT event_id FROM event WHERE event_id > :after ORDER BY event_id LIMIT 1;
