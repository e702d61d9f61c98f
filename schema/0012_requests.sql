-- Requests to ingest by outcome: "accepted", or why they were refused. Counted in portions of ten
-- minutes, kept for 30 days (src/outbox/write/requests.h).
CREATE TABLE request_count (
	portion_at INTEGER NOT NULL, -- ms since 1970, where the ten minutes begin
	outcome TEXT NOT NULL,
	requests INTEGER NOT NULL CHECK (requests > 0),
	PRIMARY KEY (portion_at, outcome)
) STRICT, WITHOUT ROWID;
