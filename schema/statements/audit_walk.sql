-- name: audit_arrivals
-- out: name text?, kind text, received_at int
SELECT d.name, d.kind, d.received_at {filter};

-- The spans that have pending events: due ones, and those of attempts in flight.
-- name: audit_pending_spans
-- in: site text?
-- out: site_id int, first_event_id int, last_event_id int
SELECT site_id, first_event_id, last_event_id FROM span INDEXED BY span_due
WHERE attempt_id IS NULL
	AND (:site IS NULL OR site_id = (SELECT site_id FROM site WHERE name = :site))
UNION ALL
SELECT r.site_id, r.first_event_id, r.last_event_id FROM attempt a INDEXED BY attempt_unclear
CROSS JOIN span r ON r.attempt_id = a.attempt_id
WHERE a.outcome IS NULL
	AND (:site IS NULL OR r.site_id = (SELECT site_id FROM site WHERE name = :site));

-- name: audit_blocks
-- in: low int, high int
-- out: block int, first_received_at int, last_received_at int, counted bool
SELECT block, first_received_at, last_received_at, counted FROM event_block
WHERE block BETWEEN :low AND :high ORDER BY block;

-- name: audit_block_counts
-- in: block int, site_id int
-- out: kind text, name text, events int
SELECT kind, name, events FROM event_block_count WHERE block = :block AND site_id = :site_id;

-- name: audit_span_arrivals
-- in: site_id int, first int, last int
-- out: name text?, kind text, received_at int
SELECT e.name, e.kind, e.received_at FROM event e
WHERE e.event_id BETWEEN :first AND :last AND e.site_id = :site_id
	AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.event_id);

-- name: audit_excepted_arrivals
-- in: site_id int, first int, last int
-- out: name text?, kind text, received_at int
SELECT e.name, e.kind, e.received_at FROM delivery d CROSS JOIN event e ON e.event_id = d.event_id
WHERE d.event_id BETWEEN :first AND :last AND e.site_id = :site_id;

-- name: audit_failures
-- out: event_id int, at int, site text?, status text, reason text?, error text?, http_status int
SELECT d.event_id, coalesce(d.finished_at, d.settled_at, 0) AS at, d.site, d.status,
	d.reason, coalesce(d.error, d.detail) AS error, d.http_status
{filter};
