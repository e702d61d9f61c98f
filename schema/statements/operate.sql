-- Stores the state of an event before an operation changes it. attempts_left is the number of
-- attempts that the operation leaves, if it changes that.
-- name: operation_remember
-- in: operation_id int, event_id int, attempts_left int?
INSERT INTO operation_event (operation_id, event_id, status, reason, attempts, next_attempt_at,
	settled_at, max_batch, detail, operation_before, attempts_left)
SELECT :operation_id, event_id, status, reason, attempts, next_attempt_at, settled_at, max_batch,
	detail, operation_id, coalesce(:attempts_left, attempts)
FROM delivery WHERE event_id = :event_id;

-- An operator accepts an event that the disk changed, as it is now, and the values of its batch.
-- name: operation_accept
-- in: event_id int
UPDATE event SET checksum = event_checksum(event_id, site_id, message_id, kind, name, email, occurred_at,
	received_at, envelope_id, browser, provisional, body)
WHERE event_id = :event_id AND EXISTS (SELECT 1 FROM delivery d
	WHERE d.event_id = event.event_id AND d.status = 'held' AND d.reason = 'damaged');

-- name: operation_accept_envelope
-- in: event_id int
UPDATE envelope SET checksum = envelope_checksum(envelope_id, context, integrations, sent_at)
WHERE envelope_id = (SELECT e.envelope_id FROM event e JOIN delivery d ON d.event_id = e.event_id
	WHERE e.event_id = :event_id AND d.status = 'held' AND d.reason = 'damaged');

-- name: operation_change
-- in: event_id int, status string, reason string?, settled_at int?, operation_id int, afresh bool
UPDATE delivery SET status = :status, reason = :reason, settled_at = :settled_at,
	operation_id = :operation_id, attempts = iif(:afresh, 0, attempts),
	max_batch = iif(:afresh, NULL, max_batch), next_attempt_at = 0,
	awaiting_since = NULL, detail = NULL
WHERE event_id = :event_id;

-- name: newest_event
-- one: event_id int
SELECT max(event_id) AS event_id FROM event;

-- name: operate_select
-- out: event_id int
SELECT d.event_id {filter};
