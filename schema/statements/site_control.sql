-- Pauses the site of that name, or all sites when it is NULL; without a time it ends the pause. A
-- second pause keeps the time of the first, and also its note unless it has a note of its own.
-- name: site_set_pause
-- in: name string?, at int?, actor string?, note string?
UPDATE site SET
	pause_at = iif(:at IS NULL, NULL, coalesce(pause_at, :at)),
	pause_by = iif(:at IS NULL, NULL,
		iif(pause_at IS NULL OR :note IS NOT NULL, :actor, pause_by)),
	pause_note = iif(:at IS NULL, NULL,
		coalesce(:note, iif(pause_at IS NULL, NULL, pause_note)))
WHERE name = :name OR :name IS NULL;

-- name: site_count
-- in: name string
-- one: sites int, paused int
SELECT count(*) AS sites, count(pause_at) AS paused FROM site WHERE name = :name OR :name IS NULL;

-- Makes delayed events of the site of that name, or of all sites, due.
-- name: site_end_delays
-- in: name string?, max int
UPDATE delivery SET next_attempt_at = 0
WHERE event_id IN (SELECT d.event_id FROM site s
	CROSS JOIN delivery d INDEXED BY delivery_due ON d.site_id = s.site_id AND d.status = 'pending'
		AND d.awaiting_since IS NULL AND d.next_attempt_at > 0
	WHERE s.name = :name OR :name IS NULL LIMIT :max);
