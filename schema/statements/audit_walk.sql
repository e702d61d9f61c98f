-- name: audit_arrivals
-- out: name text?, kind text, received_at int
SELECT d.name, d.kind, d.received_at {filter};

-- name: audit_failures
-- out: event_id int, at int, site text?, status text, reason text?, error text?, http_status int
SELECT d.event_id, coalesce(d.finished_at, d.settled_at, 0) AS at, d.site, d.status,
	d.reason, coalesce(d.error, d.detail) AS error, d.http_status
{filter};
