-- The event came while the machine's clock was not set (src/daemon/clocks.h): 1: received_at and
-- occurred_at have to be corrected, 2: received_at alone. Once they are, it is NULL.
ALTER TABLE event ADD COLUMN provisional INTEGER;
CREATE INDEX event_provisional ON event (event_id) WHERE provisional IS NOT NULL;
