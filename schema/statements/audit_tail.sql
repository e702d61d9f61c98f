-- name: audit_newest
-- one: event_id int, attempt_id int, operation_id int
SELECT coalesce((SELECT max(event_id) FROM event), 0) AS event_id,
	coalesce((SELECT max(attempt_id) FROM attempt), 0) AS attempt_id,
	coalesce((SELECT max(operation_id) FROM operation), 0) AS operation_id;

-- name: audit_requests
-- in: after int, max int
-- out: attempt_id int, site text?, started_at int, finished_at int, duration_ms int, events int
-- out: http_status int, outcome text?, error text?, endpoint text, first_event_id int
-- out: last_event_id int
SELECT a.attempt_id, s.name AS site, a.started_at, a.finished_at, a.duration_ms, a.events,
	a.http_status, a.outcome, a.error, a.endpoint, a.first_event_id, a.last_event_id
FROM attempt a
LEFT JOIN site s ON s.site_id = a.site_id
WHERE a.attempt_id > :after ORDER BY a.attempt_id LIMIT :max;

-- name: audit_operations_after
-- in: after int, max int
-- out: operation_id int, at int, actor text, verb text, filter text, note text?
SELECT operation_id, at, actor, verb, filter, note FROM operation
WHERE operation_id > :after ORDER BY operation_id LIMIT :max;
