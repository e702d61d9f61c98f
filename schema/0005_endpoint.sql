-- Where the request went: one takes events, one subscribers, one commands.
ALTER TABLE attempt ADD COLUMN endpoint TEXT NOT NULL DEFAULT 'events';
