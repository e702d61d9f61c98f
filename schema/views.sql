-- What people read with sqlite3: created again at each start of the daemon, so they may change without
-- a migration. A time is there twice: X_at is ISO 8601 UTC with milliseconds, X_ms is milliseconds since
-- 1970, for comparisons: these find the index of the time.

DROP VIEW IF EXISTS messages;
DROP VIEW IF EXISTS failures;
DROP VIEW IF EXISTS outbox;
DROP VIEW IF EXISTS attempts;
DROP VIEW IF EXISTS history;
DROP VIEW IF EXISTS operations;
DROP VIEW IF EXISTS sites;

CREATE VIEW outbox AS
SELECT
	d.event_id,
	s.name AS site,
	e.message_id,
	e.kind,
	e.name,
	coalesce(d.email, e.email) AS email,
	d.status,
	d.reason,
	d.attempts,
	strftime('%Y-%m-%dT%H:%M:%fZ', e.received_at / 1000.0, 'unixepoch') AS received_at,
	e.received_at AS received_ms,
	strftime('%Y-%m-%dT%H:%M:%fZ', e.occurred_at / 1000.0, 'unixepoch') AS occurred_at,
	e.occurred_at AS occurred_ms,
	CASE WHEN d.status = 'pending' AND d.awaiting_since IS NULL
			AND max(d.next_attempt_at, s.next_attempt_at) > 0
		THEN strftime('%Y-%m-%dT%H:%M:%fZ',
			max(d.next_attempt_at, s.next_attempt_at) / 1000.0, 'unixepoch')
		END AS next_attempt_at,
	CASE WHEN d.status = 'pending' AND d.awaiting_since IS NULL
		THEN nullif(max(d.next_attempt_at, s.next_attempt_at), 0)
		END AS next_attempt_ms,
	strftime('%Y-%m-%dT%H:%M:%fZ', d.settled_at / 1000.0, 'unixepoch') AS settled_at,
	d.settled_at AS settled_ms,
	a.http_status,
	coalesce(a.error, d.detail) AS error,
	d.maybe_sent,
	e.body
FROM delivery d
JOIN event e ON e.event_id = d.event_id
LEFT JOIN site s ON s.site_id = d.site_id
LEFT JOIN attempt a ON a.attempt_id = d.last_attempt_id;

-- Like outbox, but finds events by `message_id = ...` without reading every event. In each complete
-- block it reads the one row of message_chunk that may contain the messageId, and the block's
-- events only if it does; then it reads the events of the newest block.
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
SELECT
	o.event_id,
	o.site,
	f.message_id,
	o.kind,
	o.name,
	o.email,
	o.status,
	o.reason,
	o.attempts,
	o.received_at,
	o.received_ms,
	o.occurred_at,
	o.occurred_ms,
	o.next_attempt_at,
	o.next_attempt_ms,
	o.settled_at,
	o.settled_ms,
	o.http_status,
	o.error,
	o.maybe_sent,
	o.body
FROM found f
CROSS JOIN outbox o ON o.event_id = f.event_id;

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
	a.endpoint
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
JOIN event e ON e.event_id = m.event_id;

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

-- Refused requests to ingest by day and reason, for 30 days.
CREATE VIEW refusals AS
SELECT date(portion_at / 1000, 'unixepoch') AS day, outcome AS reason, sum(requests) AS requests
FROM request_count
WHERE outcome <> 'accepted' AND outcome <> 'message_id_reused'
GROUP BY day, reason;
