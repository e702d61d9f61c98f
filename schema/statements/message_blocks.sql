-- name: message_block_ids
-- in: first int, last int
-- out: message_id text
SELECT message_id FROM event WHERE event_id BETWEEN :first AND :last;

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
