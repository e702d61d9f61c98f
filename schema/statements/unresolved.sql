-- `at` is the time of the event, or of its receipt if that is earlier.
-- name: unresolved_event
-- in: event_id int
-- out: site_id int, user_id text?, anonymous_id text?, email text?, at int
SELECT d.site_id, d.user_id, d.anonymous_id, coalesce(d.email, e.email) AS email,
	min(e.occurred_at, e.received_at) AS at
FROM delivery d JOIN event e ON e.event_id = d.event_id
WHERE d.event_id = :event_id AND d.status = 'pending';

-- name: unresolved_set
-- in: event_id int, status string, reason string?, awaiting_since int?, email string?
-- in: settled_at int?
-- one: site_id int
UPDATE delivery SET status = :status, reason = :reason, awaiting_since = :awaiting_since,
	next_attempt_at = 0, email = coalesce(email, :email), settled_at = :settled_at
WHERE event_id = :event_id
RETURNING site_id;

-- Events that have waited since a time from `from` to before `before`, longest wait first.
-- name: unresolved_expired
-- in: site_id int, from int, before int, max int
-- out: event_id int
SELECT event_id FROM delivery INDEXED BY delivery_due
WHERE site_id = :site_id AND status = 'pending'
	AND awaiting_since >= :from AND awaiting_since < :before
ORDER BY awaiting_since
LIMIT :max;

-- The last event of an id's step when the step is full; otherwise the highest possible id.
-- name: unresolved_user_end
-- in: site_id int, id text, after int, max int
-- one: up_to int
SELECT iif(count(*) = :max, max(event_id), 0x7fffffffffffffff) AS up_to FROM (SELECT event_id
	FROM delivery INDEXED BY delivery_awaits_user
	WHERE site_id = :site_id AND user_id = :id AND status = 'pending' AND awaiting_since IS NOT NULL
		AND event_id > :after
	ORDER BY event_id LIMIT :max);

-- name: unresolved_anonymous_end
-- in: site_id int, id text, after int, max int
-- one: up_to int
SELECT iif(count(*) = :max, max(event_id), 0x7fffffffffffffff) AS up_to FROM (SELECT event_id
	FROM delivery INDEXED BY delivery_awaits_anonymous
	WHERE site_id = :site_id AND anonymous_id = :id AND status = 'pending'
		AND awaiting_since IS NOT NULL AND event_id > :after
	ORDER BY event_id LIMIT :max);

-- name: unresolved_user_release
-- in: site_id int, id text, last_event_id int, email string
UPDATE delivery SET email = coalesce(email, :email), reason = NULL, awaiting_since = NULL
WHERE site_id = :site_id AND user_id = :id AND status = 'pending' AND awaiting_since IS NOT NULL
	AND event_id <= :last_event_id;

-- Events of an anonymousId, which may have had several users.
-- name: unresolved_of_anonymous
-- in: site_id int, id text, after int, up_to int, max int
-- out: event_id int, at int, has_email bool
SELECT d.event_id, min(e.occurred_at, e.received_at) AS at, d.email IS NOT NULL AS has_email
FROM delivery d INDEXED BY delivery_awaits_anonymous JOIN event e ON e.event_id = d.event_id
WHERE d.site_id = :site_id AND d.anonymous_id = :id AND d.status = 'pending'
	AND d.awaiting_since IS NOT NULL AND d.event_id > :after AND d.event_id <= :up_to
ORDER BY d.event_id LIMIT :max;

-- name: unresolved_release
-- in: event_id int, email string
UPDATE delivery SET email = coalesce(email, :email), reason = NULL, awaiting_since = NULL
WHERE event_id = :event_id;

-- Ids whose events are released in steps. A new release for an address starts again from its first
-- event.

-- name: release_add
-- in: site_id int, kind string, id string, email string
INSERT INTO identity_release (site_id, kind, id, email)
VALUES (:site_id, :kind, :id, :email)
ON CONFLICT (site_id, kind, id) DO UPDATE SET email = excluded.email, after_event = 0;

-- name: release_first
-- out: site_id int, email text
SELECT site_id, email FROM identity_release LIMIT 1;

-- name: release_of_address
-- in: site_id int, email string, max int
-- out: kind text, id text, after_event int
SELECT kind, id, after_event FROM identity_release
WHERE site_id = :site_id AND email = :email COLLATE NOCASE LIMIT :max;

-- name: release_step
-- in: site_id int, kind string, id string, after_event int
UPDATE identity_release SET after_event = :after_event
WHERE site_id = :site_id AND kind = :kind AND id = :id;

-- name: release_end
-- in: site_id int, kind string, id string
DELETE FROM identity_release WHERE site_id = :site_id AND kind = :kind AND id = :id;

-- name: release_forget
-- in: site_id int, email string
DELETE FROM identity_release WHERE site_id = :site_id AND email = :email COLLATE NOCASE;
