-- Persons whose erasure a delete call asked for, until it is done.
-- What arrived after event_id is another matter: somebody may come back.
CREATE TABLE erasure (
	event_id INTEGER PRIMARY KEY,
	email TEXT NOT NULL
) STRICT;
