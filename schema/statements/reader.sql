-- The events in spans that no attempt took, with all their columns, in one scan. Those that have a row in
-- delivery are among them.
-- name: due_fresh
-- in: site_id int, after int
-- out: event_id int, message_id text, kind text, name text?, email text?
-- out: occurred_at int, received_at int, body text?, browser bool, envelope_id int, checksum int
SELECT e.event_id, e.message_id, e.kind, e.name, e.email, e.occurred_at, e.received_at, e.body,
	e.browser, e.envelope_id, e.checksum
FROM span r INDEXED BY span_due
CROSS JOIN event e ON e.event_id BETWEEN max(r.first_event_id, :after + 1) AND r.last_event_id
	AND e.site_id = :site_id
WHERE r.site_id = :site_id AND r.attempt_id IS NULL AND r.last_event_id > :after
ORDER BY r.first_event_id;

-- The first event from this id on that has a row in delivery.
-- name: due_next_row
-- in: event_id int
-- one: event_id int
SELECT event_id FROM delivery WHERE event_id >= :event_id ORDER BY event_id LIMIT 1;

-- name: due_envelope
-- in: envelope_id int
-- out: context text?, integrations text?, sent_at text?, checksum int
SELECT context, integrations, sent_at, checksum FROM envelope WHERE envelope_id = :envelope_id;

-- The events with a row in delivery that are due at once, with all their columns; leaves out events with
-- provisional times.
-- name: due_again
-- in: site_id int, after int
-- out: event_id int, message_id text, kind text, name text?, email text?
-- out: occurred_at int, received_at int, body text?, attempts int, maybe_sent int
-- out: max_batch int, browser bool, envelope_id int
-- out: site_id int, stored_email text?, checksum int
SELECT d.event_id, e.message_id, e.kind, e.name, coalesce(d.email, e.email) AS email,
	e.occurred_at, e.received_at, e.body, d.attempts, d.maybe_sent,
	coalesce(d.max_batch, 0) AS max_batch, e.browser, e.envelope_id, e.site_id,
	e.email AS stored_email, e.checksum
FROM delivery d INDEXED BY delivery_due
CROSS JOIN event e ON e.event_id = d.event_id
WHERE d.site_id = :site_id AND d.status = 'pending' AND d.awaiting_since IS NULL
	AND d.next_attempt_at = 0 AND d.event_id > :after AND e.provisional IS NULL
ORDER BY d.event_id;

-- Delayed events whose time has come or is past the horizon.
-- name: due_delayed
-- in: site_id int, now int, after int, horizon int
-- out: event_id int
SELECT event_id FROM delivery INDEXED BY delivery_due
WHERE site_id = :site_id AND status = 'pending' AND awaiting_since IS NULL
	AND next_attempt_at > 0 AND next_attempt_at <= :now AND event_id > :after
UNION ALL
SELECT event_id FROM delivery INDEXED BY delivery_due
WHERE site_id = :site_id AND status = 'pending' AND awaiting_since IS NULL
	AND next_attempt_at > :horizon AND event_id > :after
ORDER BY event_id;

-- name: due_soonest
-- in: site_id int
-- one: at int
SELECT min(next_attempt_at) AS at FROM delivery INDEXED BY delivery_due
WHERE site_id = :site_id AND status = 'pending' AND awaiting_since IS NULL
	AND next_attempt_at > 0;

-- name: delayed_addresses
-- in: site_id int
-- out: event_id int, email text?
SELECT d.event_id, coalesce(d.email, e.email) AS email
FROM delivery d INDEXED BY delivery_due
JOIN event e ON e.event_id = d.event_id
WHERE d.site_id = :site_id AND d.status = 'pending' AND d.awaiting_since IS NULL
	AND d.next_attempt_at > 0;

-- Gives no row while the event's times are provisional: it must not be sent yet.
-- name: event_load
-- in: event_id int
-- out: event_id int, message_id text, kind text, name text?, email text?
-- out: occurred_at int, received_at int, body text?, attempts int, maybe_sent int
-- out: max_batch int, browser bool, envelope_id int
-- out: site_id int, stored_email text?, checksum int
SELECT e.event_id, e.message_id, e.kind, e.name, coalesce(d.email, e.email) AS email,
	e.occurred_at, e.received_at, e.body, d.attempts, d.maybe_sent,
	coalesce(d.max_batch, 0) AS max_batch, e.browser, e.envelope_id, e.site_id,
	e.email AS stored_email, e.checksum
FROM event e
LEFT JOIN delivery d ON d.event_id = e.event_id
WHERE e.event_id = :event_id AND e.provisional IS NULL;

-- name: backlog
-- in: site_id int
-- one: events int
SELECT coalesce(sum(events), 0) AS events FROM status_count
WHERE site_id = :site_id AND status = 'pending';

-- The oldest event above an id that no attempt has taken, apart from those that wait for their address.
-- name: backlog_oldest
-- in: site_id int, after int
-- one: received_at int
SELECT received_at FROM event
WHERE event_id = (SELECT min(event_id) FROM (
	SELECT min(event_id) AS event_id FROM delivery INDEXED BY delivery_due
	WHERE site_id = :site_id AND status = 'pending' AND awaiting_since IS NULL
		AND next_attempt_at = 0 AND event_id > :after
	UNION ALL
	SELECT min(event_id) FROM delivery INDEXED BY delivery_due
	WHERE site_id = :site_id AND status = 'pending' AND awaiting_since IS NULL
		AND next_attempt_at > 0 AND event_id > :after
	UNION ALL
	SELECT * FROM (SELECT e.event_id FROM span r INDEXED BY span_due
		CROSS JOIN event e ON e.event_id BETWEEN max(r.first_event_id, :after + 1) AND r.last_event_id
			AND e.site_id = :site_id
		WHERE r.site_id = :site_id AND r.attempt_id IS NULL AND r.last_event_id > :after
			AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.event_id)
		ORDER BY r.first_event_id LIMIT 1)));
