-- What an undo needs, so that it touches only what has stayed as its operation left it.

-- The operation that changed it last.
ALTER TABLE delivery ADD COLUMN operation_id INTEGER;

-- Of an undo: the operation that it takes back.
ALTER TABLE operation ADD COLUMN undoes INTEGER;

-- The rest of how the event stood before, and the attempts that the operation left it with.
ALTER TABLE operation_event ADD COLUMN detail TEXT;
ALTER TABLE operation_event ADD COLUMN operation_before INTEGER;
ALTER TABLE operation_event ADD COLUMN attempts_left INTEGER NOT NULL DEFAULT 0;

UPDATE delivery SET operation_id = o.operation_id
FROM (SELECT event_id, max(operation_id) AS operation_id FROM operation_event GROUP BY event_id) AS o
WHERE delivery.event_id = o.event_id;
