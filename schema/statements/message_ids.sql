-- name: site_ids
-- out: site_id int
SELECT site_id FROM site;

-- name: recent_events_of_key
-- in: message_key int
-- out: event_id int
SELECT event_id FROM delivery
WHERE event_id > coalesce((SELECT floor FROM dedup_level WHERE level = 0), 0)
	AND message_key = :message_key;
