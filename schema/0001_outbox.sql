-- The outbox. `event` has what arrived, `attempt` what was sent. An event on the normal way (received,
-- sent once, delivered) is written once: a `span` of ids says which attempt took it. Every other event
-- has a row in `delivery` with its present state. The other tables have the state of the sites,
-- statements about ids, and the operations of operators. People read the views (views.sql), not these
-- tables; the view `state` combines spans and delivery.
--
-- Times are milliseconds since 1970 UTC. An address, a userId or a messageId is stored as it came.
-- Conditions are chains of OR, not IN (...): for IN SQLite builds a table each time a statement runs.

-- Single values: the clocks (write/clocks.h), the text of the views, the secret key of the hashes of
-- messageIds and addresses, and
--   forgotten_at       the latest received_at of an event that retention has removed
--   counted_to         site_count has the events up to this one
--   purged_to          the highest id of an event that retention has removed
--   purged_attempt_to  the highest id of an attempt that retention has removed
CREATE TABLE meta (
	key TEXT PRIMARY KEY,
	value ANY
) STRICT, WITHOUT ROWID;

INSERT INTO meta (key, value) VALUES ('counted_to', 0), ('purged_to', 0), ('purged_attempt_to', 0),
	('forgotten_at', -1);

-- Periods in which the wall clock did not jump, a few (src/dispatch/age.h). In such a period the wall
-- clock shows the proven time, which began with `start`, plus `shift`.
CREATE TABLE clock_period (
	period INTEGER PRIMARY KEY,
	start INTEGER NOT NULL,
	shift INTEGER NOT NULL,
	absence INTEGER NOT NULL -- ms before it that may turn out to have passed
) STRICT;

-- ---- sites -----------------------------------------------------------------------------------------

-- One row for each site of the configuration, with its state.
CREATE TABLE site (
	site_id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	mode TEXT NOT NULL DEFAULT 'ready'
		CHECK (mode = 'ready' OR mode = 'backoff' OR mode = 'paused'),
	reason TEXT, -- why it is not ready
	next_attempt_at INTEGER NOT NULL DEFAULT 0, -- when Bento is tried again; 0: now
	failures INTEGER NOT NULL DEFAULT 0, -- failures in a row
	-- Since when it is not ready. Only an answer of Bento ends this, not a restart.
	unready_since INTEGER NOT NULL DEFAULT 0 CHECK (unready_since >= 0), -- 0: its last attempt ended well
	-- Set by an operator's pause: nothing is sent while pause_at is set.
	pause_at INTEGER,
	pause_by TEXT,
	pause_note TEXT,
	-- Learned from Bento's answers, and kept for the next start.
	byte_limit INTEGER, -- the largest body that Bento accepts; NULL: no limit below batch_bytes is known
	refused INTEGER NOT NULL DEFAULT 0, -- single events refused in a row
	identities INTEGER NOT NULL DEFAULT 0 -- rows of identity
) STRICT;

-- The number of a site's events by status, updated in the transactions that change the events. Events
-- that arrive on the normal way are counted some hundred at a time: those after meta's counted_to are
-- not in it yet. The view status_count adds them.
CREATE TABLE site_count (
	site_id INTEGER NOT NULL,
	status TEXT NOT NULL,
	events INTEGER NOT NULL,
	PRIMARY KEY (site_id, status)
) STRICT, WITHOUT ROWID;

-- ---- events ----------------------------------------------------------------------------------------

-- The values of a batch that its events share, stored once.
CREATE TABLE envelope (
	envelope_id INTEGER PRIMARY KEY, -- the id of the first event that uses it
	context TEXT,
	integrations TEXT,
	sent_at TEXT,
	events INTEGER NOT NULL DEFAULT 0, -- number of events that use it; at 0 it is removed
	payloads INTEGER NOT NULL DEFAULT 0, -- number of those that still have their body
	checksum INTEGER NOT NULL DEFAULT 0 -- of the id and the texts (file/checksum.h)
) STRICT;

