-- name: operation_find
-- in: operation_id int
-- out: verb text, undoes int
SELECT verb, undoes FROM operation WHERE operation_id = :operation_id;

-- The events of an operation: the present state of each, and its attempts before and after the
-- operation.
-- name: undo_events
-- in: operation_id int, after int, max int
-- out: event_id int, status text?, operation_id int, attempts int, attempts_before int
-- out: attempts_left int
SELECT x.event_id, d.status, d.operation_id, d.attempts, x.attempts AS attempts_before,
	x.attempts_left
FROM operation_event x
LEFT JOIN delivery d ON d.event_id = x.event_id
WHERE x.operation_id = :operation_id AND x.event_id > :after
ORDER BY x.event_id LIMIT :max;

-- name: undo_before
-- in: operation_id int, event_id int
-- out: status text, operation_before int
SELECT status, operation_before FROM operation_event
WHERE operation_id = :operation_id AND event_id = :event_id;

-- name: undo_restore
-- in: undone int, event_id int, operation_id int, attempts int
UPDATE delivery SET status = x.status, reason = x.reason, settled_at = x.settled_at,
	max_batch = x.max_batch, detail = x.detail, next_attempt_at = 0, awaiting_since = NULL,
	attempts = :attempts,
	operation_id = :operation_id
FROM operation_event AS x
WHERE x.operation_id = :undone AND x.event_id = :event_id AND delivery.event_id = :event_id;

-- name: operation_mark_undone
-- in: operation_id int, undone_by int
UPDATE operation SET undone_by = :undone_by WHERE operation_id = :operation_id;

-- name: operation_mark_in_force
-- in: operation_id int, undone_by int
UPDATE operation SET undone_by = NULL
WHERE operation_id = :operation_id AND undone_by = :undone_by;
