-- name: audit_sites
-- out: site_id int, name text, mode text, reason text?, next_attempt_at int, failures int
-- out: pause_at int, pause_by text?, pause_note text?, delivered int
SELECT site_id, name, mode, reason, next_attempt_at, failures, pause_at, pause_by, pause_note,
	delivered
FROM site ORDER BY site_id;

-- name: audit_trouble
-- out: site_id int, status text
SELECT site_id, status FROM delivery INDEXED BY delivery_trouble
WHERE status = 'failed' OR status = 'invalid' OR status = 'held'
UNION ALL
SELECT site_id, status FROM delivery INDEXED BY delivery_aside
WHERE status = 'unsupported' OR status = 'discarded';

-- name: audit_maybe_sent
-- out: site_id int, maybe_sent int, perhaps_twice int
SELECT site_id, count(*) AS maybe_sent,
	sum(maybe_sent + (status = 'delivered') > 1) AS perhaps_twice
FROM delivery INDEXED BY delivery_maybe_sent WHERE maybe_sent > 0 GROUP BY site_id;

-- Counts up to a bound.
-- name: audit_pending
-- in: max int
-- one: events int
SELECT count(*) AS events FROM (
	SELECT 1 FROM delivery INDEXED BY delivery_due WHERE status = 'pending' LIMIT :max);

-- name: audit_pending_of_site
-- in: site_id int
-- one: events int, unresolved int
SELECT count(*) AS events, count(awaiting_since) AS unresolved
FROM delivery INDEXED BY delivery_due WHERE site_id = :site_id AND status = 'pending';

-- name: audit_oldest_pending
-- in: site_id int
-- one: event_id int, received_at int
SELECT e.event_id, e.received_at
FROM event e
WHERE e.event_id = (
	SELECT min(event_id) FROM delivery INDEXED BY delivery_due
	WHERE status = 'pending' AND site_id = :site_id AND awaiting_since IS NULL);

-- name: audit_last_attempt
-- in: site_id int
-- out: attempt_id int, started_at int, finished_at int, http_status int, outcome text?, error text?
SELECT attempt_id, started_at, finished_at, http_status, outcome, error
FROM attempt WHERE site_id = :site_id ORDER BY attempt_id DESC LIMIT 1;
