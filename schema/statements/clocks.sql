-- name: clock_get
-- in: key string
-- one: value int
SELECT value FROM meta WHERE key = :key;

-- name: clock_set
-- in: key string, value int
INSERT INTO meta (key, value) VALUES (:key, :value)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: clock_periods_clear
DELETE FROM clock_period;

-- name: clock_period_add
-- in: period int, start int, shift int, absence int
INSERT INTO clock_period (period, start, shift, absence) VALUES (:period, :start, :shift, :absence);

-- name: clock_period_get
-- in: period int
-- one: start int, shift int, absence int
SELECT start, shift, absence FROM clock_period WHERE period = :period;
