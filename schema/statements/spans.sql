-- Spans: the events that an attempt takes, and events that leave the normal way.

-- The newest span of a site.
-- name: span_newest
-- in: site_id int
-- one: first_event_id int, last_event_id int, attempt_id int
SELECT first_event_id, last_event_id, attempt_id FROM span
WHERE site_id = :site_id ORDER BY first_event_id DESC LIMIT 1;

-- The last span that begins at or before the event; the caller checks that the span does not end before it.
-- name: span_at
-- in: site_id int, event_id int
-- one: first_event_id int, last_event_id int, attempt_id int
SELECT first_event_id, last_event_id, attempt_id FROM span
WHERE site_id = :site_id AND first_event_id <= :event_id ORDER BY first_event_id DESC LIMIT 1;

-- name: span_put
-- in: site_id int, first_event_id int, last_event_id int, attempt_id int?
INSERT INTO span (site_id, first_event_id, last_event_id, attempt_id)
VALUES (:site_id, :first_event_id, :last_event_id, :attempt_id)
ON CONFLICT (site_id, first_event_id) DO UPDATE SET last_event_id = excluded.last_event_id,
	attempt_id = excluded.attempt_id;

-- Unlike span_put it writes no page of an index.
-- name: span_extend
-- in: site_id int, first_event_id int, last_event_id int
UPDATE span SET last_event_id = :last_event_id
WHERE site_id = :site_id AND first_event_id = :first_event_id;

-- name: span_drop
-- in: site_id int, first_event_id int
DELETE FROM span WHERE site_id = :site_id AND first_event_id = :first_event_id;

-- Whether the range contains an event on the normal way.
-- name: span_has_event
-- in: site_id int, first_event_id int, last_event_id int
-- exists
SELECT 1 FROM event e
WHERE e.event_id BETWEEN :first_event_id AND :last_event_id AND e.site_id = :site_id
	AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.event_id)
LIMIT 1;

-- name: members_excepted
-- in: first_event_id int, last_event_id int
-- out: event_id int, status text
SELECT event_id, status FROM delivery
WHERE event_id BETWEEN :first_event_id AND :last_event_id ORDER BY event_id;

-- name: member_add
-- in: event_id int, attempt_id int
INSERT INTO attempt_event (event_id, attempt_id) VALUES (:event_id, :attempt_id);

-- name: members_count_excepted
-- in: attempt_id int
-- one: events int
SELECT count(*) AS events FROM attempt_event WHERE attempt_id = :attempt_id;

-- The members of an attempt leave the normal way, in three steps.

-- name: members_leave
-- in: attempt_id int
INSERT INTO attempt_event (event_id, attempt_id)
SELECT e.event_id, r.attempt_id FROM span r
CROSS JOIN event e ON e.event_id BETWEEN r.first_event_id AND r.last_event_id
	AND e.site_id = r.site_id
WHERE r.attempt_id = :attempt_id
	AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.event_id);

-- name: members_get_rows
-- in: attempt_id int
INSERT INTO delivery (event_id, site_id, status)
SELECT e.event_id, e.site_id, 'pending' FROM attempt_event x
CROSS JOIN event e ON e.event_id = x.event_id
WHERE x.attempt_id = :attempt_id
	AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = x.event_id);

-- name: members_leave_spans
-- in: attempt_id int
DELETE FROM span WHERE attempt_id = :attempt_id;

-- A single event leaves the normal way.

-- name: event_place
-- in: event_id int
-- one: site_id int, excepted bool
SELECT e.site_id, d.event_id IS NOT NULL AS excepted FROM event e
LEFT JOIN delivery d ON d.event_id = e.event_id
WHERE e.event_id = :event_id;

-- name: event_get_row
-- in: event_id int, attempt_id int
INSERT INTO delivery (event_id, site_id, status, settled_at, attempts, last_attempt_id)
SELECT e.event_id, e.site_id, iif(a.attempt_id IS NULL, 'pending', 'delivered'), a.finished_at,
	a.attempt_id IS NOT NULL, a.attempt_id
FROM event e
LEFT JOIN attempt a ON a.attempt_id = :attempt_id AND a.outcome = 'delivered'
WHERE e.event_id = :event_id;

-- name: event_uncount
-- in: event_id int
UPDATE site_count SET events = events - 1
WHERE (site_id, status) = (SELECT site_id, status FROM delivery WHERE event_id = :event_id);

-- name: site_count_add
-- in: site_id int, status string, added int
INSERT INTO site_count (site_id, status, events) VALUES (:site_id, :status, :added)
ON CONFLICT (site_id, status) DO UPDATE SET events = events + excluded.events;

-- Counts the events that arrived on the normal way since the last count, and have not left it.
-- name: count_arrivals
INSERT INTO site_count (site_id, status, events)
SELECT e.site_id, 'pending', count(*) FROM event e
WHERE e.event_id > (SELECT value FROM meta WHERE key = 'counted_to')
	AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.event_id)
GROUP BY e.site_id
ON CONFLICT (site_id, status) DO UPDATE SET events = events + excluded.events;

-- name: count_done
UPDATE meta SET value = (SELECT coalesce(max(event_id), 0) FROM event) WHERE key = 'counted_to';
