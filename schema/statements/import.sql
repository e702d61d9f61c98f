-- Sets the history that an imported event may have and a new event does not have.
-- name: import_set_history
-- in: event_id int, settled bool, reason text?, detail text?, settled_at int?, attempts int
-- in: maybe_sent int
UPDATE delivery SET reason = iif(:settled, :reason, reason), detail = :detail,
	settled_at = :settled_at, attempts = :attempts, maybe_sent = :maybe_sent
WHERE event_id = :event_id;

-- name: operation_add_events
-- in: operation_id int, added int, verb string
UPDATE operation SET events = events + :added
WHERE operation_id = :operation_id AND verb = :verb;
