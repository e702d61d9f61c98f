-- name: audit_operation_list
-- in: before int, max int
-- out: operation_id int, at int, actor text, verb text, filter text, note text?, events int
-- out: undone_by int, undoes int
SELECT operation_id, at, actor, verb, filter, note, events, undone_by, undoes
FROM operation WHERE operation_id < :before ORDER BY operation_id DESC LIMIT :max;

-- name: audit_operation_before
-- in: operation_id int
-- out: event_id int, status text
SELECT event_id, status FROM operation_event WHERE operation_id = :operation_id
ORDER BY event_id;
