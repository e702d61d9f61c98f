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
	occurred_at = CASE
		WHEN provisional = 1 THEN occurred_at + :shift
		WHEN occurred_at > received_at + :shift + :tolerance THEN received_at + :shift
		ELSE occurred_at END,
	received_at = received_at + :shift,
	provisional = NULL
WHERE provisional IS NOT NULL AND event_id <= :up_to;
