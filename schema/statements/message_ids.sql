-- name: site_ids
-- out: site_id int
SELECT site_id FROM site;

-- name: recent_event_of_message
-- in: site_id int, message_id text
-- out: event_id int
SELECT event_id FROM event
WHERE event_id > max(coalesce((SELECT floor FROM dedup_level WHERE level = 0), 0),
		(coalesce((SELECT max(block) + 1 FROM dedup_recent), 0) << 11) - 1)
	AND site_id = :site_id AND message_id = :message_id;
