-- The outbox. What arrived is `event`, where it stands is `delivery`, what was sent is `attempt`; the
-- other tables say how a site stands, what is known of ids, and what operators did. People read the
-- views (views.sql), not these tables.
--
-- Times are milliseconds since 1970 UTC. An address, a userId or a messageId is text as it came.
-- Conditions are chains of OR and not IN (...), because for a list SQLite builds a table of its own
-- each time a statement runs.

-- Single values: the clocks (write/clocks.h), the text of the views, what finds duplicates.
CREATE TABLE meta (
	key TEXT PRIMARY KEY,
	value ANY
) STRICT, WITHOUT ROWID;

-- ---- sites -----------------------------------------------------------------------------------------

-- One row for each site of the configuration, and how it stands.
CREATE TABLE site (
	site_id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	mode TEXT NOT NULL DEFAULT 'ready'
		CHECK (mode = 'ready' OR mode = 'backoff' OR mode = 'paused'),
	reason TEXT, -- why it is not ready
	next_attempt_at INTEGER NOT NULL DEFAULT 0, -- when Bento is asked again; 0: now
	failures INTEGER NOT NULL DEFAULT 0, -- in a row
	-- Of the operator who paused it: nothing is sent while pause_at is set.
	pause_at INTEGER,
	pause_by TEXT,
	pause_note TEXT,
	-- What was learned about Bento and must not be learned again at each start.
	byte_limit INTEGER, -- the largest body it takes; NULL: none below batch_bytes is known
	refused INTEGER NOT NULL DEFAULT 0, -- single events refused in a row
	-- Counts of rows, kept in the transactions that change them.
	identities INTEGER NOT NULL DEFAULT 0, -- rows of identity
	delivered INTEGER NOT NULL DEFAULT 0 -- events that are delivered
) STRICT;

-- ---- events ----------------------------------------------------------------------------------------

-- What a batch said for all its events, once.
CREATE TABLE envelope (
	envelope_id INTEGER PRIMARY KEY AUTOINCREMENT,
	context TEXT,
	integrations TEXT,
	sent_at TEXT,
	events INTEGER NOT NULL DEFAULT 0, -- rows of event that name it; at 0 it goes
	payloads INTEGER NOT NULL DEFAULT 0 -- those of them that still have their body
) STRICT;

-- What arrived. Immutable, but for what retention and erasure take away. Wide, so it is written once.
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
	-- Its request had an Origin, so anybody who sees the page could have written it.
	browser INTEGER NOT NULL DEFAULT 0 CHECK (browser = 0 OR browser = 1),
	-- It came while the machine's clock was not set (src/daemon/clocks.h). 1: received_at and
	-- occurred_at have to be corrected; 2: received_at alone. NULL: its times are final.
	provisional INTEGER CHECK (provisional = 1 OR provisional = 2),
	body TEXT
) STRICT;

CREATE INDEX event_provisional ON event (event_id) WHERE provisional IS NOT NULL;

-- For questions by messageId in the sqlite3 shell, in blocks of 1,024 events: random ids dirty the
-- pages of the newest block alone, where an index of ids only would dirty one page for each event.
CREATE INDEX event_message ON event (event_id >> 10, message_id);

-- Where each event stands. Narrow, because it is written again and again.
CREATE TABLE delivery (
	event_id INTEGER PRIMARY KEY,
	site_id INTEGER NOT NULL,
	status TEXT NOT NULL CHECK (status = 'pending' OR status = 'delivered' OR status = 'failed'
		OR status = 'unsupported' OR status = 'invalid' OR status = 'held'
		OR status = 'discarded'),
	reason TEXT,
	detail TEXT, -- a sentence beside the reason, where no attempt explains it
	settled_at INTEGER, -- when it got a status that is not pending
	attempts INTEGER NOT NULL DEFAULT 0, -- charged to it
	maybe_sent INTEGER NOT NULL DEFAULT 0, -- requests that may have arrived unseen
	last_attempt_id INTEGER,
	-- Of a pending event. 0: due at once, in order of arrival.
	next_attempt_at INTEGER NOT NULL DEFAULT 0 CHECK (next_attempt_at >= 0),
	max_batch INTEGER, -- the largest batch it may still travel in; NULL: any
	-- Since when it waits for its address; it is pending and not due. NULL: it does not wait.
	awaiting_since INTEGER,
	user_id TEXT, -- the id that tells its address: its userId,
	anonymous_id TEXT, -- or else its anonymousId
	email TEXT, -- the address it goes to, where it is not the event's own
	operation_id INTEGER, -- the operation that changed it last
	-- The event's body is gone.
	payload_gone INTEGER NOT NULL DEFAULT 0 CHECK (payload_gone = 0 OR payload_gone = 1),
	message_key INTEGER NOT NULL -- keyed hash of site and message_id (write/dedup.h)
) STRICT;

-- What is due, what is delayed and what waits for its address: pending rows only, so the index is as
-- small as the backlog.
CREATE INDEX delivery_due ON delivery (site_id, awaiting_since, next_attempt_at, event_id)
	WHERE status = 'pending';
CREATE INDEX delivery_awaits_user ON delivery (site_id, user_id, event_id)
	WHERE status = 'pending' AND awaiting_since IS NOT NULL AND user_id IS NOT NULL;
