-- name: site_ids
-- out: site_id int
SELECT site_id FROM site;

-- name: recent_event_of_message
-- in: site_id int, message_id text
-- out: event_id int
SELECT event_id FROM event
WHERE event_id > coalesce((SELECT floor FROM dedup_level WHERE level = 0), 0)
	AND site_id = :site_id AND message_id = :message_id;
