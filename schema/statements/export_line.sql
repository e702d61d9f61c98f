-- maybe_sent also counts attempts in flight. An event to be sent that the disk has changed is held.
-- name: event_export
-- in: event_id int
-- out: event_id int?, site text?, message_id text, kind text, name text?, email text?, status text
-- out: reason text?, attempts int?, maybe_sent int?, received_at int?, occurred_at int?
-- out: via text?, arrived_at int?, settled_at int?, http_status int?, error text?, browser int?, provisional int?
-- out: context text?, integrations text?, sent_at text?, body text?
SELECT event_id, site, message_id, kind, name, email, iif(changed, 'held', status) AS status,
	iif(changed, 'damaged', reason) AS reason, attempts, maybe_sent, received_at, occurred_at,
	via, arrived_at, settled_at, http_status, error, browser, provisional, context, integrations, sent_at, body
FROM (SELECT d.event_id, d.site, d.message_id, d.kind, d.name, d.email, d.status, d.reason, d.attempts,
		d.maybe_sent + (SELECT count(*) FROM history o
			WHERE o.event_id = d.event_id AND o.outcome IS NULL) AS maybe_sent,
		d.received_at, d.occurred_at, b.name AS via, w.arrived_at, d.settled_at, d.http_status,
		coalesce(d.error, d.detail) AS error, nullif(d.browser, 0) AS browser, d.provisional,
		v.context, v.integrations, v.sent_at, d.body,
		(d.status = 'pending' OR d.status = 'held')
		AND (e.checksum <> event_checksum(e.event_id, e.site_id, e.message_id, e.kind, e.name,
				e.email, e.occurred_at, e.received_at, e.envelope_id, e.browser,
				e.provisional, e.body)
			OR coalesce(v.checksum <> envelope_checksum(v.envelope_id, v.context,
				v.integrations, v.sent_at), 0)) AS changed
	FROM state d
	JOIN event e ON e.event_id = d.event_id
	LEFT JOIN envelope v ON v.envelope_id = d.envelope_id
	LEFT JOIN via w ON w.first_event_id = (SELECT max(x.first_event_id) FROM via x
			WHERE x.first_event_id <= d.event_id)
		AND w.last_event_id >= d.event_id
	LEFT JOIN box b ON b.box_id = w.box_id
	WHERE d.event_id = :event_id);
