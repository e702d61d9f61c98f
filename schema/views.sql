-- The views that people read with sqlite3. A start of the daemon creates them again when this text has
-- changed, so they may change without a migration. Each time has two columns: X_at is ISO 8601 UTC with
-- milliseconds; X_ms is milliseconds since 1970, for comparisons, which can then use the index.

DROP VIEW IF EXISTS messages;
DROP VIEW IF EXISTS failures;
DROP VIEW IF EXISTS outbox;
DROP VIEW IF EXISTS attempts;
DROP VIEW IF EXISTS history;
DROP VIEW IF EXISTS operations;
DROP VIEW IF EXISTS sites;
DROP VIEW IF EXISTS counts;
DROP VIEW IF EXISTS status_count;
DROP VIEW IF EXISTS refusals;
DROP VIEW IF EXISTS boxes;
DROP VIEW IF EXISTS state;

-- For the program itself: the state of every event. The view has three parts: events with a row in
-- delivery, delivered events in spans, and pending events in spans. SQLite can run a query on each part
-- separately because of the following:
--   - The status in a span's part is a constant, so SQLite skips a part that the query excludes.
--   - CAST gives each column the same affinity in all parts. Otherwise SQLite would copy all events into
--     a temporary table.
--   - The subquery finds the span of an event, and the range finds the events of a span. The likelihoods
--     tell SQLite that a span is a small part of the file.
--   - Each span's part is bounded by an event_id: no delivered event is above it, no pending one below.
--     SQLite uses one lower and one upper bound of a range. With these likelihoods it prefers two bounds
--     of a query to these, as the portions of a list need it.
-- The column part has the number of the part, 0 to 2.
CREATE VIEW state AS
SELECT
	d.event_id,
	d.site_id,
	s.name AS site,
	e.message_id,
	e.kind,
	e.name,
	CAST(coalesce(d.email, e.email) AS TEXT) AS email,
	e.received_at,
	e.occurred_at,
	e.envelope_id,
	e.browser,
	e.provisional,
	e.body,
	d.status,
	d.reason,
	d.detail,
	d.settled_at,
	d.attempts,
	d.maybe_sent,
	d.last_attempt_id,
	d.next_attempt_at,
	d.max_batch,
	d.awaiting_since,
	d.user_id,
	d.anonymous_id,
	d.operation_id,
	CAST(NULL AS INTEGER) AS span_attempt_id,
	CAST(0 AS INTEGER) AS part,
	s.next_attempt_at AS site_next_attempt_at,
	a.outcome,
	a.finished_at,
	a.http_status,
	a.error
FROM delivery d
JOIN event e ON e.event_id = d.event_id
LEFT JOIN site s ON s.site_id = d.site_id
LEFT JOIN attempt a ON a.attempt_id = d.last_attempt_id
UNION ALL
SELECT
	e.event_id,
	e.site_id,
	s.name,
	e.message_id,
	e.kind,
	e.name,
	CAST(e.email AS TEXT),
	e.received_at,
	e.occurred_at,
	e.envelope_id,
	e.browser,
	e.provisional,
	e.body,
	CAST('delivered' AS TEXT),
	CAST(NULL AS TEXT),
	CAST(NULL AS TEXT),
	a.finished_at,
	CAST(1 AS INTEGER),
	CAST(0 AS INTEGER),
	a.attempt_id,
	CAST(0 AS INTEGER),
	CAST(NULL AS INTEGER),
	CAST(NULL AS INTEGER),
	CAST(NULL AS TEXT),
	CAST(NULL AS TEXT),
	CAST(NULL AS INTEGER),
	r.attempt_id,
	CAST(1 AS INTEGER),
	s.next_attempt_at,
	a.outcome,
	a.finished_at,
	a.http_status,
	a.error
FROM event e
JOIN span r ON r.site_id = e.site_id
	AND r.first_event_id = (SELECT max(x.first_event_id) FROM span x
		WHERE x.site_id = e.site_id AND x.first_event_id <= e.event_id)
	AND likelihood(e.event_id >= r.first_event_id, 0.01)
	AND likelihood(e.event_id <= r.last_event_id, 0.01)
JOIN attempt a ON a.attempt_id = r.attempt_id AND a.outcome = 'delivered'
LEFT JOIN site s ON s.site_id = e.site_id
WHERE likelihood(e.event_id <= (SELECT max(last_event_id) FROM span
		WHERE attempt_id IS NOT NULL), 0.14)
	AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.event_id)
