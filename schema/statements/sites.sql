-- name: site_add
-- in: name string
INSERT INTO site (name) VALUES (:name) ON CONFLICT (name) DO NOTHING;

-- name: site_id
-- in: name text
-- one: site_id int
SELECT site_id FROM site WHERE name = :name;

-- `answered`: the state follows from an answer, so that a ready site really works.
-- name: site_set_state
-- in: site_id int, mode string, reason text?, next_attempt_at int, failures int, byte_limit int?
-- in: refused int, answered int, now int
UPDATE site SET mode = :mode, reason = :reason, next_attempt_at = :next_attempt_at,
	failures = :failures, byte_limit = :byte_limit, refused = :refused,
	unready_since = CASE WHEN :mode = 'ready' THEN iif(:answered, 0, unready_since)
		WHEN unready_since > 0 THEN unready_since ELSE :now END
WHERE site_id = :site_id;

-- The state that the previous process left.
-- name: site_remembered
-- in: site_id int
-- one: paused bool, byte_limit int, refused int
SELECT pause_at IS NOT NULL AS paused, coalesce(byte_limit, 0) AS byte_limit, refused
FROM site WHERE site_id = :site_id;

-- name: sites_reset
UPDATE site SET mode = 'ready', reason = NULL, next_attempt_at = 0, failures = 0
WHERE mode <> 'ready';
