-- name: mapping_add
-- in: settings text
INSERT INTO mapping (settings) VALUES (:settings);

-- name: mapping_id
-- in: settings text
-- one: mapping_id int
SELECT mapping_id FROM mapping WHERE settings = :settings;

-- name: attempt_add
-- in: site_id int, mapping_id int, started_at int, events int, bytes int, first_event_id int
-- in: last_event_id int, endpoint string, sent_bytes int?
INSERT INTO attempt (attempt_id, site_id, mapping_id, started_at, events, bytes, first_event_id,
	last_event_id, endpoint, sent_bytes)
SELECT max(value, coalesce((SELECT max(attempt_id) FROM attempt), 0)) + 1, :site_id, :mapping_id,
	:started_at, :events, :bytes, :first_event_id, :last_event_id, :endpoint, :sent_bytes
FROM meta WHERE key = 'purged_attempt_to';

-- name: attempt_end
-- in: attempt_id int, finished_at int, duration_ms int, http_status int?, outcome string
-- in: error text?, response text?
UPDATE attempt SET finished_at = :finished_at, duration_ms = :duration_ms,
	http_status = :http_status, outcome = :outcome, error = :error, response = :response
WHERE attempt_id = :attempt_id AND outcome IS NULL;

-- Changes the members that have a row in delivery; members in spans need no change. A central spooler's
-- answer ends every doubt, because it stores each event once.
-- name: members_delivered
-- in: attempt_id int, settled_at int
UPDATE delivery SET status = 'delivered', reason = NULL, attempts = attempts + 1,
	settled_at = :settled_at, next_attempt_at = 0, awaiting_since = NULL,
	last_attempt_id = :attempt_id, max_batch = NULL,
	maybe_sent = iif((SELECT endpoint FROM attempt WHERE attempt_id = :attempt_id) = 'center',
		0, maybe_sent)
WHERE event_id IN (SELECT event_id FROM attempt_event WHERE attempt_id = :attempt_id)
	AND status <> 'delivered';

-- An operator may have changed the event while it was in flight: only a pending event changes its
-- status.
-- name: members_attempted
-- in: attempt_id int, maybe_sent int, charge int, status string, reason string?
-- in: settled_at int?, next_attempt_at int, max_batch int?
UPDATE delivery SET
	last_attempt_id = :attempt_id,
	maybe_sent = iif(:status = 'failed'
			AND (SELECT endpoint FROM attempt WHERE attempt_id = :attempt_id) = 'center',
		0, maybe_sent + :maybe_sent),
	attempts = attempts + :charge,
	status = CASE status WHEN 'pending' THEN :status ELSE status END,
	reason = CASE status WHEN 'pending' THEN :reason ELSE reason END,
	settled_at = CASE status WHEN 'pending' THEN :settled_at ELSE settled_at END,
	next_attempt_at = CASE status WHEN 'pending' THEN :next_attempt_at ELSE next_attempt_at END,
	max_batch = CASE status WHEN 'pending' THEN :max_batch ELSE max_batch END
WHERE event_id IN (SELECT event_id FROM attempt_event WHERE attempt_id = :attempt_id)
	AND status <> 'delivered';

-- name: attempt_open
-- one: attempt_id int, site_id int
SELECT attempt_id, site_id FROM attempt INDEXED BY attempt_unclear
WHERE outcome IS NULL ORDER BY attempt_id LIMIT 1;

-- name: attempt_cut_off
-- in: attempt_id int, finished_at int
UPDATE attempt SET outcome = 'unknown', finished_at = :finished_at,
	error = 'bentospool ended before the answer was recorded'
WHERE attempt_id = :attempt_id;

-- name: members_cut_off
-- in: attempt_id int
UPDATE delivery SET maybe_sent = maybe_sent + 1, last_attempt_id = :attempt_id
WHERE event_id IN (SELECT event_id FROM attempt_event WHERE attempt_id = :attempt_id);
