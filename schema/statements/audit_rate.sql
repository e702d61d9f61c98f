-- When the first event was received.
-- name: audit_began
-- one: received_at int
SELECT received_at FROM event ORDER BY event_id LIMIT 1;

-- name: audit_received
-- in: first int, last int
-- out: site_id int, received_at int
SELECT site_id, received_at FROM event WHERE event_id BETWEEN :first AND :last;

-- Newest first.
-- name: audit_blocks_since
-- in: since int
-- out: block int, first_received_at int, last_received_at int, counted bool
SELECT block, first_received_at, last_received_at, counted FROM event_block
WHERE last_received_at >= :since ORDER BY block DESC;

-- name: audit_block_sites
-- in: block int
-- out: site_id int, events int
SELECT site_id, sum(events) AS events FROM event_block_count WHERE block = :block GROUP BY site_id;

-- Newest first.
-- name: audit_attempts_back
-- in: max int
-- out: site_id int, at int, events int, delivered bool
SELECT site_id, coalesce(finished_at, started_at) AS at, events,
	coalesce(outcome, '') = 'delivered' AS delivered
FROM attempt ORDER BY attempt_id DESC LIMIT :max;
