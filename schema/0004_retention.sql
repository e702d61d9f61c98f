-- What retention has taken away, and how many events still need what their batch said for them all.

-- 1: the event's body is gone.
ALTER TABLE delivery ADD COLUMN payload_gone INTEGER;

-- Rows, and bodies, of events that refer to it.
ALTER TABLE envelope ADD COLUMN events INTEGER NOT NULL DEFAULT 0;
ALTER TABLE envelope ADD COLUMN payloads INTEGER NOT NULL DEFAULT 0;

UPDATE envelope SET events = c.n, payloads = c.n
FROM (SELECT envelope_id, count(*) AS n FROM event WHERE envelope_id IS NOT NULL
	GROUP BY envelope_id) AS c
WHERE envelope.envelope_id = c.envelope_id;
