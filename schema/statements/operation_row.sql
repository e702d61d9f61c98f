-- name: operation_begin
-- in: at int, actor string, verb string, filter text, note string?, undoes int?
INSERT INTO operation (at, actor, verb, filter, note, undoes)
VALUES (:at, :actor, :verb, :filter, :note, :undoes);

-- name: operation_set_events
-- in: operation_id int, events int
UPDATE operation SET events = :events WHERE operation_id = :operation_id;
