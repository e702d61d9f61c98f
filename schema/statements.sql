-- Every fixed statement of the program, with those of statements_audit.sql. A test prepares each one;
-- hot ones are held to their index.

-- name: views_same
SELECT 1 FROM meta WHERE key = 'views' AND value = ?1;
-- name: views_note
INSERT INTO meta (key, value) VALUES ('views', ?1)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
-- name: database_bytes
SELECT page_count * page_size FROM pragma_page_count, pragma_page_size;

-- Sites

-- name: site_pause
UPDATE site SET
	pause_at = iif(?2 IS NULL, NULL, coalesce(pause_at, ?2)),
	pause_by = iif(?2 IS NULL, NULL, iif(pause_at IS NULL OR ?4 IS NOT NULL, ?3, pause_by)),
	pause_note = iif(?2 IS NULL, NULL, coalesce(?4, iif(pause_at IS NULL, NULL, pause_note)))
WHERE name = ?1 OR ?1 IS NULL;
-- name: site_count
SELECT count(*), count(pause_at) FROM site WHERE name = ?1 OR ?1 IS NULL;
-- name: site_hurry
UPDATE delivery SET next_attempt_at = 0
WHERE event_id IN (SELECT d.event_id FROM site s
	CROSS JOIN delivery d ON d.site_id = s.site_id AND d.status = 'pending'
		AND d.next_attempt_at > 0
	WHERE s.name = ?1 OR ?1 IS NULL LIMIT ?2);

-- Duplicates

-- name: message_sites
SELECT site_id FROM site;

-- name: message_recent
SELECT event_id FROM delivery
WHERE event_id > coalesce((SELECT value FROM meta WHERE key = 'dedup_floor'), 0)
	AND message_key = ?1;

-- What arrives

-- name: import_state
UPDATE delivery SET reason = iif(?7, ?2, reason), detail = ?3, settled_at = ?4, attempts = ?5,
	maybe_sent = ?6
WHERE event_id = ?1;

-- What is due

-- name: due_fresh
SELECT event_id FROM delivery
WHERE site_id = ?1 AND status = 'pending' AND next_attempt_at = 0 AND event_id > ?2
ORDER BY event_id;

-- name: due_waited
SELECT event_id FROM delivery
WHERE site_id = ?1 AND status = 'pending' AND next_attempt_at > 0 AND next_attempt_at <= ?2
	AND event_id > ?3
UNION ALL
SELECT event_id FROM delivery
WHERE site_id = ?1 AND status = 'pending' AND next_attempt_at > ?4 AND event_id > ?3
ORDER BY event_id;

-- name: due_delayed
SELECT d.event_id, coalesce(d.email, e.email) FROM delivery d
JOIN event e ON e.event_id = d.event_id
WHERE d.site_id = ?1 AND d.status = 'pending' AND d.next_attempt_at > 0;

-- name: due_soonest
SELECT min(next_attempt_at) FROM delivery
WHERE site_id = ?1 AND status = 'pending' AND next_attempt_at > 0;

-- name: event_load
SELECT e.event_id, e.site_id, e.message_id, e.kind, e.name, coalesce(d.email, e.email),
	e.occurred_at, e.received_at, e.body, v.context, d.status, d.attempts, d.maybe_sent,
	coalesce(d.max_batch, 0), coalesce(e.browser, 0), v.integrations
FROM event e
JOIN delivery d ON d.event_id = e.event_id
LEFT JOIN envelope v ON v.envelope_id = e.envelope_id
WHERE e.event_id = ?1;

-- Attempts

-- name: operation_begin
INSERT INTO operation (at, actor, verb, filter, note, undoes) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
-- name: operation_remember
INSERT INTO operation_event (operation_id, event_id, status, reason, attempts, next_attempt_at,
	settled_at, max_batch, detail, operation_before, attempts_left)
SELECT ?1, event_id, status, reason, attempts, next_attempt_at, settled_at, max_batch, detail,
	operation_id, coalesce(?3, attempts)
