-- Events whose times come from a clock that was not set.

-- name: provisional_count
-- one: events int
SELECT count(*) AS events FROM event INDEXED BY event_provisional WHERE provisional IS NOT NULL;

-- name: provisional_end
-- in: up_to int, max int
-- one: event_id int
SELECT coalesce(max(event_id), 0) AS event_id FROM (SELECT event_id
	FROM event INDEXED BY event_provisional
	WHERE provisional IS NOT NULL AND event_id <= :up_to ORDER BY event_id LIMIT :max);

-- The blocks of events with provisional times.
-- name: provisional_blocks
-- in: up_to int
-- out: block int
SELECT DISTINCT event_id >> 11 AS block FROM event INDEXED BY event_provisional
WHERE provisional IS NOT NULL AND event_id <= :up_to;

-- The newest receipt in the outbox, and whether its time is provisional.
-- name: newest_receipt
-- one: at int
SELECT coalesce(max(received_at), 0) AS at FROM event
WHERE event_id = (SELECT max(event_id) FROM event);

-- Must run before correct_event, which clears the mark that selects these events.
-- name: correct_delivery
-- in: shift int, now int, up_to int, reason string, detail string
UPDATE delivery SET
	awaiting_since = awaiting_since + :shift,
	settled_at = iif(settled_at + :shift <= :now, settled_at + :shift, settled_at),
	reason = iif(reason = :reason, NULL, reason),
	detail = coalesce(detail, :detail)
WHERE event_id IN (SELECT event_id FROM event INDEXED BY event_provisional
	WHERE provisional IS NOT NULL AND event_id <= :up_to);

-- tolerance: how much later than its receipt a client may date an event.
-- name: correct_event
-- in: shift int, up_to int, tolerance int
UPDATE event SET
	occurred_at = n.occurred_at,
	received_at = n.received_at,
	provisional = NULL,
	checksum = changed_checksum(checksum,
		event_checksum(event.event_id, site_id, message_id, kind, name, email, event.occurred_at,
			event.received_at, envelope_id, browser, provisional, body),
		event_checksum(event.event_id, site_id, message_id, kind, name, email, n.occurred_at,
			n.received_at, envelope_id, browser, NULL, body))
FROM (SELECT event_id,
		CASE WHEN provisional = 1 THEN occurred_at + :shift
			WHEN occurred_at > received_at + :shift + :tolerance THEN received_at + :shift
			ELSE occurred_at END AS occurred_at,
		received_at + :shift AS received_at
	FROM event INDEXED BY event_provisional
	WHERE provisional IS NOT NULL AND event_id <= :up_to) AS n
WHERE event.event_id = n.event_id;

-- Statements about ids that came while the clock was not set have provisional times, too. The following
-- queries must run before correct_event, and once for each event.

-- The first event with provisional times whose statements have not been corrected.
-- name: provisional_first
-- in: after int
-- out: event_id int, received_at int
SELECT event_id, received_at FROM event INDEXED BY event_provisional
WHERE provisional IS NOT NULL AND event_id > :after ORDER BY event_id LIMIT 1;

-- The users of devices. Each time is the time of an event, which may be the client's own time.
-- name: correct_claims
-- in: shift int, first int
UPDATE identity SET
	since = since + coalesce((SELECT min(iif(e.provisional = 1, e.occurred_at + :shift,
			e.occurred_at), e.received_at + :shift) - min(e.occurred_at, e.received_at)
		FROM event e WHERE e.event_id = since_event AND e.event_id >= :first
			AND e.provisional IS NOT NULL), 0),
	said_at = said_at + coalesce((SELECT min(iif(e.provisional = 1, e.occurred_at + :shift,
			e.occurred_at), e.received_at + :shift) - min(e.occurred_at, e.received_at)
		FROM event e WHERE e.event_id = taught AND e.provisional IS NOT NULL), 0)
WHERE site_id IN (SELECT site_id FROM site) AND taught >= :first AND kind = 'device';

-- Addresses and aliases: a row does not say which event each time came from. Times before the first
-- of these events come from clients.
-- name: correct_addresses
-- in: shift int, first int, from int
UPDATE identity SET
	said_at = said_at + iif(said_at >= :from, :shift, 0),
	identified_at = identified_at + iif(identified_at >= :from, :shift, 0)
WHERE site_id IN (SELECT site_id FROM site) AND taught >= :first AND kind <> 'device';
