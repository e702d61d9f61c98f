-- name: purge_scan
-- in: after int
-- out: event_id int, status text, settled_at int?, payload_gone bool
SELECT event_id, status, settled_at, payload_gone FROM delivery
WHERE event_id > :after ORDER BY event_id;

-- name: purge_body
-- in: event_id int
UPDATE event SET body = NULL WHERE event_id = :event_id;

-- name: purge_mark_body_gone
-- in: event_id int
UPDATE delivery SET payload_gone = 1, user_id = NULL, anonymous_id = NULL
WHERE event_id = :event_id;

-- Reduces the envelope's counts of bodies and of rows.
-- name: purge_leave_envelope
-- in: event_id int, payloads int, rows int
UPDATE envelope SET events = events - :rows, payloads = payloads - :payloads,
	context = iif(payloads > :payloads, context, NULL),
	integrations = iif(payloads > :payloads, integrations, NULL)
WHERE envelope_id = (SELECT envelope_id FROM event WHERE event_id = :event_id);

-- name: purge_empty_envelope
-- in: event_id int
DELETE FROM envelope
WHERE envelope_id = (SELECT envelope_id FROM event WHERE event_id = :event_id) AND events <= 0;

-- name: purge_attempts_of
-- in: event_id int
-- out: attempt_id int
SELECT attempt_id FROM attempt_event WHERE event_id = :event_id;

-- name: purge_members
-- in: event_id int
DELETE FROM attempt_event WHERE event_id = :event_id;

-- name: purge_delivery
-- in: event_id int
DELETE FROM delivery WHERE event_id = :event_id;

-- name: purge_event
-- in: event_id int
DELETE FROM event WHERE event_id = :event_id;

-- name: purge_empty_attempt
-- in: attempt_id int
DELETE FROM attempt WHERE attempt_id = :attempt_id AND outcome IS NOT NULL AND NOT EXISTS (
	SELECT 1 FROM attempt_event m
	WHERE m.event_id BETWEEN attempt.first_event_id AND attempt.last_event_id
		AND m.attempt_id = attempt.attempt_id);