UNION ALL
SELECT
	e.event_id,
	e.site_id,
	s.name,
	e.message_id,
	e.kind,
	e.name,
	CAST(e.email AS TEXT),
	e.received_at,
	e.occurred_at,
	e.envelope_id,
	e.browser,
	e.provisional,
	e.body,
	CAST('pending' AS TEXT),
	CAST(NULL AS TEXT),
	CAST(NULL AS TEXT),
	CAST(NULL AS INTEGER),
	CAST(0 AS INTEGER),
	CAST(0 AS INTEGER),
	CAST(NULL AS INTEGER),
	CAST(0 AS INTEGER),
	CAST(NULL AS INTEGER),
	CAST(NULL AS INTEGER),
	CAST(NULL AS TEXT),
	CAST(NULL AS TEXT),
	CAST(NULL AS INTEGER),
	r.attempt_id,
	CAST(2 AS INTEGER),
	s.next_attempt_at,
	CAST(NULL AS TEXT),
	CAST(NULL AS INTEGER),
	CAST(NULL AS INTEGER),
	CAST(NULL AS TEXT)
FROM event e
CROSS JOIN span r ON r.site_id = e.site_id
	AND r.first_event_id = (SELECT max(x.first_event_id) FROM span x
		WHERE x.site_id = e.site_id AND x.first_event_id <= e.event_id)
	AND r.last_event_id >= e.event_id
LEFT JOIN attempt a ON a.attempt_id = r.attempt_id
LEFT JOIN site s ON s.site_id = e.site_id
WHERE a.outcome IS NULL
	AND likelihood(e.event_id >= (SELECT min(first_event_id) FROM (
		SELECT first_event_id FROM span WHERE attempt_id IS NULL
		UNION ALL
		SELECT first_event_id FROM attempt WHERE outcome IS NULL)), 0.14)
	AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.event_id);

CREATE VIEW outbox AS
SELECT
	event_id,
	site,
	message_id,
	kind,
	name,
	email,
	status,
	reason,
	attempts,
	strftime('%Y-%m-%dT%H:%M:%fZ', received_at / 1000.0, 'unixepoch') AS received_at,
	received_at AS received_ms,
	strftime('%Y-%m-%dT%H:%M:%fZ', occurred_at / 1000.0, 'unixepoch') AS occurred_at,
	occurred_at AS occurred_ms,
	CASE WHEN status = 'pending' AND awaiting_since IS NULL
			AND max(next_attempt_at, site_next_attempt_at) > 0
		THEN strftime('%Y-%m-%dT%H:%M:%fZ',
			max(next_attempt_at, site_next_attempt_at) / 1000.0, 'unixepoch')
		END AS next_attempt_at,
	CASE WHEN status = 'pending' AND awaiting_since IS NULL
		THEN nullif(max(next_attempt_at, site_next_attempt_at), 0)
		END AS next_attempt_ms,
	strftime('%Y-%m-%dT%H:%M:%fZ', settled_at / 1000.0, 'unixepoch') AS settled_at,
	settled_at AS settled_ms,
	http_status,
	coalesce(error, detail) AS error,
	maybe_sent,
	(SELECT b.name FROM via v JOIN box b ON b.box_id = v.box_id
		WHERE v.first_event_id = (SELECT max(x.first_event_id) FROM via x
				WHERE x.first_event_id <= state.event_id)
			AND v.last_event_id >= state.event_id) AS via,
	body
FROM state;

-- Finds events by `message_id = ...` without reading every event. In each complete block it reads the
-- one row of message_chunk that may contain the messageId, and the block's events only if it does;
-- then it reads the events of the newest block.
CREATE VIEW messages AS
WITH RECURSIVE block (n) AS (
	SELECT min(block) FROM message_chunk
	UNION ALL
	SELECT (SELECT min(c.block) FROM message_chunk c WHERE c.block > n) FROM block
	WHERE n IS NOT NULL
),
found (event_id, message_id) AS (
	SELECT e.event_id, e.message_id
	FROM block
	CROSS JOIN message_chunk c
	CROSS JOIN event e NOT INDEXED
	WHERE c.block = n
		AND c.first = (SELECT max(x.first) FROM message_chunk x
			WHERE x.block = n AND x.first <= e.message_id)
		AND (c.ids IS NULL OR instr(c.ids, char(10) || e.message_id || char(10)))
		AND e.event_id BETWEEN n << 11 AND (n << 11) + 2047
	UNION ALL
	SELECT event_id, message_id FROM event
	WHERE event_id >= (SELECT coalesce(max(block) + 1, 0) << 11 FROM message_chunk)
)
SELECT message_id, event_id FROM found;

CREATE VIEW failures AS
SELECT * FROM outbox WHERE status = 'failed' OR status = 'invalid';

CREATE VIEW attempts AS
SELECT
	a.attempt_id,
	s.name AS site,
	strftime('%Y-%m-%dT%H:%M:%fZ', a.started_at / 1000.0, 'unixepoch') AS started_at,
	a.started_at AS started_ms,
	strftime('%Y-%m-%dT%H:%M:%fZ', a.finished_at / 1000.0, 'unixepoch') AS finished_at,
	a.finished_at AS finished_ms,
	a.duration_ms,
	a.events,
	a.bytes,
	a.http_status,
	a.outcome,
	a.error,
	a.response,
	a.endpoint,
	a.sent_bytes
