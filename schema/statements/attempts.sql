-- name: mapping_add
-- in: settings text
INSERT INTO mapping (settings) VALUES (:settings);

-- name: mapping_id
-- in: settings text
-- one: mapping_id int
SELECT mapping_id FROM mapping WHERE settings = :settings;

-- name: attempt_add
-- in: site_id int, mapping_id int, started_at int, events int, bytes int, first_event_id int
-- in: last_event_id int, endpoint string
INSERT INTO attempt (site_id, mapping_id, started_at, events, bytes, first_event_id, last_event_id,
	endpoint)
VALUES (:site_id, :mapping_id, :started_at, :events, :bytes, :first_event_id, :last_event_id,
	:endpoint);

-- name: event_is_pending
-- in: event_id int
-- exists
SELECT 1 FROM delivery WHERE event_id = :event_id AND status = 'pending';

-- name: attempt_add_member
-- in: event_id int, attempt_id int
INSERT INTO attempt_event (event_id, attempt_id) VALUES (:event_id, :attempt_id);

-- name: attempt_end
-- in: attempt_id int, finished_at int, duration_ms int, http_status int?, outcome string
-- in: error text?, response text?
UPDATE attempt SET finished_at = :finished_at, duration_ms = :duration_ms,
	http_status = :http_status, outcome = :outcome, error = :error, response = :response
WHERE attempt_id = :attempt_id AND outcome IS NULL;

-- name: delivery_delivered
-- in: event_id int, settled_at int, attempt_id int
UPDATE delivery SET status = 'delivered', reason = NULL, attempts = attempts + 1,
	settled_at = :settled_at, next_attempt_at = 0, awaiting_since = NULL,
	last_attempt_id = :attempt_id, max_batch = NULL
WHERE event_id = :event_id AND status <> 'delivered';

-- name: site_add_delivered
-- in: site_id int, added int
UPDATE site SET delivered = delivered + :added WHERE site_id = :site_id;

-- An operator may have changed the event while it was in flight: only a pending event changes its
-- status.
-- name: delivery_attempted
-- in: event_id int, attempt_id int, maybe_sent int, charge int, status string, reason string?
-- in: settled_at int?, next_attempt_at int, max_batch int?
UPDATE delivery SET
	last_attempt_id = :attempt_id,
	maybe_sent = maybe_sent + :maybe_sent,
	attempts = attempts + :charge,
	status = CASE status WHEN 'pending' THEN :status ELSE status END,
	reason = CASE status WHEN 'pending' THEN :reason ELSE reason END,
	settled_at = CASE status WHEN 'pending' THEN :settled_at ELSE settled_at END,
	next_attempt_at = CASE status WHEN 'pending' THEN :next_attempt_at ELSE next_attempt_at END,
	max_batch = CASE status WHEN 'pending' THEN :max_batch ELSE max_batch END
WHERE event_id = :event_id AND status <> 'delivered';

-- name: attempts_open
-- one: attempts int
SELECT count(*) AS attempts FROM attempt WHERE outcome IS NULL;

-- name: attempts_open_mark_members
UPDATE delivery SET maybe_sent = maybe_sent + 1, last_attempt_id = m.attempt_id
FROM (SELECT ae.event_id, ae.attempt_id FROM attempt a
	CROSS JOIN attempt_event ae ON ae.event_id BETWEEN a.first_event_id AND a.last_event_id
		AND ae.attempt_id = a.attempt_id
	WHERE a.outcome IS NULL) AS m
WHERE delivery.event_id = m.event_id;

-- name: attempts_open_end
-- in: finished_at int
UPDATE attempt SET outcome = 'unknown', finished_at = :finished_at,
	error = 'bentospool ended before the answer was recorded'
WHERE outcome IS NULL;
