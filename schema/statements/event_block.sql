-- name: event_block_add
-- in: block int, first_received_at int, last_received_at int, events int, counted bool
INSERT INTO event_block (block, first_received_at, last_received_at, events, counted)
VALUES (:block, :first_received_at, :last_received_at, :events, :counted);

-- name: event_block_count_add
-- in: block int, site_id int, kind text, name text, events int
INSERT INTO event_block_count (block, site_id, kind, name, events)
VALUES (:block, :site_id, :kind, :name, :events);

-- name: event_address_add
-- in: part int, entries blob
INSERT INTO event_address (part, entries) VALUES (:part, :entries);

-- name: event_block_drop
-- in: block int
DELETE FROM event_block WHERE block = :block;

-- name: event_block_counts_drop
-- in: block int
DELETE FROM event_block_count WHERE block = :block;

-- name: event_address_drop
-- in: part int
DELETE FROM event_address WHERE part = :part;
