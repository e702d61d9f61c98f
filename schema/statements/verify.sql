-- What verify asks of the tables. The scans take steps of ids, each in a transaction of its own.

-- name: verify_contents
-- in: from int, max int
-- out: event_id int, right bool
SELECT event_id, coalesce(checksum = event_checksum(event_id, site_id, message_id, kind, name, email,
	occurred_at, received_at, envelope_id, browser, provisional, body), 0) AS right
FROM event WHERE event_id >= :from ORDER BY event_id LIMIT :max;

-- name: verify_envelopes
-- in: after int, max int
-- out: envelope_id int, right bool
SELECT envelope_id, coalesce(checksum = envelope_checksum(envelope_id, context, integrations, sent_at),
	0) AS right
FROM envelope WHERE envelope_id > :after ORDER BY envelope_id LIMIT :max;

-- states: in how many an event is. has_envelope: the values of its batch are there. in_chunk: the texts
-- of its block have its messageId, or its block is not complete. hashed: the levels have its messageId,
-- unless an erasure has changed it.
-- name: verify_states
-- in: after int, max int
-- out: event_id int, site_id int, message_id text, states int, has_envelope bool, in_chunk bool
-- out: hashed bool
SELECT e.event_id, e.site_id, e.message_id,
	(SELECT count(*) FROM state s WHERE s.event_id = e.event_id) AS states,
	e.envelope_id IS NULL OR EXISTS (SELECT 1 FROM envelope v WHERE v.envelope_id = e.envelope_id)
		AS has_envelope,
	e.event_id >> 11 >= (SELECT max(event_id) FROM event) >> 11
		OR EXISTS (SELECT 1 FROM message_chunk c WHERE c.block = e.event_id >> 11
			AND c.first = (SELECT max(x.first) FROM message_chunk x
				WHERE x.block = e.event_id >> 11 AND x.first <= e.message_id)
			AND (c.ids IS NULL OR instr(c.ids, char(10) || e.message_id || char(10)))) AS in_chunk,
	e.event_id <= coalesce((SELECT floor FROM dedup_level WHERE level = 0), 0)
		AND NOT instr(e.message_id, 'erased') AS hashed
FROM event e WHERE e.event_id > :after ORDER BY e.event_id LIMIT :max;

-- Spans that overlap the next one of their site.
-- name: verify_overlaps
-- out: site_id int, first_event_id int, last_event_id int, next int
SELECT site_id, first_event_id, last_event_id, next
FROM (SELECT site_id, first_event_id, last_event_id, lead(first_event_id) OVER
		(PARTITION BY site_id ORDER BY first_event_id) AS next FROM span)
WHERE next <= last_event_id;

-- Spans whose attempt is not there, or ended without delivering.
-- name: verify_span_attempts
-- out: attempt_id int, first_event_id int, last_event_id int, outcome text?
SELECT r.attempt_id, r.first_event_id, r.last_event_id, a.outcome FROM span r
LEFT JOIN attempt a ON a.attempt_id = r.attempt_id
WHERE r.attempt_id IS NOT NULL
	AND (a.attempt_id IS NULL OR (a.outcome IS NOT NULL AND a.outcome <> 'delivered'));

-- name: verify_deliveries
-- out: event_id int
SELECT d.event_id FROM delivery d
WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.event_id = d.event_id);

-- name: verify_members
-- out: event_id int, attempt_id int
SELECT m.event_id, m.attempt_id FROM attempt_event m
WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.event_id = m.event_id)
	OR NOT EXISTS (SELECT 1 FROM attempt a WHERE a.attempt_id = m.attempt_id);

-- name: verify_counts
-- out: site_id int, status text, counted int, events int
SELECT site_id, status, sum(counted) AS counted, sum(events) AS events
FROM (SELECT site_id, status, events AS counted, 0 AS events FROM status_count
	UNION ALL
	SELECT site_id, status, 0, count(*) FROM state GROUP BY site_id, status)
GROUP BY site_id, status HAVING sum(counted) <> sum(events);

-- Our views that are not as their recorded text says; people may have added views of their own.
-- name: verify_views
-- out: name text
SELECT m.name FROM sqlite_master m, meta
WHERE m.type = 'view' AND meta.key = 'views'
	AND instr(meta.value, 'DROP VIEW IF EXISTS ' || m.name || ';') AND NOT instr(meta.value, m.sql);
