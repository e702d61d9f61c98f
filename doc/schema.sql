CREATE TABLE meta (
	key TEXT PRIMARY KEY,
	value ANY
) STRICT, WITHOUT ROWID;

CREATE TABLE site (
	site_id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	mode TEXT NOT NULL DEFAULT 'ready'
		CHECK (mode = 'ready' OR mode = 'backoff' OR mode = 'paused'),
	reason TEXT,
	next_attempt_at INTEGER NOT NULL DEFAULT 0,
	failures INTEGER NOT NULL DEFAULT 0,
	pause_at INTEGER,
	pause_by TEXT,
	pause_note TEXT,
	byte_limit INTEGER,
	refused INTEGER NOT NULL DEFAULT 0,
	identities INTEGER NOT NULL DEFAULT 0,
	delivered INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE envelope (
	envelope_id INTEGER PRIMARY KEY AUTOINCREMENT,
	context TEXT,
	integrations TEXT,
	sent_at TEXT,
	events INTEGER NOT NULL DEFAULT 0,
	payloads INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE event (
	event_id INTEGER PRIMARY KEY AUTOINCREMENT,
	site_id INTEGER NOT NULL,
	message_id TEXT NOT NULL,
	kind TEXT NOT NULL CHECK (kind = 'track' OR kind = 'identify' OR kind = 'page' OR kind = 'screen'
		OR kind = 'group' OR kind = 'alias' OR kind = 'delete' OR kind = 'bento'
		OR kind = 'subscriber' OR kind = 'unknown'),
	name TEXT,
	email TEXT,
	occurred_at INTEGER NOT NULL,
	received_at INTEGER NOT NULL,
	envelope_id INTEGER,
	browser INTEGER NOT NULL DEFAULT 0 CHECK (browser = 0 OR browser = 1),
	provisional INTEGER CHECK (provisional = 1 OR provisional = 2),
	body TEXT
) STRICT;

CREATE INDEX event_provisional ON event (event_id) WHERE provisional IS NOT NULL;

CREATE TABLE message_chunk (
	block INTEGER NOT NULL,
	first TEXT NOT NULL,
	ids TEXT,
	PRIMARY KEY (block, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery (
	event_id INTEGER PRIMARY KEY,
	site_id INTEGER NOT NULL,
	status TEXT NOT NULL CHECK (status = 'pending' OR status = 'delivered' OR status = 'failed'
		OR status = 'unsupported' OR status = 'invalid' OR status = 'held'
		OR status = 'discarded'),
	reason TEXT,
	detail TEXT,
	settled_at INTEGER,
	attempts INTEGER NOT NULL DEFAULT 0,
	maybe_sent INTEGER NOT NULL DEFAULT 0,
	last_attempt_id INTEGER,
	next_attempt_at INTEGER NOT NULL DEFAULT 0 CHECK (next_attempt_at >= 0),
	max_batch INTEGER,
	awaiting_since INTEGER,
	user_id TEXT,
	anonymous_id TEXT,
	email TEXT,
	operation_id INTEGER,
	payload_gone INTEGER NOT NULL DEFAULT 0 CHECK (payload_gone = 0 OR payload_gone = 1),
	message_key INTEGER NOT NULL
) STRICT;

CREATE INDEX delivery_due ON delivery (site_id, awaiting_since, next_attempt_at, event_id)
	WHERE status = 'pending';

CREATE INDEX delivery_awaits_user ON delivery (site_id, user_id, event_id)
	WHERE status = 'pending' AND awaiting_since IS NOT NULL AND user_id IS NOT NULL;

CREATE INDEX delivery_awaits_anonymous ON delivery (site_id, anonymous_id, event_id)
	WHERE status = 'pending' AND awaiting_since IS NOT NULL AND anonymous_id IS NOT NULL;

CREATE INDEX delivery_trouble ON delivery (status, event_id)
	WHERE status = 'failed' OR status = 'invalid' OR status = 'held';

CREATE INDEX delivery_aside ON delivery (status, event_id)
	WHERE status = 'unsupported' OR status = 'discarded';

CREATE INDEX delivery_maybe_sent ON delivery (event_id) WHERE maybe_sent > 0;

CREATE INDEX delivery_settled ON delivery (settled_at) WHERE settled_at IS NOT NULL;

CREATE TABLE dedup_bucket (
	bucket_id INTEGER PRIMARY KEY,
	entries BLOB NOT NULL
) STRICT;

CREATE TABLE dedup_level (
	level INTEGER PRIMARY KEY,
	entries INTEGER NOT NULL,
	hand INTEGER NOT NULL,
	began_at INTEGER NOT NULL DEFAULT 0,
	floor INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE mapping (
	mapping_id INTEGER PRIMARY KEY,
	settings TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE attempt (
	attempt_id INTEGER PRIMARY KEY AUTOINCREMENT,
	site_id INTEGER NOT NULL,
	mapping_id INTEGER NOT NULL,
	endpoint TEXT NOT NULL DEFAULT 'events'
		CHECK (endpoint = 'events' OR endpoint = 'subscribers' OR endpoint = 'commands'),
	started_at INTEGER NOT NULL,
	finished_at INTEGER,
	duration_ms INTEGER,
	events INTEGER NOT NULL,
	first_event_id INTEGER NOT NULL,
	last_event_id INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	outcome TEXT CHECK (outcome = 'delivered' OR outcome = 'partial' OR outcome = 'refused'
		OR outcome = 'retry' OR outcome = 'not_sent' OR outcome = 'unknown'),
	http_status INTEGER,
	error TEXT,
	response TEXT
) STRICT;

CREATE INDEX attempt_site ON attempt (site_id);

CREATE INDEX attempt_started ON attempt (started_at);

CREATE INDEX attempt_unclear ON attempt (attempt_id) WHERE outcome IS NULL OR outcome = 'unknown';

CREATE TABLE attempt_event (
	event_id INTEGER NOT NULL,
	attempt_id INTEGER NOT NULL,
	PRIMARY KEY (event_id, attempt_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE operation (
	operation_id INTEGER PRIMARY KEY AUTOINCREMENT,
	at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	verb TEXT NOT NULL,
	filter TEXT NOT NULL,
	note TEXT,
	events INTEGER NOT NULL DEFAULT 0,
	undoes INTEGER,
	undone_by INTEGER
) STRICT;

CREATE TABLE operation_event (
	operation_id INTEGER NOT NULL,
	event_id INTEGER NOT NULL,
	status TEXT NOT NULL CHECK (status = 'pending' OR status = 'delivered' OR status = 'failed'
		OR status = 'unsupported' OR status = 'invalid' OR status = 'held'
		OR status = 'discarded'),
	reason TEXT,
	detail TEXT,
	settled_at INTEGER,
	attempts INTEGER NOT NULL,
	next_attempt_at INTEGER NOT NULL,
	max_batch INTEGER,
	operation_before INTEGER,
	attempts_left INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (operation_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE identity (
	identity_id INTEGER PRIMARY KEY,
	site_id INTEGER NOT NULL,
	kind TEXT NOT NULL CHECK (kind = 'user' OR kind = 'anonymous' OR kind = 'device'),
	id TEXT NOT NULL,
	since INTEGER NOT NULL DEFAULT 0,
	since_event INTEGER NOT NULL DEFAULT 0,
	user_id TEXT,
	said_at INTEGER,
	email TEXT,
	identified_at INTEGER,
	taught INTEGER NOT NULL,
	UNIQUE (site_id, kind, id, since, since_event)
) STRICT;

CREATE INDEX identity_of_user ON identity (site_id, user_id, kind, id) WHERE user_id IS NOT NULL;

CREATE INDEX identity_taught ON identity (site_id, taught);

CREATE TABLE identity_release (
	site_id INTEGER NOT NULL,
	kind TEXT NOT NULL CHECK (kind = 'user' OR kind = 'anonymous'),
	id TEXT NOT NULL,
	email TEXT NOT NULL,
	after_event INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (site_id, kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE erasure (
	event_id INTEGER PRIMARY KEY,
	email TEXT NOT NULL
) STRICT;

CREATE TABLE request_count (
	portion_at INTEGER NOT NULL,
	outcome TEXT NOT NULL,
	requests INTEGER NOT NULL CHECK (requests > 0),
	PRIMARY KEY (portion_at, outcome)
) STRICT, WITHOUT ROWID;

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

CREATE VIEW refusals AS
SELECT date(portion_at / 1000, 'unixepoch') AS day, outcome AS reason, sum(requests) AS requests
FROM request_count
WHERE outcome <> 'accepted' AND outcome <> 'message_id_reused'
GROUP BY day, reason;
