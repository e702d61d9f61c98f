-- name: delivery_settle
-- in: event_id int, status string, reason string?, settled_at int?, next_attempt_at int, charge int
-- in: max_batch int?, detail string?
UPDATE delivery SET status = :status, reason = :reason, settled_at = :settled_at,
	next_attempt_at = :next_attempt_at, attempts = attempts + :charge,
	max_batch = coalesce(:max_batch, max_batch), detail = coalesce(:detail, detail)
WHERE event_id = :event_id AND status = 'pending';

-- name: delivery_settle_doubt
-- in: event_id int, status string, reason string?, settled_at int
UPDATE delivery SET status = :status, reason = :reason, settled_at = :settled_at
WHERE event_id = :event_id AND status = 'held' AND reason = 'maybe_delivered';

-- name: delivery_site
-- in: event_id int
-- one: site_id int
SELECT site_id FROM delivery WHERE event_id = :event_id;
