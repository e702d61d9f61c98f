-- name: clock_get
-- in: key string
-- one: value int
SELECT value FROM meta WHERE key = :key;

-- name: clock_set
-- in: key string, value int
INSERT INTO meta (key, value) VALUES (:key, :value)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
