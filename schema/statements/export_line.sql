-- maybe_sent also counts attempts in flight.
-- name: event_export
-- in: event_id int
-- out: event_id int?, site text?, message_id text, kind text, name text?, email text?, status text
-- out: reason text?, attempts int?, maybe_sent int?, received_at int?, occurred_at int?
-- out: settled_at int?, http_status int?, error text?, browser int?, provisional int?
-- out: context text?, integrations text?, sent_at text?, body text?
SELECT e.event_id, s.name AS site, e.message_id, e.kind, e.name,
	coalesce(d.email, e.email) AS email, d.status, d.reason, d.attempts,
	d.maybe_sent + (SELECT count(*) FROM attempt_event m
		CROSS JOIN attempt o ON o.attempt_id = m.attempt_id AND o.outcome IS NULL
		WHERE m.event_id = e.event_id) AS maybe_sent,
	e.received_at, e.occurred_at, d.settled_at, a.http_status,
	coalesce(a.error, d.detail) AS error, nullif(e.browser, 0) AS browser, e.provisional,
	v.context, v.integrations, v.sent_at, e.body
FROM event e
JOIN delivery d ON d.event_id = e.event_id
LEFT JOIN site s ON s.site_id = e.site_id
LEFT JOIN attempt a ON a.attempt_id = d.last_attempt_id
LEFT JOIN envelope v ON v.envelope_id = e.envelope_id
WHERE e.event_id = :event_id;
