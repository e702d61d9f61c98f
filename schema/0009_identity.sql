-- Which ids are known, and who waits for one: IDENTITY in bentospool.conf(5).

-- What calls said of ids. kind:
--   user       email: what an identify told of this userId, at identified_at.
--              user_id: the userId that an alias replaced this one by, at said_at.
--   anonymous  email: what an identify without a userId told of this anonymousId.
--   device     user_id: whose this anonymousId is, from (since, since_event) to the next such row
--              of it; said_at: the last call that said so.
-- taught: the event that taught it last; the lowest go first.
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

-- Rows of identity.
ALTER TABLE site ADD COLUMN identities INTEGER NOT NULL DEFAULT 0;

-- Ids for whose address more events wait than one transaction lets go. after_event: the events up
-- to this one are through.
CREATE TABLE identity_release (
	site_id INTEGER NOT NULL,
	kind TEXT NOT NULL,
	id TEXT NOT NULL,
	email TEXT NOT NULL,
	after_event INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (site_id, kind, id)
) STRICT, WITHOUT ROWID;

-- The id that an event without an address waits for: its userId, or else its anonymousId. It waits
-- while next_attempt_at is negative: the time since when, with its sign turned, so that it is never
-- due.
ALTER TABLE delivery ADD COLUMN user_id TEXT;
ALTER TABLE delivery ADD COLUMN anonymous_id TEXT;

CREATE INDEX delivery_awaits_user ON delivery (site_id, user_id, event_id)
	WHERE status = 'pending' AND next_attempt_at < 0 AND user_id IS NOT NULL;
CREATE INDEX delivery_awaits_anonymous ON delivery (site_id, anonymous_id, event_id)
	WHERE status = 'pending' AND next_attempt_at < 0 AND anonymous_id IS NOT NULL;
