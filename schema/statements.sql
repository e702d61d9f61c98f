-- Every fixed statement of the program, with those of statements_audit.sql. A test prepares each one;
-- hot ones are held to their index.

-- name: views_same
SELECT 1 FROM meta WHERE key = 'views' AND value = ?1;
-- name: views_note
INSERT INTO meta (key, value) VALUES ('views', ?1)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
-- name: meta_get
SELECT value FROM meta WHERE key = ?1;
-- name: meta_set
INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value;
-- name: meta_set_once
INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING;
-- name: database_bytes
SELECT page_count * page_size FROM pragma_page_count, pragma_page_size;

-- Sites

-- name: site_add
INSERT INTO site (name) VALUES (?1) ON CONFLICT (name) DO NOTHING;
-- name: site_id
SELECT site_id FROM site WHERE name = ?1;
-- name: site_state
UPDATE site SET mode = ?2, reason = ?3, next_attempt_at = ?4, failures = ?5, byte_limit = ?6,
	refused = ?7
WHERE site_id = ?1;
-- name: sites_reset
UPDATE site SET mode = 'ready', reason = NULL, next_attempt_at = 0, failures = 0
WHERE mode <> 'ready';
-- name: site_pause
UPDATE site SET
	pause_at = iif(?2 IS NULL, NULL, coalesce(pause_at, ?2)),
	pause_by = iif(?2 IS NULL, NULL, iif(pause_at IS NULL OR ?4 IS NOT NULL, ?3, pause_by)),
	pause_note = iif(?2 IS NULL, NULL, coalesce(?4, iif(pause_at IS NULL, NULL, pause_note)))
WHERE name = ?1 OR ?1 IS NULL;
-- name: site_count
SELECT count(*), count(pause_at) FROM site WHERE name = ?1 OR ?1 IS NULL;
-- name: site_before
SELECT pause_at IS NOT NULL, coalesce(byte_limit, 0), refused FROM site WHERE site_id = ?1;
-- name: site_hurry
UPDATE delivery SET next_attempt_at = 0
WHERE event_id IN (SELECT d.event_id FROM site s
	CROSS JOIN delivery d ON d.site_id = s.site_id AND d.status = 'pending'
		AND d.next_attempt_at > 0
	WHERE s.name = ?1 OR ?1 IS NULL LIMIT ?2);

-- Duplicates

-- name: message_key_get
SELECT event_id FROM message_key WHERE message_key = ?1;

-- name: message_key_put
INSERT INTO message_key (message_key, event_id) VALUES (?1, ?2)
ON CONFLICT (message_key) DO UPDATE SET event_id = excluded.event_id;

-- name: event_is_message
SELECT 1 FROM event WHERE event_id = ?1 AND site_id = ?2 AND message_id = ?3;

-- name: recent_keys
SELECT event_id, message_key FROM delivery
WHERE event_id > coalesce((SELECT value FROM meta WHERE key = 'dedup_floor'), 0)
ORDER BY event_id;

-- Finding by a messageId (src/outbox/filter/message_ids.c).
-- name: message_sites
SELECT site_id FROM site;

-- name: message_recent
SELECT event_id FROM delivery
WHERE event_id > coalesce((SELECT value FROM meta WHERE key = 'dedup_floor'), 0)
	AND message_key = ?1;

-- What arrives

-- name: envelope_add
INSERT INTO envelope (context, integrations, sent_at) VALUES (?1, ?2, ?3);

-- name: envelope_count
UPDATE envelope SET events = ?2, payloads = ?2 WHERE envelope_id = ?1;

-- name: event_last
SELECT seq FROM sqlite_sequence WHERE name = 'event';

-- name: event_add
INSERT INTO event (event_id, site_id, message_id, kind, name, email, occurred_at, received_at,
	envelope_id, body, browser)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11);

-- name: delivery_add
INSERT INTO delivery (event_id, site_id, status, reason, settled_at, message_key, detail,
	next_attempt_at, email, user_id, anonymous_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11);

-- Who is known by an id (src/outbox/write/identity.c)

-- name: identity_get
SELECT identity_id, person, email, identified_at, with_user, named_at FROM identity
WHERE site_id = ?1 AND kind = ?2 AND id = ?3;