FROM delivery WHERE event_id = ?2;
-- name: operation_change
UPDATE delivery SET status = ?2, reason = ?3, settled_at = ?4, operation_id = ?5,
	attempts = iif(?6, 0, attempts), max_batch = iif(?6, NULL, max_batch), next_attempt_at = 0,
	detail = NULL
WHERE event_id = ?1;
-- name: operation_count
UPDATE operation SET events = ?2 WHERE operation_id = ?1;
-- name: operation_more
UPDATE operation SET events = events + ?2 WHERE operation_id = ?1 AND verb = ?3;
-- name: operation_newest_event
SELECT max(event_id) FROM delivery;
-- name: undo_find
SELECT verb, undoes FROM operation WHERE operation_id = ?1;
-- name: undo_events
SELECT x.event_id, d.status, d.operation_id, d.attempts, x.attempts, x.attempts_left
FROM operation_event x
LEFT JOIN delivery d ON d.event_id = x.event_id
WHERE x.operation_id = ?1 AND x.event_id > ?2
ORDER BY x.event_id LIMIT ?3;
-- name: undo_before
SELECT status, operation_before FROM operation_event WHERE operation_id = ?1 AND event_id = ?2;
-- name: undo_restore
UPDATE delivery SET status = x.status, reason = x.reason, settled_at = x.settled_at,
	max_batch = x.max_batch, detail = x.detail, next_attempt_at = 0, attempts = ?4,
	operation_id = ?3
FROM operation_event AS x
WHERE x.operation_id = ?1 AND x.event_id = ?2 AND delivery.event_id = ?2;
-- name: undo_note
UPDATE operation SET undone_by = ?2 WHERE operation_id = ?1;
-- name: undo_again
UPDATE operation SET undone_by = NULL WHERE operation_id = ?1 AND undone_by = ?2;

-- What retention takes away (src/outbox/operate/purge.c).
-- name: purge_scan
SELECT event_id, status, settled_at, payload_gone, message_key FROM delivery
WHERE event_id > ?1 ORDER BY event_id;
-- name: purge_body
UPDATE event SET body = NULL WHERE event_id = ?1;
-- name: purge_body_note
UPDATE delivery SET payload_gone = 1, user_id = NULL, anonymous_id = NULL WHERE event_id = ?1;
-- name: purge_envelope
UPDATE envelope SET events = events - ?3, payloads = payloads - ?2,
	context = iif(payloads > ?2, context, NULL),
	integrations = iif(payloads > ?2, integrations, NULL)
WHERE envelope_id = (SELECT envelope_id FROM event WHERE event_id = ?1);
-- name: purge_envelope_gone
DELETE FROM envelope
WHERE envelope_id = (SELECT envelope_id FROM event WHERE event_id = ?1) AND events <= 0;
-- name: purge_attempts_of
SELECT attempt_id FROM attempt_event WHERE event_id = ?1;
-- name: purge_members
DELETE FROM attempt_event WHERE event_id = ?1;
-- name: purge_delivery
DELETE FROM delivery WHERE event_id = ?1;
-- name: purge_event
DELETE FROM event WHERE event_id = ?1;
-- name: purge_message_key
DELETE FROM message_key WHERE message_key = ?1 AND event_id = ?2;
-- name: purge_attempt
DELETE FROM attempt WHERE attempt_id = ?1 AND outcome IS NOT NULL AND NOT EXISTS (
	SELECT 1 FROM attempt_event m
	WHERE m.event_id BETWEEN attempt.first_event_id AND attempt.last_event_id
		AND m.attempt_id = attempt.attempt_id);
-- name: ndjson_event
SELECT e.event_id, s.name, e.message_id, e.kind, e.name, coalesce(d.email, e.email), d.status,
	d.reason, d.attempts,
	d.maybe_sent + (SELECT count(*) FROM attempt_event m
		CROSS JOIN attempt o ON o.attempt_id = m.attempt_id AND o.outcome IS NULL
		WHERE m.event_id = e.event_id),
	e.received_at, e.occurred_at, d.settled_at,
	a.http_status, coalesce(a.error, d.detail), e.browser, v.context,
	v.integrations, v.sent_at, e.body
