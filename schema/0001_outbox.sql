-- The outbox. Times are milliseconds since 1970 UTC; the views print them as ISO 8601.
-- Conditions are chains of OR and not IN (...), because for a list SQLite builds a table of its own
-- each time a statement runs.

CREATE TABLE meta (
	key TEXT PRIMARY KEY,
	value ANY
) STRICT, WITHOUT ROWID;

-- One row for each site of the configuration, and its present state.
CREATE TABLE site (
	site_id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	mode TEXT NOT NULL DEFAULT 'ready' CHECK (mode = 'ready' OR mode = 'backoff'
		OR mode = 'paused'),
	reason TEXT,
	next_attempt_at INTEGER NOT NULL DEFAULT 0,
	failures INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What a batch said for all its events, once.
CREATE TABLE envelope (
	envelope_id INTEGER PRIMARY KEY AUTOINCREMENT,
	context TEXT,
	integrations TEXT,
	sent_at TEXT
) STRICT;

-- What arrived. Immutable, but for the body, which retention may take away.
CREATE TABLE event (
	event_id INTEGER PRIMARY KEY AUTOINCREMENT,
	site_id INTEGER NOT NULL,
	message_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	name TEXT,
	email TEXT,
	occurred_at INTEGER NOT NULL,
	received_at INTEGER NOT NULL,
	envelope_id INTEGER,
	body TEXT
) STRICT;

-- Where each event stands. Narrow, because it is written again and again.
-- next_attempt_at: 0 is due at once, in order of arrival.
-- max_batch: the largest batch it may still travel in; NULL is any.
-- email: the address it is delivered to, when it is not the one that the event carried.
-- message_key: keyed hash of site and message_id, see src/outbox/write/dedup.h.
CREATE TABLE delivery (
	event_id INTEGER PRIMARY KEY,
	site_id INTEGER NOT NULL,
	status TEXT NOT NULL CHECK (status = 'pending' OR status = 'delivered' OR status = 'failed'
		OR status = 'unsupported' OR status = 'invalid' OR status = 'held'
		OR status = 'discarded'),
	reason TEXT,
	attempts INTEGER NOT NULL DEFAULT 0,
	maybe_sent INTEGER NOT NULL DEFAULT 0,
	next_attempt_at INTEGER NOT NULL DEFAULT 0,
	settled_at INTEGER,
	last_attempt_id INTEGER,
	max_batch INTEGER,
	email TEXT,
	message_key INTEGER NOT NULL
) STRICT;

-- Holds pending rows only, so it is as small as the backlog.
CREATE INDEX delivery_due ON delivery (site_id, next_attempt_at, event_id)
	WHERE status = 'pending';
-- What an operator looks for; none of these rows is written on the hot path.
CREATE INDEX delivery_trouble ON delivery (status, event_id)
	WHERE status = 'failed' OR status = 'invalid' OR status = 'held';

-- messageIds already seen, once they have left the memory of the writer: filled in sorted slices.
CREATE TABLE message_key (
	message_key INTEGER PRIMARY KEY,
	event_id INTEGER NOT NULL
) STRICT;

-- The settings that an attempt used, so that what was sent can be shown again.
CREATE TABLE mapping (
	mapping_id INTEGER PRIMARY KEY,
	settings TEXT NOT NULL UNIQUE
) STRICT;

-- One row for each request to Bento, written before it goes out.
CREATE TABLE attempt (
	attempt_id INTEGER PRIMARY KEY AUTOINCREMENT,
	site_id INTEGER NOT NULL,
	mapping_id INTEGER NOT NULL,
	started_at INTEGER NOT NULL,
	finished_at INTEGER,
	duration_ms INTEGER,
	events INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	first_event_id INTEGER NOT NULL,
	last_event_id INTEGER NOT NULL,
	http_status INTEGER,
	outcome TEXT CHECK (outcome = 'delivered' OR outcome = 'partial' OR outcome = 'refused'
		OR outcome = 'retry' OR outcome = 'not_sent' OR outcome = 'unknown'),
	error TEXT,
	response TEXT
) STRICT;

CREATE INDEX attempt_open ON attempt (attempt_id) WHERE outcome IS NULL;

-- Its members; those of one attempt lie between its first and last event_id.
CREATE TABLE attempt_event (
	event_id INTEGER NOT NULL,
	attempt_id INTEGER NOT NULL,
	PRIMARY KEY (event_id, attempt_id)
) STRICT, WITHOUT ROWID;

-- What operators did, and how each event stood before it.
CREATE TABLE operation (
	operation_id INTEGER PRIMARY KEY AUTOINCREMENT,
	at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	verb TEXT NOT NULL,
	filter TEXT NOT NULL,
	note TEXT,
	events INTEGER NOT NULL DEFAULT 0,
	undone_by INTEGER
) STRICT;

CREATE TABLE operation_event (
	operation_id INTEGER NOT NULL,
	event_id INTEGER NOT NULL,
	status TEXT NOT NULL,
	reason TEXT,
	attempts INTEGER NOT NULL,
	next_attempt_at INTEGER NOT NULL,
	settled_at INTEGER,
	max_batch INTEGER,
	PRIMARY KEY (operation_id, event_id)
) STRICT, WITHOUT ROWID;