CREATE INDEX delivery_awaits_anonymous ON delivery (site_id, anonymous_id, event_id)
	WHERE status = 'pending' AND awaiting_since IS NOT NULL AND anonymous_id IS NOT NULL;
-- For questions: what went wrong, what is not meant for Bento, the few that may have arrived unseen,
-- and what was settled in a time.
CREATE INDEX delivery_trouble ON delivery (status, event_id)
	WHERE status = 'failed' OR status = 'invalid' OR status = 'held';
CREATE INDEX delivery_aside ON delivery (status, event_id)
	WHERE status = 'unsupported' OR status = 'discarded';
CREATE INDEX delivery_maybe_sent ON delivery (event_id) WHERE maybe_sent > 0;
CREATE INDEX delivery_settled ON delivery (settled_at) WHERE settled_at IS NOT NULL;

-- messageIds already seen, once they have left the memory of the writer: filled in sorted slices.
CREATE TABLE message_key (
	message_key INTEGER PRIMARY KEY,
	event_id INTEGER NOT NULL
) STRICT;

-- ---- attempts --------------------------------------------------------------------------------------

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
	endpoint TEXT NOT NULL DEFAULT 'events'
		CHECK (endpoint = 'events' OR endpoint = 'subscribers' OR endpoint = 'commands'),
	started_at INTEGER NOT NULL,
	finished_at INTEGER,
	duration_ms INTEGER,
	events INTEGER NOT NULL, -- its members; their ids lie between these two
	first_event_id INTEGER NOT NULL,
	last_event_id INTEGER NOT NULL,
	bytes INTEGER NOT NULL, -- of the request's body
	outcome TEXT CHECK (outcome = 'delivered' OR outcome = 'partial' OR outcome = 'refused'
		OR outcome = 'retry' OR outcome = 'not_sent' OR outcome = 'unknown'), -- NULL: under way
	http_status INTEGER,
	error TEXT,
	response TEXT -- its first KiB
) STRICT;

CREATE INDEX attempt_site ON attempt (site_id);
CREATE INDEX attempt_started ON attempt (started_at);
-- Those under way, which a start looks for, and those whose end nobody knows.
CREATE INDEX attempt_unclear ON attempt (attempt_id) WHERE outcome IS NULL OR outcome = 'unknown';

-- The members of attempts.
CREATE TABLE attempt_event (
	event_id INTEGER NOT NULL,
	attempt_id INTEGER NOT NULL,
	PRIMARY KEY (event_id, attempt_id)
) STRICT, WITHOUT ROWID;

-- ---- operators -------------------------------------------------------------------------------------

-- What operators did.
CREATE TABLE operation (
	operation_id INTEGER PRIMARY KEY AUTOINCREMENT,
	at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	verb TEXT NOT NULL,
	filter TEXT NOT NULL, -- to which events: JSON
	note TEXT,
	events INTEGER NOT NULL DEFAULT 0, -- how many
	undoes INTEGER, -- of an undo: the operation that it takes back
	undone_by INTEGER -- the undo that took it back
) STRICT;

-- How each event stood before, so that an undo touches only what stayed as its operation left it.
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
	operation_before INTEGER, -- the operation that had changed it last
	attempts_left INTEGER NOT NULL DEFAULT 0, -- the attempts that the operation left it with
	PRIMARY KEY (operation_id, event_id)
) STRICT, WITHOUT ROWID;

-- ---- ids -------------------------------------------------------------------------------------------

-- What calls said of ids: IDENTITY in bentospool.conf(5). kind:
--   user       email: what an identify told of this userId, at identified_at.
--              user_id: the userId that an alias replaced this one by, at said_at.
--   anonymous  email: what an identify without a userId told of this anonymousId.
--   device     user_id: whose this anonymousId is, from (since, since_event) to the next such row
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
	taught INTEGER NOT NULL, -- the event that taught it last; the lowest go first
	UNIQUE (site_id, kind, id, since, since_event)
) STRICT;

CREATE INDEX identity_of_user ON identity (site_id, user_id, kind, id) WHERE user_id IS NOT NULL;
CREATE INDEX identity_taught ON identity (site_id, taught);

-- Ids for whose address more events wait than one transaction lets go.
CREATE TABLE identity_release (
	site_id INTEGER NOT NULL,
	kind TEXT NOT NULL CHECK (kind = 'user' OR kind = 'anonymous'),
	id TEXT NOT NULL,
	email TEXT NOT NULL,
	after_event INTEGER NOT NULL DEFAULT 0, -- the events up to this one are through
	PRIMARY KEY (site_id, kind, id)
) STRICT, WITHOUT ROWID;

-- Persons whose erasure a delete call asked for, until it is done. What arrived after event_id is
-- another matter: somebody may come back.
CREATE TABLE erasure (
	event_id INTEGER PRIMARY KEY,
	email TEXT NOT NULL
) STRICT;

-- ---- requests to ingest ----------------------------------------------------------------------------

-- Counted by outcome: "accepted", or why they were refused. In portions of ten minutes, kept for 30
-- days (write/requests.h).
CREATE TABLE request_count (
	portion_at INTEGER NOT NULL, -- where the ten minutes begin
	outcome TEXT NOT NULL,
	requests INTEGER NOT NULL CHECK (requests > 0),
	PRIMARY KEY (portion_at, outcome)
) STRICT, WITHOUT ROWID;
