CREATE TABLE meta (
	key TEXT PRIMARY KEY,
	value ANY
) STRICT, WITHOUT ROWID;

CREATE TABLE clock_period (
	period INTEGER PRIMARY KEY,
	start INTEGER NOT NULL,
	shift INTEGER NOT NULL,
	absence INTEGER NOT NULL
) STRICT;

CREATE TABLE site (
	site_id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	mode TEXT NOT NULL DEFAULT 'ready'
		CHECK (mode = 'ready' OR mode = 'backoff' OR mode = 'paused'),
	reason TEXT,
	next_attempt_at INTEGER NOT NULL DEFAULT 0,
	failures INTEGER NOT NULL DEFAULT 0,
	unready_since INTEGER NOT NULL DEFAULT 0 CHECK (unready_since >= 0),
	pause_at INTEGER,
	pause_by TEXT,
	pause_note TEXT,
	byte_limit INTEGER,
	refused INTEGER NOT NULL DEFAULT 0,
	identities INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE site_count (
	site_id INTEGER NOT NULL,
	status TEXT NOT NULL,
	events INTEGER NOT NULL,
	PRIMARY KEY (site_id, status)
) STRICT, WITHOUT ROWID;

CREATE TABLE envelope (
	envelope_id INTEGER PRIMARY KEY,
	context TEXT,
	integrations TEXT,
	sent_at TEXT,
	events INTEGER NOT NULL DEFAULT 0,
	payloads INTEGER NOT NULL DEFAULT 0,
	checksum INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE event (
	event_id INTEGER PRIMARY KEY,
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
	body TEXT,
	checksum INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX event_provisional ON event (event_id) WHERE provisional IS NOT NULL;

CREATE TABLE message_chunk (
	block INTEGER NOT NULL,
	first TEXT NOT NULL,
	ids TEXT
) STRICT;

CREATE UNIQUE INDEX message_chunk_first ON message_chunk (block, first);

CREATE TABLE event_block (
	block INTEGER PRIMARY KEY,
	first_received_at INTEGER NOT NULL,
	last_received_at INTEGER NOT NULL,
	events INTEGER NOT NULL,
	counted INTEGER NOT NULL CHECK (counted = 0 OR counted = 1)
) STRICT;

CREATE TABLE event_block_count (
	block INTEGER NOT NULL,
	site_id INTEGER NOT NULL,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	events INTEGER NOT NULL,
	PRIMARY KEY (block, site_id, kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_address (
	part INTEGER PRIMARY KEY,
	entries BLOB NOT NULL
) STRICT;

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
	operation_id INTEGER
) STRICT;

CREATE INDEX delivery_due ON delivery (site_id, awaiting_since, next_attempt_at, event_id)
	WHERE status = 'pending';

CREATE INDEX delivery_awaits_user ON delivery (site_id, user_id, event_id)
	WHERE status = 'pending' AND awaiting_since IS NOT NULL AND user_id IS NOT NULL;

CREATE INDEX delivery_awaits_anonymous ON delivery (site_id, anonymous_id, event_id)
	WHERE status = 'pending' AND awaiting_since IS NOT NULL AND anonymous_id IS NOT NULL;

CREATE INDEX delivery_status ON delivery (status, event_id);

CREATE INDEX delivery_maybe_sent ON delivery (event_id) WHERE maybe_sent > 0;

CREATE INDEX delivery_settled ON delivery (settled_at) WHERE settled_at IS NOT NULL;

CREATE INDEX delivery_email ON delivery (email COLLATE NOCASE, event_id) WHERE email IS NOT NULL;

CREATE TRIGGER delivery_added AFTER INSERT ON delivery BEGIN
	INSERT INTO site_count (site_id, status, events) VALUES (new.site_id, new.status, 1)
	ON CONFLICT (site_id, status) DO UPDATE SET events = events + 1;
END;

CREATE TRIGGER delivery_removed AFTER DELETE ON delivery BEGIN
	UPDATE site_count SET events = events - 1 WHERE site_id = old.site_id AND status = old.status;
END;

CREATE TRIGGER delivery_changed AFTER UPDATE OF status, site_id ON delivery
	WHEN new.status <> old.status OR new.site_id <> old.site_id BEGIN
	UPDATE site_count SET events = events - 1 WHERE site_id = old.site_id AND status = old.status;
	INSERT INTO site_count (site_id, status, events) VALUES (new.site_id, new.status, 1)
	ON CONFLICT (site_id, status) DO UPDATE SET events = events + 1;
END;

CREATE TABLE dedup_bucket (
	bucket_id INTEGER PRIMARY KEY,
	entries BLOB NOT NULL
) STRICT;

CREATE TABLE dedup_recent (
	block INTEGER PRIMARY KEY,
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
	attempt_id INTEGER PRIMARY KEY,
	site_id INTEGER NOT NULL,
	mapping_id INTEGER NOT NULL,
	endpoint TEXT NOT NULL DEFAULT 'events'
		CHECK (endpoint = 'events' OR endpoint = 'subscribers' OR endpoint = 'commands'
			OR endpoint = 'center'),
	started_at INTEGER NOT NULL,
	finished_at INTEGER,
	duration_ms INTEGER,
	events INTEGER NOT NULL,
	first_event_id INTEGER NOT NULL,
	last_event_id INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	sent_bytes INTEGER,
	outcome TEXT CHECK (outcome = 'delivered' OR outcome = 'partial' OR outcome = 'refused'
		OR outcome = 'retry' OR outcome = 'not_sent' OR outcome = 'unknown'),
	http_status INTEGER,
	error TEXT,
	response TEXT
) STRICT;

CREATE INDEX attempt_site ON attempt (site_id);

CREATE INDEX attempt_started ON attempt (started_at);

CREATE INDEX attempt_finished ON attempt (finished_at) WHERE finished_at IS NOT NULL;

CREATE INDEX attempt_unclear ON attempt (attempt_id) WHERE outcome IS NULL OR outcome = 'unknown';

CREATE TABLE attempt_event (
	attempt_id INTEGER NOT NULL,
	event_id INTEGER NOT NULL,
	PRIMARY KEY (attempt_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX attempt_event_of_event ON attempt_event (event_id);

CREATE TABLE span (
	site_id INTEGER NOT NULL,
	first_event_id INTEGER NOT NULL,
	last_event_id INTEGER NOT NULL CHECK (last_event_id >= first_event_id),
	attempt_id INTEGER,
	PRIMARY KEY (site_id, first_event_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX span_due ON span (site_id, first_event_id) WHERE attempt_id IS NULL;

CREATE INDEX span_attempt ON span (attempt_id) WHERE attempt_id IS NOT NULL;

CREATE INDEX span_sent ON span (last_event_id) WHERE attempt_id IS NOT NULL;

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

CREATE TABLE box (
	box_id INTEGER PRIMARY KEY,
	site_id INTEGER NOT NULL,
	name TEXT NOT NULL,
	first_seen_at INTEGER NOT NULL,
	last_seen_at INTEGER NOT NULL,
	version TEXT,
	backlog INTEGER,
	oldest_at INTEGER,
	events INTEGER NOT NULL DEFAULT 0,
	duplicates INTEGER NOT NULL DEFAULT 0,
	bytes INTEGER NOT NULL DEFAULT 0,
	body_bytes INTEGER NOT NULL DEFAULT 0,
	forgotten_from INTEGER,
	forgotten_to INTEGER,
	UNIQUE (site_id, name)
) STRICT;

CREATE TABLE via (
	first_event_id INTEGER PRIMARY KEY,
	last_event_id INTEGER NOT NULL CHECK (last_event_id >= first_event_id),
	box_id INTEGER NOT NULL,
	arrived_at INTEGER NOT NULL,
	claimed_from INTEGER,
	claimed_to INTEGER
) STRICT;

CREATE INDEX via_box ON via (box_id);

CREATE TABLE request_count (
	portion_at INTEGER NOT NULL,
	outcome TEXT NOT NULL,
	requests INTEGER NOT NULL CHECK (requests > 0),
	PRIMARY KEY (portion_at, outcome)
) STRICT, WITHOUT ROWID;

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

CREATE VIEW refusals AS
SELECT date(portion_at / 1000, 'unixepoch') AS day, outcome AS reason, sum(requests) AS requests
FROM request_count
WHERE outcome <> 'accepted' AND outcome <> 'message_id_reused'
GROUP BY day, reason;
