-- The first event at or after an id.
-- name: audit_event_from
-- in: from int
-- one: event_id int, received_at int
SELECT event_id, received_at FROM event WHERE event_id >= :from ORDER BY event_id LIMIT 1;

-- name: audit_sites_from
-- in: from int
-- out: site_id int, event_id int
SELECT site_id, event_id FROM event WHERE event_id >= :from;

-- Newest first.
-- name: audit_attempts_back
-- in: max int
-- out: site_id int, at int, events int, delivered bool
SELECT site_id, coalesce(finished_at, started_at) AS at, events,
	coalesce(outcome, '') = 'delivered' AS delivered
FROM attempt ORDER BY attempt_id DESC LIMIT :max;