-- What arrived. The rows are wide, so each is written once; only retention and erasure change it.
CREATE TABLE event (
	event_id INTEGER PRIMARY KEY, -- given by the writer, in order of arrival, and never twice
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
	-- The request had an Origin header, so anybody who sees the page could have written the
	-- event.
	browser INTEGER NOT NULL DEFAULT 0 CHECK (browser = 0 OR browser = 1),
	-- It came while the machine's clock was not set (src/daemon/clocks.h). 1: received_at and
	-- occurred_at have to be corrected; 2: received_at alone. NULL: its times are final.
	provisional INTEGER CHECK (provisional = 1 OR provisional = 2),
	body TEXT,
	-- Of all other columns (file/checksum.h). A row with a wrong one was changed by the disk, or by
	-- another program.
	checksum INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX event_provisional ON event (event_id) WHERE provisional IS NOT NULL;

-- The messageIds of complete blocks of 2,048 events, sorted, about 32 in a row. The view messages
-- uses them to find events in the sqlite3 shell; an index over messageIds would cost three times as
-- much (write/message_blocks.h).
CREATE TABLE message_chunk (
	block INTEGER NOT NULL, -- event_id >> 11, the number of the block
	first TEXT NOT NULL, -- the first messageId of the row
	ids TEXT -- all messageIds of the row, each between line ends; NULL: too long to be stored here
) STRICT;

-- Not the table's own key, so that the view reads no wide rows on its way to one of them.
CREATE UNIQUE INDEX message_chunk_first ON message_chunk (block, first);

-- What a question needs to know about complete blocks of 2,048 events, so that it reads no more of them
-- than it is about (write/event_block.h). The newest block has no row until it is complete.
CREATE TABLE event_block (
	block INTEGER PRIMARY KEY, -- event_id >> 11
	first_received_at INTEGER NOT NULL, -- the earliest received_at of its events
	last_received_at INTEGER NOT NULL, -- the latest
	events INTEGER NOT NULL, -- number of events
	counted INTEGER NOT NULL CHECK (counted = 0 OR counted = 1) -- 0: too many names to be counted
) STRICT;

-- The events of a block by site, kind and name.
CREATE TABLE event_block_count (
	block INTEGER NOT NULL,
	site_id INTEGER NOT NULL,
	kind TEXT NOT NULL,
	name TEXT NOT NULL, -- '': none
	events INTEGER NOT NULL,
	PRIMARY KEY (block, site_id, kind, name)
) STRICT, WITHOUT ROWID;

-- Keyed hashes of the addresses of a block's events, sorted, in eight rows by their highest bits. The rows
-- that a search for an address reads are neighbors.
CREATE TABLE event_address (
	part INTEGER PRIMARY KEY, -- the highest three bits of the hashes, above 40 bits that number the block
	entries BLOB NOT NULL -- four bytes each: 21 bits of the hash, 11 bits of the event_id
) STRICT;

-- The present state of each event that has left the normal way: the event is delayed, held or failed,
-- waits for its address, was in a failed attempt, or was changed by an operator. The rows are narrow,
-- because they are written often.
CREATE TABLE delivery (
	event_id INTEGER PRIMARY KEY,
	site_id INTEGER NOT NULL,
	status TEXT NOT NULL CHECK (status = 'pending' OR status = 'delivered' OR status = 'failed'
		OR status = 'unsupported' OR status = 'invalid' OR status = 'held'
		OR status = 'discarded'),
	reason TEXT,
	detail TEXT, -- a sentence that explains the reason when no attempt does
	settled_at INTEGER, -- when the event left the status pending
	attempts INTEGER NOT NULL DEFAULT 0, -- attempts charged to the event
	maybe_sent INTEGER NOT NULL DEFAULT 0, -- requests that may have arrived without a confirmation
	last_attempt_id INTEGER,
	-- For a pending event. 0: due at once, in order of arrival.
	next_attempt_at INTEGER NOT NULL DEFAULT 0 CHECK (next_attempt_at >= 0),
	max_batch INTEGER, -- the largest batch that may carry it; NULL: any
	-- The time since when a pending event waits for its address; it is not due. NULL: it does
	-- not wait.
	awaiting_since INTEGER,
	user_id TEXT, -- its userId, when that may lead to its address
	anonymous_id TEXT, -- its anonymousId, when it has no userId
	email TEXT, -- the address that it goes to, when that is not the event's own
	operation_id INTEGER -- the last operation that changed it
) STRICT;

-- Finds due events, delayed events and events that wait for their address. Contains only pending
-- rows.
CREATE INDEX delivery_due ON delivery (site_id, awaiting_since, next_attempt_at, event_id)
	WHERE status = 'pending';
CREATE INDEX delivery_awaits_user ON delivery (site_id, user_id, event_id)
	WHERE status = 'pending' AND awaiting_since IS NOT NULL AND user_id IS NOT NULL;
CREATE INDEX delivery_awaits_anonymous ON delivery (site_id, anonymous_id, event_id)
	WHERE status = 'pending' AND awaiting_since IS NOT NULL AND anonymous_id IS NOT NULL;
-- For queries: events by status, events that may have reached Bento without a confirmation (few), and
-- events by the time of settling.
CREATE INDEX delivery_status ON delivery (status, event_id);
CREATE INDEX delivery_maybe_sent ON delivery (event_id) WHERE maybe_sent > 0;
CREATE INDEX delivery_settled ON delivery (settled_at) WHERE settled_at IS NOT NULL;
-- Addresses that came later than their events; the others are in event_address.
CREATE INDEX delivery_email ON delivery (email COLLATE NOCASE, event_id) WHERE email IS NOT NULL;

-- These triggers count the events that have a row in delivery; the writer itself counts the others
-- (write/spans.h), before any of them gets a row.
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

-- Keyed hashes of messageIds that have left the writer's memory, packed (dedup/levels.h).
CREATE TABLE dedup_bucket (
	bucket_id INTEGER PRIMARY KEY, -- the level, above 40 bits that number the bucket
	entries BLOB NOT NULL -- eight bytes each, sorted
) STRICT;

-- The same hashes of complete blocks of 2,048 events, for as long as some may be in the writer's memory
-- alone, so that a start does not read the events again.
CREATE TABLE dedup_recent (
	block INTEGER PRIMARY KEY, -- event_id >> 11
	entries BLOB NOT NULL -- eight bytes each: the hash above 11 bits of the event_id
) STRICT;

-- The state of each level of buckets. Level 0 is the writer's memory.
CREATE TABLE dedup_level (
	level INTEGER PRIMARY KEY,
	entries INTEGER NOT NULL,
	hand INTEGER NOT NULL, -- the next bucket to empty into the next level
	-- For level 0: the newest event when the hand began its present round. The levels have the
	-- buckets that the hand has passed up to this event.
	began_at INTEGER NOT NULL DEFAULT 0,
	floor INTEGER NOT NULL DEFAULT 0 -- the levels have all buckets up to this event
) STRICT;

-- ---- attempts --------------------------------------------------------------------------------------

-- The mapping options of attempts, so that what was sent can be shown again.
CREATE TABLE mapping (
	mapping_id INTEGER PRIMARY KEY,
	settings TEXT NOT NULL UNIQUE
) STRICT;

-- One row for each request to Bento, written before it goes out.
CREATE TABLE attempt (
	attempt_id INTEGER PRIMARY KEY, -- ascending, and never given twice
	site_id INTEGER NOT NULL,
	mapping_id INTEGER NOT NULL,
	endpoint TEXT NOT NULL DEFAULT 'events'
		CHECK (endpoint = 'events' OR endpoint = 'subscribers' OR endpoint = 'commands'
			OR endpoint = 'center'),
	started_at INTEGER NOT NULL,
	finished_at INTEGER,
	duration_ms INTEGER,
	events INTEGER NOT NULL, -- number of its events; their ids lie between the next two
	first_event_id INTEGER NOT NULL,
	last_event_id INTEGER NOT NULL,
	bytes INTEGER NOT NULL, -- size of the request's body
	sent_bytes INTEGER, -- size on the way, when the body was compressed; NULL: as bytes
	outcome TEXT CHECK (outcome = 'delivered' OR outcome = 'partial' OR outcome = 'refused'
		OR outcome = 'retry' OR outcome = 'not_sent' OR outcome = 'unknown'), -- NULL: in flight
	http_status INTEGER,
	error TEXT,
	response TEXT -- the first KiB of the answer
) STRICT;

CREATE INDEX attempt_site ON attempt (site_id);
CREATE INDEX attempt_started ON attempt (started_at);
CREATE INDEX attempt_finished ON attempt (finished_at) WHERE finished_at IS NOT NULL;
-- Attempts in flight, which a start looks for, and attempts whose outcome is unknown.
CREATE INDEX attempt_unclear ON attempt (attempt_id) WHERE outcome IS NULL OR outcome = 'unknown';

-- The events of attempts that have a row in delivery.
CREATE TABLE attempt_event (
	attempt_id INTEGER NOT NULL,
	event_id INTEGER NOT NULL,
	PRIMARY KEY (attempt_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX attempt_event_of_event ON attempt_event (event_id);

-- The events without a row in delivery, as ranges of ids. Each of them lies in one span of its site, and
-- the spans of a site do not overlap. The attempt of a span carries all of its events that have no row in
-- delivery; while a span has no attempt, they are due in order of arrival. When an attempt ends without
-- delivering, its spans are replaced by rows in delivery, so a span never changes its attempt.
-- The newest span of a site ends up to 32 ids after its newest event while no attempt has taken it, so
-- that the events that come next need not write it.
CREATE TABLE span (
	site_id INTEGER NOT NULL,
	first_event_id INTEGER NOT NULL,
	last_event_id INTEGER NOT NULL CHECK (last_event_id >= first_event_id),
	attempt_id INTEGER,
	PRIMARY KEY (site_id, first_event_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX span_due ON span (site_id, first_event_id) WHERE attempt_id IS NULL;
CREATE INDEX span_attempt ON span (attempt_id) WHERE attempt_id IS NOT NULL;
-- Finds the newest event that was sent: queries for delivered events start there.
CREATE INDEX span_sent ON span (last_event_id) WHERE attempt_id IS NOT NULL;

-- ---- operators -------------------------------------------------------------------------------------

-- The operations of operators.
CREATE TABLE operation (
	operation_id INTEGER PRIMARY KEY AUTOINCREMENT,
	at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	verb TEXT NOT NULL,
	filter TEXT NOT NULL, -- the selection of events: JSON
	note TEXT,
	events INTEGER NOT NULL DEFAULT 0, -- number of events changed
	undoes INTEGER, -- for an undo: the operation that it undoes
	undone_by INTEGER -- the undo that undid it
) STRICT;

-- The state of each event before an operation, so that an undo changes only events that are still
-- as the operation left them.
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
	operation_before INTEGER, -- the last operation that had changed it
	attempts_left INTEGER NOT NULL DEFAULT 0, -- the attempts that the event had after the operation
	PRIMARY KEY (operation_id, event_id)
) STRICT, WITHOUT ROWID;

-- ---- ids -------------------------------------------------------------------------------------------

-- Statements of calls about ids: IDENTITY in bentospool.conf(5). kind:
--   user       email: the address that an identify gave for this userId, at identified_at.
--              user_id: the userId that an alias replaced this one by, at said_at.
--   anonymous  email: the address that an identify without a userId gave for it.
--   device     user_id: the user of this anonymousId from (since, since_event) to the next such row
--              of it; said_at: the last call that said so.
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
	taught INTEGER NOT NULL, -- the last event that said so; rows with the lowest are removed first
	UNIQUE (site_id, kind, id, since, since_event)
) STRICT;

CREATE INDEX identity_of_user ON identity (site_id, user_id, kind, id) WHERE user_id IS NOT NULL;
CREATE INDEX identity_taught ON identity (site_id, taught);

-- Ids with more events waiting for their address than one transaction releases.
CREATE TABLE identity_release (
	site_id INTEGER NOT NULL,
	kind TEXT NOT NULL CHECK (kind = 'user' OR kind = 'anonymous'),
	id TEXT NOT NULL,
	email TEXT NOT NULL,
	after_event INTEGER NOT NULL DEFAULT 0, -- the events up to this one are done
	PRIMARY KEY (site_id, kind, id)
) STRICT, WITHOUT ROWID;

-- Persons whom delete calls named, until they are erased. Events after event_id are kept: the person
-- may have come back.
CREATE TABLE erasure (
	event_id INTEGER PRIMARY KEY,
	email TEXT NOT NULL
) STRICT;

-- ---- a fleet ---------------------------------------------------------------------------------------

-- The boxes that forward to a site, with what each said in its last request.
CREATE TABLE box (
	box_id INTEGER PRIMARY KEY,
	site_id INTEGER NOT NULL,
	name TEXT NOT NULL,
	first_seen_at INTEGER NOT NULL,
	last_seen_at INTEGER NOT NULL,
	version TEXT, -- of its bentospool
	backlog INTEGER, -- its pending events
	oldest_at INTEGER, -- when it received the oldest of them, on this clock; NULL: none is pending
	events INTEGER NOT NULL DEFAULT 0, -- events of this box that were stored
	duplicates INTEGER NOT NULL DEFAULT 0, -- events that it sent again
	bytes INTEGER NOT NULL DEFAULT 0, -- bytes of its bodies on the way
	body_bytes INTEGER NOT NULL DEFAULT 0, -- and decompressed
	-- Of events that retention has removed and whose receipt, as the box said, lay in this machine's
	-- future when they arrived: the earliest and the latest such receipt.
	forgotten_from INTEGER,
	forgotten_to INTEGER,
	UNIQUE (site_id, name)
) STRICT;

-- The events that came from a box, as ranges of ids: one row for each request that brought any. Their
-- received_at is the box's.
CREATE TABLE via (
	first_event_id INTEGER PRIMARY KEY,
	last_event_id INTEGER NOT NULL CHECK (last_event_id >= first_event_id),
	box_id INTEGER NOT NULL,
	arrived_at INTEGER NOT NULL, -- when this spooler received them, or the one whose events it imported
	-- The earliest and the latest receipt, as the box said, that lay in this machine's future then.
	claimed_from INTEGER,
	claimed_to INTEGER
) STRICT;

-- The requests of a box, in order.
CREATE INDEX via_box ON via (box_id);

-- ---- requests to ingest ----------------------------------------------------------------------------

-- Requests by outcome: "accepted", or the reason of a refusal. Counted in intervals of ten minutes
-- and kept for 30 days (write/requests.h).
CREATE TABLE request_count (
	portion_at INTEGER NOT NULL, -- start of the ten-minute interval
	outcome TEXT NOT NULL,
	requests INTEGER NOT NULL CHECK (requests > 0),
	PRIMARY KEY (portion_at, outcome)
) STRICT, WITHOUT ROWID;

-- ---- for SQLite's planner --------------------------------------------------------------------------

-- Table sizes and rows per index entry, as in a large file, so that query plans are the same for every
-- file. The program never runs ANALYZE over the data.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('site', NULL, '3'),
	('event', NULL, '10000000'),
	('event_block', NULL, '5000'),
	('event_block_count', 'event_block_count', '100000 20 10 5 1'),
	('event_address', NULL, '40000'),
	('delivery', 'delivery_status', '100000 20000 1'),
	('delivery', 'delivery_due', '1000 300 300 100 1'),
	('delivery', 'delivery_settled', '100000 2'),
	('delivery', 'delivery_maybe_sent', '100 1'),
	('delivery', 'delivery_email', '10000 3 1'),
	('attempt', 'attempt_site', '20000 5000'),
	('attempt', 'attempt_started', '20000 1'),
	('attempt', 'attempt_finished', '20000 1'),
	('attempt', 'attempt_unclear', '10 1'),
	('span', 'span', '20000 5000 1'),
	('span', 'span_due', '10 3 1'),
	('span', 'span_attempt', '20000 1'),
	('span', 'span_sent', '20000 1'),
	('via', 'via_box', '20000 1000');
ANALYZE sqlite_schema;
