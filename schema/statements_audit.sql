-- The rest of the statements: what people ask of the outbox, which is on no event's way.

-- What the command line reads (src/outbox/read/audit.c).
-- name: audit_sites
SELECT site_id, name, mode, reason, next_attempt_at, failures, pause_at, pause_by, pause_note,
	delivered
FROM site ORDER BY site_id;
-- name: audit_trouble
SELECT site_id, status FROM delivery INDEXED BY delivery_trouble
WHERE status = 'failed' OR status = 'invalid' OR status = 'held'
UNION ALL
SELECT site_id, status FROM delivery INDEXED BY delivery_aside
WHERE status = 'unsupported' OR status = 'discarded';
-- name: audit_maybe_sent
SELECT site_id, count(*), sum(maybe_sent + (status = 'delivered') > 1)
FROM delivery INDEXED BY delivery_maybe_sent WHERE maybe_sent > 0 GROUP BY site_id;
-- name: audit_pending
SELECT count(*) FROM (
	SELECT 1 FROM delivery INDEXED BY delivery_due WHERE status = 'pending' LIMIT ?1);
-- name: audit_oldest
SELECT e.event_id, e.received_at
FROM event e
WHERE e.event_id = (
	SELECT min(event_id) FROM delivery INDEXED BY delivery_due
	WHERE status = 'pending' AND site_id = ?1 AND next_attempt_at >= 0);
-- name: audit_last_attempt
SELECT attempt_id, started_at, finished_at, http_status, outcome, error
FROM attempt WHERE site_id = ?1 ORDER BY attempt_id DESC LIMIT 1;
-- name: audit_event
SELECT d.event_id, d.site_id, s.name, e.message_id, e.kind, e.name, coalesce(d.email, e.email),
	d.status, d.reason, d.attempts, d.maybe_sent, e.received_at, e.occurred_at,
	iif(d.status = 'pending' AND d.next_attempt_at >= 0,
		max(d.next_attempt_at, coalesce(s.next_attempt_at, 0)), 0),
	d.settled_at, d.last_attempt_id, a.http_status, a.error, d.detail,
	e.body, v.context, v.integrations, coalesce(e.browser, 0)
FROM delivery d
JOIN event e ON e.event_id = d.event_id
LEFT JOIN site s ON s.site_id = d.site_id
LEFT JOIN attempt a ON a.attempt_id = d.last_attempt_id
LEFT JOIN envelope v ON v.envelope_id = e.envelope_id
WHERE d.event_id = ?1;
-- name: audit_attempts
SELECT a.attempt_id, a.started_at, a.finished_at, a.duration_ms, a.events, a.bytes,
	a.http_status, a.outcome, a.error, a.response, m.settings, a.endpoint
FROM attempt_event x
JOIN attempt a ON a.attempt_id = x.attempt_id
LEFT JOIN mapping m ON m.mapping_id = a.mapping_id
WHERE x.event_id = ?1 ORDER BY a.attempt_id;
-- name: audit_operations
SELECT o.operation_id, o.at, o.actor, o.verb, o.note, x.status, x.reason
FROM operation o
JOIN operation_event x ON x.operation_id = o.operation_id
WHERE x.event_id = ?1 ORDER BY o.operation_id;

-- name: audit_operation_list
SELECT operation_id, at, actor, verb, filter, note, events, coalesce(undone_by, 0),
	coalesce(undoes, 0)
FROM operation WHERE operation_id < ?1 ORDER BY operation_id DESC LIMIT ?2;

-- name: audit_operation_before
SELECT event_id, status FROM operation_event WHERE operation_id = ?1 ORDER BY event_id;

-- What adopt takes of the persons (src/outbox/read/export.c).
-- name: export_identities
SELECT i.person, s.name, i.kind, i.id, i.email, i.identified_at, i.with_user
FROM identity i JOIN site s ON s.site_id = i.site_id ORDER BY i.person;

-- What those who follow read (src/outbox/read/audit_tail.c).
-- name: audit_newest
SELECT coalesce((SELECT max(event_id) FROM delivery), 0),
	coalesce((SELECT max(attempt_id) FROM attempt), 0),
	coalesce((SELECT max(operation_id) FROM operation), 0);
-- name: audit_requests
SELECT a.attempt_id, s.name, a.started_at, a.finished_at, a.duration_ms, a.events, a.http_status,
	a.outcome, a.error, a.endpoint, a.first_event_id, a.last_event_id
FROM attempt a
LEFT JOIN site s ON s.site_id = a.site_id
WHERE a.attempt_id > ?1 ORDER BY a.attempt_id LIMIT ?2;
-- name: audit_deeds
SELECT operation_id, at, actor, verb, filter, note FROM operation
WHERE operation_id > ?1 ORDER BY operation_id LIMIT ?2;

-- How fast events come and go (src/outbox/read/audit_rate.c).
-- name: audit_event_from
SELECT event_id, received_at FROM event WHERE event_id >= ?1 ORDER BY event_id LIMIT 1;
-- name: audit_sites_from
SELECT site_id, event_id FROM delivery WHERE event_id >= ?1;
-- name: audit_attempts_back
SELECT site_id, coalesce(finished_at, started_at), events, coalesce(outcome, '') = 'delivered'
FROM attempt ORDER BY attempt_id DESC LIMIT ?1;
-- name: audit_pending_of
SELECT count(*), coalesce(sum(next_attempt_at < 0), 0)
FROM delivery INDEXED BY delivery_due WHERE site_id = ?1 AND status = 'pending';
