-- name: audit_boxes
-- out: site_id int, name text, first_seen_at int, last_seen_at int, version text?, backlog int?
-- out: oldest_at int, events int, duplicates int, bytes int, body_bytes int
SELECT site_id, name, first_seen_at, last_seen_at, version, backlog, oldest_at, events, duplicates,
	bytes, body_bytes
FROM box ORDER BY name, site_id;
