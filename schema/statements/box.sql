-- name: box_note
-- in: site_id int, name text, now int, version text?, backlog int?, oldest_at int?, events int
-- in: duplicates int, bytes int, body_bytes int
INSERT INTO box (site_id, name, first_seen_at, last_seen_at, version, backlog, oldest_at, events,
	duplicates, bytes, body_bytes)
VALUES (:site_id, :name, :now, :now, :version, :backlog, :oldest_at, :events, :duplicates, :bytes,
	:body_bytes)
ON CONFLICT (site_id, name) DO UPDATE SET last_seen_at = :now, version = :version,
	backlog = :backlog, oldest_at = :oldest_at, events = events + :events,
	duplicates = duplicates + :duplicates, bytes = bytes + :bytes,
	body_bytes = body_bytes + :body_bytes;

-- name: box_id
-- in: site_id int, name text
-- one: box_id int
SELECT box_id FROM box WHERE site_id = :site_id AND name = :name;

-- name: via_add
-- in: first_event_id int, last_event_id int, box_id int, arrived_at int
INSERT INTO via (first_event_id, last_event_id, box_id, arrived_at)
VALUES (:first_event_id, :last_event_id, :box_id, :arrived_at);

-- name: box_forgotten
-- in: received_at int
-- exists
SELECT 1 FROM meta WHERE key = 'forgotten_at' AND value >= :received_at;
