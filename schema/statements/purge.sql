-- The next event that may have to go: 0, or the first one with a row in delivery, or one of a span that
-- was delivered before this time. The spans of each site are read from the one that contains `after`.
-- name: purge_next
-- in: after int, before int
-- one: event_id int
SELECT coalesce(min(event_id), 0) AS event_id FROM (
	SELECT min(event_id) AS event_id FROM delivery WHERE event_id > :after
	UNION ALL
	SELECT (SELECT max(r.first_event_id, :after + 1) FROM span r
		CROSS JOIN attempt a ON a.attempt_id = r.attempt_id
		WHERE r.site_id = s.site_id
			AND r.first_event_id >= coalesce((SELECT max(x.first_event_id) FROM span x
				WHERE x.site_id = s.site_id AND x.first_event_id <= :after), 0)
			AND r.last_event_id > :after
			AND a.outcome = 'delivered' AND a.finished_at < :before
		ORDER BY r.first_event_id LIMIT 1)
	FROM site s);

-- excepted: the event has a row in delivery.
-- name: purge_scan
-- in: after int
-- out: event_id int, site_id int, status text, settled_at int?, payload_gone bool, excepted bool
-- out: received_at int
SELECT e.event_id, e.site_id,
	coalesce(d.status, iif(a.outcome = 'delivered', a.outcome, 'pending')) AS status,
	iif(d.event_id IS NULL, a.finished_at, d.settled_at) AS settled_at,
	typeof(e.body) = 'null' AS payload_gone, d.event_id IS NOT NULL AS excepted,
	e.received_at
FROM event e
LEFT JOIN delivery d ON d.event_id = e.event_id
LEFT JOIN span r ON d.event_id IS NULL AND r.site_id = e.site_id
	AND r.first_event_id = (SELECT max(x.first_event_id) FROM span x
		WHERE x.site_id = e.site_id AND x.first_event_id <= e.event_id)
	AND r.last_event_id >= e.event_id
LEFT JOIN attempt a ON a.attempt_id = r.attempt_id
WHERE e.event_id > :after ORDER BY e.event_id;

-- name: purge_body
-- in: event_id int
UPDATE event SET body = NULL,
	checksum = changed_checksum(checksum,
		event_checksum(event_id, site_id, message_id, kind, name, email, occurred_at,
			received_at, envelope_id, browser, provisional, body),
		event_checksum(event_id, site_id, message_id, kind, name, email, occurred_at,
			received_at, envelope_id, browser, provisional, NULL))
WHERE event_id = :event_id;

-- name: purge_ids
-- in: event_id int
UPDATE delivery SET user_id = NULL, anonymous_id = NULL
WHERE event_id = :event_id;

-- Reduces the envelope's counts of bodies and of rows.
-- name: purge_leave_envelope
-- in: event_id int, payloads int, rows int
UPDATE envelope SET events = events - :rows, payloads = payloads - :payloads,
	context = iif(payloads > :payloads, context, NULL),
	integrations = iif(payloads > :payloads, integrations, NULL),
	checksum = iif(payloads > :payloads, checksum, changed_checksum(checksum,
		envelope_checksum(envelope_id, context, integrations, sent_at),
		envelope_checksum(envelope_id, NULL, NULL, sent_at)))
WHERE envelope_id = (SELECT envelope_id FROM event WHERE event_id = :event_id);

-- name: purge_empty_envelope
-- in: event_id int
DELETE FROM envelope
WHERE envelope_id = (SELECT envelope_id FROM event WHERE event_id = :event_id) AND events <= 0;

-- name: purge_attempts_of
-- in: event_id int
-- out: attempt_id int
SELECT attempt_id FROM history WHERE event_id = :event_id;

-- name: purge_members
-- in: event_id int
DELETE FROM attempt_event WHERE event_id = :event_id;

-- name: purge_delivery
-- in: event_id int
DELETE FROM delivery WHERE event_id = :event_id;

-- name: purge_event
-- in: event_id int
DELETE FROM event WHERE event_id = :event_id;

-- Spans of an attempt whose events are all gone.
-- name: purge_empty_spans
-- in: attempt_id int
DELETE FROM span WHERE attempt_id = :attempt_id AND NOT EXISTS (
	SELECT 1 FROM event e
	WHERE e.event_id BETWEEN span.first_event_id AND span.last_event_id
		AND e.site_id = span.site_id
		AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.event_id));

-- The highest ids are kept, so that they are not given again.

-- name: purge_note_event
-- in: event_id int
UPDATE meta SET value = max(value, :event_id) WHERE key = 'purged_to';

-- A box could send such an event again.
-- name: purge_note_receipt
-- in: received_at int
UPDATE meta SET value = max(value, :received_at) WHERE key = 'forgotten_at';

-- Before purge_via: what the boxes said of receipts in the future is kept.
-- name: purge_note_claims
-- in: first_event_id int, last_event_id int
UPDATE box SET forgotten_from = min(coalesce(forgotten_from, c.first), c.first),
	forgotten_to = max(coalesce(forgotten_to, c.last), c.last)
FROM (SELECT box_id, min(claimed_from) AS first, max(claimed_to) AS last FROM via
	WHERE first_event_id <= :last_event_id
		AND first_event_id >= coalesce((SELECT max(x.first_event_id) FROM via x
			WHERE x.first_event_id <= :first_event_id), 0)
		AND claimed_to IS NOT NULL
	GROUP BY box_id) AS c
WHERE box.box_id = c.box_id;

-- name: purge_via
-- in: first_event_id int, last_event_id int
DELETE FROM via WHERE first_event_id <= :last_event_id
	AND first_event_id >= coalesce((SELECT max(x.first_event_id) FROM via x
		WHERE x.first_event_id <= :first_event_id), 0)
	AND NOT EXISTS (SELECT 1 FROM event e
		WHERE e.event_id BETWEEN via.first_event_id AND via.last_event_id);

-- name: purge_note_attempt
-- in: attempt_id int
UPDATE meta SET value = max(value, :attempt_id) WHERE key = 'purged_attempt_to';

-- name: purge_empty_attempt
-- in: attempt_id int
DELETE FROM attempt WHERE attempt_id = :attempt_id AND outcome IS NOT NULL
	AND NOT EXISTS (SELECT 1 FROM attempt_event m WHERE m.attempt_id = attempt.attempt_id)
	AND NOT EXISTS (SELECT 1 FROM span r WHERE r.attempt_id = attempt.attempt_id);
