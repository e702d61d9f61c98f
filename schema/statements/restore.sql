-- name: restore_newer
-- in: after_event_id int
-- one: events int, first_id int, last_id int, first_at int, last_at int
SELECT count(*) AS events, coalesce(min(event_id), 0) AS first_id, coalesce(max(event_id), 0) AS last_id,
	coalesce(min(received_at), 0) AS first_at, coalesce(max(received_at), 0) AS last_at
FROM event WHERE event_id > :after_event_id;
