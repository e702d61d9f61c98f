-- Reads the events of every list.
-- name: audit_events
-- out: event_id int, site_id int, site text?, message_id text, kind text, name text?, email text?
-- out: status text, reason text?, attempts int, maybe_sent int, received_at int, occurred_at int
-- out: next_attempt_at int, settled_at int, last_attempt_id int, http_status int, error text?
-- out: detail text?
SELECT d.event_id, d.site_id, d.site, d.message_id, d.kind, d.name, d.email, d.status, d.reason,
	d.attempts, d.maybe_sent, d.received_at, d.occurred_at,
	iif(d.status = 'pending' AND d.awaiting_since IS NULL,
		max(d.next_attempt_at, coalesce(d.site_next_attempt_at, 0)), 0) AS next_attempt_at,
	d.settled_at, d.last_attempt_id, d.http_status, d.error, d.detail
{filter};

-- name: audit_event_received
-- in: event_id int
-- out: body text?, context text?, integrations text?, browser bool, via text?, arrived_at int
-- out: changed bool, batch_changed bool
SELECT e.body, v.context, v.integrations, e.browser, b.name AS via, w.arrived_at,
	e.checksum <> event_checksum(e.event_id, e.site_id, e.message_id, e.kind, e.name, e.email,
		e.occurred_at, e.received_at, e.envelope_id, e.browser, e.provisional, e.body) AS changed,
	e.envelope_id IS NOT NULL AND e.body IS NOT NULL
		AND coalesce(v.checksum <> envelope_checksum(v.envelope_id, v.context, v.integrations,
			v.sent_at), 1) AS batch_changed
FROM event e
LEFT JOIN envelope v ON v.envelope_id = e.envelope_id
LEFT JOIN via w ON w.first_event_id = (SELECT max(x.first_event_id) FROM via x
		WHERE x.first_event_id <= e.event_id)
	AND w.last_event_id >= e.event_id
LEFT JOIN box b ON b.box_id = w.box_id
WHERE e.event_id = :event_id;

-- name: audit_attempts
-- in: event_id int
-- out: attempt_id int, started_at int, finished_at int, duration_ms int, events int, bytes int
-- out: http_status int, outcome text?, error text?, response text?, settings text?, endpoint text
SELECT a.attempt_id, a.started_at, a.finished_at, a.duration_ms, a.events, a.bytes,
	a.http_status, a.outcome, a.error, a.response, m.settings, a.endpoint
FROM attempt a
LEFT JOIN mapping m ON m.mapping_id = a.mapping_id
WHERE a.attempt_id IN (SELECT attempt_id FROM history WHERE event_id = :event_id)
ORDER BY a.attempt_id;

-- name: audit_operations
-- in: event_id int
-- out: operation_id int, at int, actor text, verb text, note text?, status text, reason text?
SELECT o.operation_id, o.at, o.actor, o.verb, o.note, x.status, x.reason
FROM operation o
JOIN operation_event x ON x.operation_id = o.operation_id
WHERE x.event_id = :event_id ORDER BY o.operation_id;

-- The matching events, in no order.
-- name: audit_match
-- out: event_id int
SELECT d.event_id {filter};

-- The ids that events have, with 0 and -1 when there is none.
-- name: audit_ids
-- one: first int, last int
SELECT coalesce((SELECT min(event_id) FROM event), 0) AS first,
	coalesce((SELECT max(event_id) FROM event), -1) AS last;
