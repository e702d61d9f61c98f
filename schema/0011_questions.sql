-- What makes the questions of doc/audit.md quick at any size, and costs little on the way in.

-- By messageId, in blocks of 1,024 events: random ids dirty the pages of the newest block alone,
-- where an index of ids only would dirty one page for each event. The view messages asks every
-- block. Measured with a million events: ingest stays above 0.9 of its rate, against 0.3.
CREATE INDEX event_message ON event (event_id >> 10, message_id);

-- By time, as the views print it: the newest are appended.
CREATE INDEX delivery_settled
	ON delivery (strftime('%Y-%m-%dT%H:%M:%fZ', settled_at / 1000.0, 'unixepoch'))
	WHERE strftime('%Y-%m-%dT%H:%M:%fZ', settled_at / 1000.0, 'unixepoch') IS NOT NULL;
CREATE INDEX attempt_started
	ON attempt (strftime('%Y-%m-%dT%H:%M:%fZ', started_at / 1000.0, 'unixepoch'));

-- The last attempt of a site; those under way, which a start looks for, and those whose end nobody
-- knows.
CREATE INDEX attempt_site ON attempt (site_id);
CREATE INDEX attempt_unclear ON attempt (attempt_id) WHERE outcome IS NULL OR outcome = 'unknown';
DROP INDEX attempt_open;

-- The few that may have arrived unseen; what is not meant for Bento.
CREATE INDEX delivery_maybe_sent ON delivery (event_id) WHERE maybe_sent > 0;
CREATE INDEX delivery_aside ON delivery (status, event_id)
	WHERE status = 'unsupported' OR status = 'discarded';

-- Delivered events, which are the many, are counted as they come and go; the others have indexes.
-- Triggers that count took five times as long as the deliveries themselves.
ALTER TABLE site ADD COLUMN delivered INTEGER NOT NULL DEFAULT 0;

UPDATE site SET delivered = (SELECT count(*) FROM delivery d
	WHERE d.site_id = site.site_id AND d.status = 'delivered');
