-- If the oldest event of a box seems to come from the future, it has waited since the report that said so
-- first: its clock was put back since.
-- name: box_note
-- in: site_id int, name text, now int, version text?, backlog int?, oldest_at int?, events int
-- in: duplicates int, bytes int, body_bytes int
INSERT INTO box (site_id, name, first_seen_at, last_seen_at, version, backlog, oldest_at, events,
	duplicates, bytes, body_bytes)
VALUES (:site_id, :name, :now, :now, :version, :backlog, min(:oldest_at, :now), :events, :duplicates,
	:bytes, :body_bytes)
ON CONFLICT (site_id, name) DO UPDATE SET last_seen_at = :now, version = :version, backlog = :backlog,
	oldest_at = iif(:oldest_at > :now, min(coalesce(oldest_at, :now), :now), :oldest_at),
	events = events + :events,
	duplicates = duplicates + :duplicates, bytes = bytes + :bytes,
	body_bytes = body_bytes + :body_bytes;

-- A box from which an event came to another center at that time.
-- name: box_remember
-- in: site_id int, name text, at int
INSERT INTO box (site_id, name, first_seen_at, last_seen_at, events)
VALUES (:site_id, :name, :at, :at, 1)
ON CONFLICT (site_id, name) DO UPDATE SET events = events + 1,
	first_seen_at = min(first_seen_at, :at), last_seen_at = max(last_seen_at, :at);

-- name: box_id
-- in: site_id int, name text
-- one: box_id int
SELECT box_id FROM box WHERE site_id = :site_id AND name = :name;

-- name: via_add
-- in: first_event_id int, last_event_id int, box_id int, arrived_at int, claimed_from int?
-- in: claimed_to int?
INSERT INTO via (first_event_id, last_event_id, box_id, arrived_at, claimed_from, claimed_to)
VALUES (:first_event_id, :last_event_id, :box_id, :arrived_at, :claimed_from, :claimed_to);

-- Adds an event to the row of the event before it.
-- name: via_extend
-- in: event_id int, box_id int, arrived_at int
UPDATE via SET last_event_id = :event_id
WHERE first_event_id = (SELECT max(first_event_id) FROM via)
	AND last_event_id = :event_id - 1 AND box_id = :box_id AND arrived_at = :arrived_at
	AND claimed_to IS NULL;

-- name: box_forgotten
-- in: site_id int, name text, received_at int, claimed_at int
-- exists
SELECT 1 FROM meta WHERE key = 'forgotten_at' AND value >= :received_at
UNION ALL
SELECT 1 FROM box WHERE site_id = :site_id AND name = :name
	AND :claimed_at BETWEEN forgotten_from AND forgotten_to;
