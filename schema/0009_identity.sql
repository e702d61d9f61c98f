-- Whose address is known by an id, and who waits for one.

-- What identify and alias calls taught. person: those of one value are one person, and share the
-- address. identified_at: of the identify that told it. with_user: of an anonymous id, the userId
-- that it came with. taught: the event that taught it last; the lowest go first.
CREATE TABLE identity (
	identity_id INTEGER PRIMARY KEY,
	site_id INTEGER NOT NULL,
	kind TEXT NOT NULL CHECK (kind = 'user' OR kind = 'anonymous'),
	id TEXT NOT NULL,
	person INTEGER NOT NULL,
	email TEXT,
	identified_at INTEGER,
	with_user TEXT,
	taught INTEGER NOT NULL,
	UNIQUE (site_id, kind, id)
) STRICT;

CREATE INDEX identity_person ON identity (person);
CREATE INDEX identity_taught ON identity (site_id, taught);

-- Rows of identity.
ALTER TABLE site ADD COLUMN identities INTEGER NOT NULL DEFAULT 0;

-- Persons of whom more events wait than one transaction lets go.
CREATE TABLE identity_release (
	person INTEGER PRIMARY KEY,
	site_id INTEGER NOT NULL,
	email TEXT NOT NULL
) STRICT;

-- The ids of an event that has no address. It waits for one while next_attempt_at is negative: the
-- time since when, with its sign turned, so that it is never due.
ALTER TABLE delivery ADD COLUMN user_id TEXT;
ALTER TABLE delivery ADD COLUMN anonymous_id TEXT;

CREATE INDEX delivery_awaits_user ON delivery (site_id, user_id, event_id)
	WHERE status = 'pending' AND next_attempt_at < 0 AND user_id IS NOT NULL;
CREATE INDEX delivery_awaits_anonymous ON delivery (site_id, anonymous_id, event_id)
	WHERE status = 'pending' AND next_attempt_at < 0 AND anonymous_id IS NOT NULL;