-- name: identity_add
INSERT INTO identity (site_id, kind, id, person, with_user, taught, named_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: identity_lowest
SELECT min(0, coalesce((SELECT min(person) FROM identity), 0),
	coalesce((SELECT min(person) FROM identity_release), 0));

-- name: identity_touch
UPDATE identity SET taught = max(taught, ?2), with_user = iif(?4, ?3, with_user),
	named_at = iif(?4, ?5, named_at)
WHERE identity_id = ?1;

-- name: identity_users
SELECT count(*), coalesce(sum(id = ?2), 0) FROM identity WHERE person = ?1 AND kind = 'user';

-- name: identity_leave
UPDATE identity SET person = ?2, email = NULL, identified_at = NULL WHERE identity_id = ?1;

-- name: identity_teach
UPDATE identity SET email = ?2, identified_at = ?3
WHERE person = ?1 AND (identified_at IS NULL OR identified_at < ?3 OR (identified_at = ?3 AND ?4));

-- name: identity_members
SELECT site_id, kind, id, with_user, email FROM identity WHERE person = ?1;

-- name: identity_sizes
SELECT count(*) FROM identity WHERE person = ?1 OR person = ?2;

-- name: identity_join
UPDATE identity SET person = ?1 WHERE person = ?2;

-- name: identity_newest
UPDATE identity SET (email, identified_at) = (SELECT email, identified_at FROM identity
	WHERE person = ?1 AND email IS NOT NULL ORDER BY identified_at DESC LIMIT 1)
WHERE person = ?1;

-- name: identity_count
UPDATE site SET identities = identities + ?2 WHERE site_id = ?1;

-- name: identity_size
SELECT identities FROM site WHERE site_id = ?1;

-- name: identity_evict
DELETE FROM identity WHERE identity_id IN (
	SELECT identity_id FROM identity WHERE site_id = ?1 ORDER BY taught LIMIT ?2);

-- Who waits for an address (src/outbox/write/unresolved.c)

-- name: unresolved_user_end
SELECT count(*), max(event_id) FROM (SELECT event_id
	FROM delivery INDEXED BY delivery_awaits_user
	WHERE site_id = ?1 AND user_id = ?2 AND status = 'pending' AND next_attempt_at < 0
	ORDER BY event_id LIMIT ?3);

-- name: unresolved_anonymous_end
SELECT count(*), max(event_id) FROM (SELECT event_id
	FROM delivery INDEXED BY delivery_awaits_anonymous
	WHERE site_id = ?1 AND anonymous_id = ?2 AND status = 'pending' AND next_attempt_at < 0
		AND (user_id IS NULL OR ?4 IS NULL OR user_id = ?4)
	ORDER BY event_id LIMIT ?3);

-- name: unresolved_user_go
UPDATE delivery SET email = coalesce(email, ?4), reason = NULL, next_attempt_at = 0
WHERE site_id = ?1 AND user_id = ?2 AND status = 'pending' AND next_attempt_at < 0
	AND event_id <= ?3;

-- name: unresolved_anonymous_go
UPDATE delivery SET email = coalesce(email, ?4), reason = NULL, next_attempt_at = 0
WHERE site_id = ?1 AND anonymous_id = ?2 AND status = 'pending' AND next_attempt_at < 0
	AND event_id <= ?3 AND (user_id IS NULL OR ?5 IS NULL OR user_id = ?5);

-- name: unresolved_event
SELECT d.site_id, d.user_id, d.anonymous_id, coalesce(d.email, e.email)
FROM delivery d JOIN event e ON e.event_id = d.event_id
WHERE d.event_id = ?1 AND d.status = 'pending';

-- name: unresolved_set
UPDATE delivery SET status = ?2, reason = ?3, next_attempt_at = ?4, email = coalesce(email, ?5),
	settled_at = ?6
WHERE event_id = ?1;

-- name: unresolved_over
SELECT event_id FROM delivery
WHERE site_id = ?1 AND status = 'pending' AND next_attempt_at > ?2 AND next_attempt_at <= ?3
LIMIT ?4;

-- name: release_add
INSERT INTO identity_release (person, site_id, email)
SELECT ?1, ?2, coalesce((SELECT email FROM identity WHERE person = ?1 AND email IS NOT NULL LIMIT 1), ?3)
WHERE true
ON CONFLICT (person) DO UPDATE SET email = excluded.email;

-- name: release_first
SELECT r.person FROM identity_release r
JOIN (SELECT site_id, email FROM identity_release LIMIT 1) AS f
	ON r.site_id = f.site_id AND r.email = f.email COLLATE NOCASE;

-- name: release_of_id
SELECT r.person FROM identity i
JOIN identity_release f ON f.person = i.person
JOIN identity_release r ON r.site_id = f.site_id AND r.email = f.email COLLATE NOCASE
WHERE i.site_id = ?1 AND i.kind = ?2 AND i.id = ?3
ORDER BY r.person <> i.person;

-- name: release_end
DELETE FROM identity_release WHERE person = ?1;

-- name: release_of
SELECT i.kind, i.id FROM identity_release r CROSS JOIN identity i ON i.person = r.person
WHERE r.site_id = ?1 AND r.email = ?2 COLLATE NOCASE LIMIT 1;

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

-- name: mapping_add
INSERT INTO mapping (settings) VALUES (?1) ON CONFLICT (settings) DO NOTHING;

-- name: mapping_id
SELECT mapping_id FROM mapping WHERE settings = ?1;

-- name: attempt_add
INSERT INTO attempt (site_id, mapping_id, started_at, events, bytes, first_event_id, last_event_id,
	endpoint)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: attempt_member
SELECT 1 FROM delivery WHERE event_id = ?1 AND status = 'pending';

-- name: attempt_event_add
INSERT INTO attempt_event (event_id, attempt_id) VALUES (?1, ?2);

-- name: attempt_end
UPDATE attempt SET finished_at = ?2, duration_ms = ?3, http_status = ?4, outcome = ?5, error = ?6,
	response = ?7
WHERE attempt_id = ?1 AND outcome IS NULL;

-- name: delivery_delivered
UPDATE delivery SET status = 'delivered', reason = NULL, attempts = attempts + 1, settled_at = ?2,
	next_attempt_at = 0, last_attempt_id = ?3, max_batch = NULL
WHERE event_id = ?1 AND status <> 'delivered';

-- name: site_delivered
UPDATE site SET delivered = delivered + ?2 WHERE site_id = ?1;

-- name: site_delivered_event
UPDATE site SET delivered = delivered + ?2
WHERE site_id = (SELECT site_id FROM delivery WHERE event_id = ?1 AND status = 'delivered');

-- name: delivery_attempted
UPDATE delivery SET
	last_attempt_id = ?2,
	maybe_sent = maybe_sent + ?3,
	attempts = attempts + ?4,
	status = CASE status WHEN 'pending' THEN ?5 ELSE status END,
	reason = CASE status WHEN 'pending' THEN ?6 ELSE reason END,
	settled_at = CASE status WHEN 'pending' THEN ?7 ELSE settled_at END,
	next_attempt_at = CASE status WHEN 'pending' THEN ?8 ELSE next_attempt_at END,
	max_batch = CASE status WHEN 'pending' THEN ?9 ELSE max_batch END
WHERE event_id = ?1 AND status <> 'delivered';

-- name: delivery_settle
UPDATE delivery SET status = ?2, reason = ?3, settled_at = ?4, next_attempt_at = ?5,
	attempts = attempts + ?6, max_batch = coalesce(?7, max_batch), detail = coalesce(?8, detail)
WHERE event_id = ?1 AND status = 'pending';

-- name: attempts_open
SELECT count(*) FROM attempt WHERE outcome IS NULL;

-- name: attempts_open_members
UPDATE delivery SET maybe_sent = maybe_sent + 1, last_attempt_id = m.attempt_id
FROM (SELECT ae.event_id, ae.attempt_id FROM attempt a
	CROSS JOIN attempt_event ae ON ae.event_id BETWEEN a.first_event_id AND a.last_event_id
		AND ae.attempt_id = a.attempt_id
	WHERE a.outcome IS NULL) AS m
WHERE delivery.event_id = m.event_id;

-- name: attempts_open_end
UPDATE attempt SET outcome = 'unknown', finished_at = ?1,
	error = 'bentospool ended before the answer was recorded'
WHERE outcome IS NULL;

-- What operators change (src/outbox/operate/operate.c, undo.c).
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

-- name: erasure_add
INSERT INTO erasure (event_id, email) VALUES (?1, ?2);

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
