-- Erasures that delete calls asked for.

-- name: erasure_oldest
-- out: event_id int, email text
SELECT event_id, email FROM erasure ORDER BY event_id LIMIT 1;

-- name: erasure_end
-- in: event_id int, email string
DELETE FROM erasure WHERE event_id <= :event_id AND email = :email COLLATE NOCASE;

-- The scans, one for each phase.

-- name: erase_identities
-- in: after int
-- out: identity_id int, site_id int, kind text, id text, email text?, user_id text?, taught int
SELECT identity_id, site_id, kind, id, email, user_id, taught FROM identity
WHERE identity_id > :after ORDER BY identity_id;

-- name: erase_events
-- in: after int
-- out: event_id int, email text?, sent_to text?, status text, name text?, message_id text
-- out: body text?, detail text?, user_id text?, anonymous_id text?, envelope_id int
SELECT e.event_id, e.email, d.email AS sent_to,
	coalesce(d.status, (SELECT iif(a.outcome = 'delivered', a.outcome, 'pending') FROM span r
		LEFT JOIN attempt a ON a.attempt_id = r.attempt_id
		WHERE r.site_id = e.site_id AND r.first_event_id <= e.event_id
		ORDER BY r.first_event_id DESC LIMIT 1)) AS status,
	e.name, e.message_id, e.body, d.detail, d.user_id, d.anonymous_id, e.envelope_id
FROM event e LEFT JOIN delivery d ON d.event_id = e.event_id
WHERE e.event_id > :after ORDER BY e.event_id;

-- name: erase_envelopes
-- in: after int
-- out: envelope_id int, context text?, integrations text?
SELECT envelope_id, context, integrations FROM envelope WHERE envelope_id > :after
ORDER BY envelope_id;

-- name: erase_attempts
-- in: after int
-- out: attempt_id int, error text?, response text?
SELECT attempt_id, error, response FROM attempt WHERE attempt_id > :after ORDER BY attempt_id;

-- name: erase_operations
-- in: after int
-- out: operation_id int, filter text, note text?
SELECT operation_id, filter, note FROM operation WHERE operation_id > :after
ORDER BY operation_id;

-- Removes personal data from an event of the person.

-- name: erase_responses
-- in: event_id int
UPDATE attempt SET response = NULL, error = iif(error IS NULL, NULL, 'erased')
WHERE events = 1
	AND attempt_id IN (SELECT attempt_id FROM attempt_event WHERE event_id = :event_id);

-- name: erase_leave_envelope
-- in: event_id int
UPDATE envelope SET payloads = payloads - 1,
	context = iif(payloads > 1, context, NULL),
	integrations = iif(payloads > 1, integrations, NULL),
	checksum = iif(payloads > 1, checksum, changed_checksum(checksum,
		envelope_checksum(envelope_id, context, integrations, sent_at),
		envelope_checksum(envelope_id, NULL, NULL, sent_at)))
WHERE envelope_id = (SELECT envelope_id FROM event WHERE event_id = :event_id AND body IS NOT NULL);

-- name: erase_event
-- in: event_id int
UPDATE event SET email = NULL, body = NULL,
	checksum = changed_checksum(checksum,
		event_checksum(event_id, site_id, message_id, kind, name, email, occurred_at,
			received_at, envelope_id, browser, provisional, body),
		event_checksum(event_id, site_id, message_id, kind, name, NULL, occurred_at,
			received_at, envelope_id, browser, provisional, NULL))
WHERE event_id = :event_id;

-- name: erase_delivery
-- in: event_id int, now int
UPDATE delivery SET email = NULL, detail = NULL, user_id = NULL,
	anonymous_id = NULL,
	reason = iif(status = 'pending' OR status = 'held', 'erased', reason),
	settled_at = iif(status = 'pending' OR status = 'held', :now, settled_at),
	next_attempt_at = 0, awaiting_since = NULL,
	status = iif(status = 'pending' OR status = 'held', 'discarded', status)
WHERE event_id = :event_id;

-- name: erase_remembered
-- in: event_id int
UPDATE operation_event SET detail = NULL
WHERE event_id = :event_id AND operation_id IN (SELECT operation_id FROM operation);

-- name: erase_event_ids
-- in: event_id int
UPDATE delivery SET user_id = NULL, anonymous_id = NULL WHERE event_id = :event_id;

-- The reason of a site may quote an answer of Bento.
-- name: erase_site_reasons
UPDATE site SET reason = iif(mode = 'ready', NULL, 'see the last attempt')
WHERE reason IS NOT NULL;

-- Replaces texts that quoted the address.

-- name: erase_event_names
-- in: event_id int, name text, message_id text
UPDATE event SET name = :name, message_id = :message_id,
	checksum = changed_checksum(checksum,
		event_checksum(event_id, site_id, message_id, kind, name, email, occurred_at,
			received_at, envelope_id, browser, provisional, body),
		event_checksum(event_id, site_id, :message_id, kind, :name, email, occurred_at,
			received_at, envelope_id, browser, provisional, body))
WHERE event_id = :event_id;

-- name: erase_event_quotes
-- in: event_id int, name text, message_id text, body text
UPDATE event SET name = :name, message_id = :message_id, body = :body,
	checksum = changed_checksum(checksum,
		event_checksum(event_id, site_id, message_id, kind, name, email, occurred_at,
			received_at, envelope_id, browser, provisional, body),
		event_checksum(event_id, site_id, :message_id, kind, :name, email, occurred_at,
			received_at, envelope_id, browser, provisional, :body))
WHERE event_id = :event_id;

-- name: erase_detail_quotes
-- in: event_id int, detail text
UPDATE delivery SET detail = :detail WHERE event_id = :event_id;

-- name: erase_envelope_quotes
-- in: envelope_id int, context text, integrations text
UPDATE envelope SET context = :context, integrations = :integrations,
	checksum = changed_checksum(checksum,
		envelope_checksum(envelope_id, context, integrations, sent_at),
		envelope_checksum(envelope_id, :context, :integrations, sent_at))
WHERE envelope_id = :envelope_id;

-- name: erase_attempt_quotes
-- in: attempt_id int, error text, response text
UPDATE attempt SET error = :error, response = :response WHERE attempt_id = :attempt_id;

-- name: erase_operation_quotes
-- in: operation_id int, filter text, note text
UPDATE operation SET filter = :filter, note = :note WHERE operation_id = :operation_id;