FROM attempt a
LEFT JOIN site s ON s.site_id = a.site_id;

CREATE VIEW history AS
SELECT
	m.event_id,
	e.message_id,
	a.attempt_id,
	strftime('%Y-%m-%dT%H:%M:%fZ', a.started_at / 1000.0, 'unixepoch') AS started_at,
	a.started_at AS started_ms,
	strftime('%Y-%m-%dT%H:%M:%fZ', a.finished_at / 1000.0, 'unixepoch') AS finished_at,
	a.finished_at AS finished_ms,
	a.outcome,
	a.http_status,
	a.error,
	a.endpoint
FROM attempt_event m
JOIN attempt a ON a.attempt_id = m.attempt_id
JOIN event e ON e.event_id = m.event_id
UNION ALL
SELECT
	e.event_id,
	e.message_id,
	a.attempt_id,
	strftime('%Y-%m-%dT%H:%M:%fZ', a.started_at / 1000.0, 'unixepoch'),
	a.started_at,
	strftime('%Y-%m-%dT%H:%M:%fZ', a.finished_at / 1000.0, 'unixepoch'),
	a.finished_at,
	a.outcome,
	a.http_status,
	a.error,
	a.endpoint
FROM event e
JOIN span r ON r.site_id = e.site_id
	AND r.first_event_id = (SELECT max(x.first_event_id) FROM span x
		WHERE x.site_id = e.site_id AND x.first_event_id <= e.event_id)
	AND likelihood(e.event_id >= r.first_event_id, 0.01)
	AND likelihood(e.event_id <= r.last_event_id, 0.01)
JOIN attempt a ON a.attempt_id = r.attempt_id
WHERE NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.event_id);

CREATE VIEW operations AS
SELECT
	operation_id,
	strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch') AS at,
	at AS at_ms,
	actor,
	verb,
	filter,
	note,
	events,
	undone_by
FROM operation;

CREATE VIEW sites AS
SELECT
	name AS site,
	iif(pause_at IS NOT NULL, 'paused', mode) AS state,
	reason,
	failures,
	CASE WHEN next_attempt_at > 0
		THEN strftime('%Y-%m-%dT%H:%M:%fZ', next_attempt_at / 1000.0, 'unixepoch')
		END AS next_attempt_at,
	nullif(next_attempt_at, 0) AS next_attempt_ms,
	strftime('%Y-%m-%dT%H:%M:%fZ', pause_at / 1000.0, 'unixepoch') AS paused_at,
	pause_at AS paused_ms,
	pause_by AS paused_by,
	pause_note AS note
FROM site;

-- For the program itself: site_count with the events that are not counted yet, of which there are few.
CREATE VIEW status_count AS
SELECT site_id, status, sum(events) AS events
FROM (
	SELECT site_id, status, events FROM site_count
	UNION ALL
	SELECT e.site_id, 'pending', 1 FROM event e
	WHERE e.event_id > (SELECT value FROM meta WHERE key = 'counted_to')
		AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.event_id)
)
GROUP BY site_id, status;

CREATE VIEW counts AS
SELECT s.name AS site, c.status, c.events
FROM status_count c
JOIN site s ON s.site_id = c.site_id
WHERE c.events > 0;

-- The boxes that forward to this spooler, as each described itself in its last request.
CREATE VIEW boxes AS
SELECT
	s.name AS site,
	b.name AS box,
	strftime('%Y-%m-%dT%H:%M:%fZ', b.last_seen_at / 1000.0, 'unixepoch') AS last_seen_at,
	b.last_seen_at AS last_seen_ms,
	b.version,
	b.backlog,
	strftime('%Y-%m-%dT%H:%M:%fZ', b.oldest_at / 1000.0, 'unixepoch') AS oldest_at,
	b.oldest_at AS oldest_ms,
	b.events,
	b.duplicates,
	b.bytes,
	b.body_bytes,
	strftime('%Y-%m-%dT%H:%M:%fZ', b.first_seen_at / 1000.0, 'unixepoch') AS first_seen_at,
	b.first_seen_at AS first_seen_ms
FROM box b
JOIN site s ON s.site_id = b.site_id;

-- Refused requests to ingest by day and reason, for 30 days.
CREATE VIEW refusals AS
SELECT date(portion_at / 1000, 'unixepoch') AS day, outcome AS reason, sum(requests) AS requests
FROM request_count
WHERE outcome <> 'accepted' AND outcome <> 'message_id_reused'
GROUP BY day, reason;
