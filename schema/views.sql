-- What people read with sqlite3: made anew at each start of the daemon, so they may change without
-- a migration. Times are ISO 8601 UTC with milliseconds.

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
	strftime('%Y-%m-%dT%H:%M:%fZ', e.occurred_at / 1000.0, 'unixepoch') AS occurred_at,
	CASE WHEN d.status = 'pending' AND d.next_attempt_at >= 0
			AND max(d.next_attempt_at, s.next_attempt_at) > 0
		THEN strftime('%Y-%m-%dT%H:%M:%fZ',
			max(d.next_attempt_at, s.next_attempt_at) / 1000.0, 'unixepoch')
		END AS next_attempt_at,
	strftime('%Y-%m-%dT%H:%M:%fZ', d.settled_at / 1000.0, 'unixepoch') AS settled_at,
	a.http_status,
	coalesce(a.error, d.detail) AS error,
	d.maybe_sent,
	e.body
FROM delivery d
JOIN event e ON e.event_id = d.event_id
LEFT JOIN site s ON s.site_id = d.site_id
LEFT JOIN attempt a ON a.attempt_id = d.last_attempt_id;

CREATE VIEW failures AS
SELECT * FROM outbox WHERE status = 'failed' OR status = 'invalid';

CREATE VIEW attempts AS
SELECT
	a.attempt_id,
	s.name AS site,
	strftime('%Y-%m-%dT%H:%M:%fZ', a.started_at / 1000.0, 'unixepoch') AS started_at,
	strftime('%Y-%m-%dT%H:%M:%fZ', a.finished_at / 1000.0, 'unixepoch') AS finished_at,
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
	strftime('%Y-%m-%dT%H:%M:%fZ', a.finished_at / 1000.0, 'unixepoch') AS finished_at,
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
	strftime('%Y-%m-%dT%H:%M:%fZ', pause_at / 1000.0, 'unixepoch') AS paused_at,
	pause_by AS paused_by,
	pause_note AS note
FROM site;
