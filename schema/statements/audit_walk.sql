-- name: audit_arrivals
-- out: name text?, kind text, received_at int
SELECT e.name, e.kind, e.received_at {filter};

-- name: audit_failures
-- out: event_id int, at int, site text?, status text, reason text?, error text?, http_status int
SELECT d.event_id, coalesce(a.finished_at, d.settled_at, 0) AS at, s.name AS site, d.status,
	d.reason, coalesce(a.error, d.detail) AS error, a.http_status
{filter};
