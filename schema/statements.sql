-- name: ping
SELECT 1;

-- What the command line reads (src/outbox/audit.c).
-- name: audit_sites
SELECT site_id, name, mode, reason, next_attempt_at, failures FROM site ORDER BY site_id;
-- name: audit_tally
SELECT site_id, status, maybe_sent FROM delivery;
-- name: audit_pending
SELECT count(*) FROM (
	SELECT 1 FROM delivery INDEXED BY delivery_due WHERE status = 'pending' LIMIT ?1);
-- name: audit_oldest
SELECT e.event_id, e.received_at
FROM event e
WHERE e.event_id = (
	SELECT min(event_id) FROM delivery INDEXED BY delivery_due
	WHERE status = 'pending' AND site_id = ?1);
-- name: audit_last_attempt
SELECT attempt_id, started_at, finished_at, http_status, outcome, error
FROM attempt WHERE site_id = ?1 ORDER BY attempt_id DESC LIMIT 1;
-- name: audit_event
SELECT d.event_id, d.site_id, s.name, e.message_id, e.kind, e.name, coalesce(d.email, e.email),
	d.status, d.reason, d.attempts, d.maybe_sent, e.received_at, e.occurred_at,
	iif(d.status = 'pending', max(d.next_attempt_at, coalesce(s.next_attempt_at, 0)), 0),
	d.settled_at, d.last_attempt_id, a.http_status, a.error, e.body, v.context
FROM delivery d
JOIN event e ON e.event_id = d.event_id
LEFT JOIN site s ON s.site_id = d.site_id
LEFT JOIN attempt a ON a.attempt_id = d.last_attempt_id
LEFT JOIN envelope v ON v.envelope_id = e.envelope_id
WHERE d.event_id = ?1;
-- name: audit_attempts
SELECT a.attempt_id, a.started_at, a.finished_at, a.duration_ms, a.events, a.bytes,
	a.http_status, a.outcome, a.error, a.response, m.settings
FROM attempt_event x
JOIN attempt a ON a.attempt_id = x.attempt_id
LEFT JOIN mapping m ON m.mapping_id = a.mapping_id
WHERE x.event_id = ?1 ORDER BY a.attempt_id;
-- name: audit_operations
SELECT o.operation_id, o.at, o.actor, o.verb, o.note, x.status, x.reason
FROM operation o
JOIN operation_event x ON x.operation_id = o.operation_id
WHERE x.event_id = ?1 ORDER BY o.operation_id;

-- What operators change (src/outbox/operate.c).
-- name: operation_begin
INSERT INTO operation (at, actor, verb, filter, note) VALUES (?1, ?2, ?3, ?4, ?5);
-- name: operation_remember
INSERT INTO operation_event (operation_id, event_id, status, reason, attempts, next_attempt_at,
	settled_at, max_batch)
SELECT ?1, event_id, status, reason, attempts, next_attempt_at, settled_at, max_batch
FROM delivery WHERE event_id = ?2;
-- name: operation_requeue
UPDATE delivery SET status = 'pending', reason = NULL, attempts = 0, next_attempt_at = 0,
	settled_at = NULL, max_batch = NULL
WHERE event_id = ?1;
-- name: operation_count
UPDATE operation SET events = ?2 WHERE operation_id = ?1;
-- name: operation_newest_event
SELECT max(event_id) FROM delivery;