FROM event e
JOIN delivery d ON d.event_id = e.event_id
LEFT JOIN site s ON s.site_id = e.site_id
LEFT JOIN attempt a ON a.attempt_id = d.last_attempt_id
LEFT JOIN envelope v ON v.envelope_id = e.envelope_id
WHERE e.event_id = ?1;

-- name: erasure_next
SELECT event_id, email FROM erasure ORDER BY event_id LIMIT 1;

-- name: erasure_end
DELETE FROM erasure WHERE event_id <= ?1 AND email = ?2 COLLATE NOCASE;

-- What an erasure looks at and takes away (src/outbox/operate/erase.c).
-- name: erase_events
SELECT e.event_id, e.email, d.email, d.status, e.name, e.message_id, e.body, d.detail,
	d.user_id, d.anonymous_id, e.envelope_id
FROM event e JOIN delivery d ON d.event_id = e.event_id
WHERE e.event_id > ?1 ORDER BY e.event_id;
-- name: erase_answers
UPDATE attempt SET response = NULL, error = iif(error IS NULL, NULL, 'erased')
WHERE events = 1
	AND attempt_id IN (SELECT attempt_id FROM attempt_event WHERE event_id = ?1);
-- name: erase_envelope
UPDATE envelope SET payloads = payloads - 1,
	context = iif(payloads > 1, context, NULL),
	integrations = iif(payloads > 1, integrations, NULL)
WHERE envelope_id = (SELECT envelope_id FROM event WHERE event_id = ?1 AND body IS NOT NULL);
-- name: erase_event
UPDATE event SET email = NULL, body = NULL WHERE event_id = ?1;
-- name: erase_delivery
UPDATE delivery SET email = NULL, payload_gone = 1, detail = NULL, user_id = NULL,
	anonymous_id = NULL,
	reason = iif(status = 'pending' OR status = 'held', 'erased', reason),
	settled_at = iif(status = 'pending' OR status = 'held', ?2, settled_at),
	next_attempt_at = 0,
	status = iif(status = 'pending' OR status = 'held', 'discarded', status)
WHERE event_id = ?1;
-- name: erase_event_names
UPDATE event SET name = ?2, message_id = ?3 WHERE event_id = ?1;
-- name: erase_event_quotes
UPDATE event SET name = ?2, message_id = ?3, body = ?4 WHERE event_id = ?1;
-- name: erase_detail_quotes
UPDATE delivery SET detail = ?2 WHERE event_id = ?1;
-- name: erase_remembered
UPDATE operation_event SET detail = NULL
WHERE event_id = ?1 AND operation_id IN (SELECT operation_id FROM operation);
-- name: erase_event_ids
UPDATE delivery SET user_id = NULL, anonymous_id = NULL WHERE event_id = ?1;
-- name: erase_identities
SELECT identity_id, email, id, with_user, site_id, person, taught FROM identity
WHERE identity_id > ?1 ORDER BY identity_id;
-- name: erase_identity
DELETE FROM identity WHERE identity_id = ?1;
-- name: erase_envelopes
SELECT envelope_id, context, integrations FROM envelope WHERE envelope_id > ?1
ORDER BY envelope_id;
-- name: erase_envelope_quotes
UPDATE envelope SET context = ?2, integrations = ?3 WHERE envelope_id = ?1;
-- name: erase_attempts
SELECT attempt_id, error, response FROM attempt WHERE attempt_id > ?1 ORDER BY attempt_id;
-- name: erase_attempt_quotes
UPDATE attempt SET error = ?2, response = ?3 WHERE attempt_id = ?1;
-- name: erase_operations
SELECT operation_id, filter, note FROM operation WHERE operation_id > ?1 ORDER BY operation_id;
-- name: erase_operation_quotes
UPDATE operation SET filter = ?2, note = ?3 WHERE operation_id = ?1;
-- name: erase_sites
UPDATE site SET reason = iif(mode = 'ready', NULL, 'see the last attempt')
WHERE reason IS NOT NULL AND site_id > ?1;
