-- name: unresolved_event
-- in: event_id int
-- out: site_id int, user_id text?, anonymous_id text?, email text?
SELECT d.site_id, d.user_id, d.anonymous_id, coalesce(d.email, e.email) AS email
FROM delivery d JOIN event e ON e.event_id = d.event_id
WHERE d.event_id = :event_id AND d.status = 'pending';

-- name: unresolved_set
-- in: event_id int, status string, reason string?, next_attempt_at int, email string?
-- in: settled_at int?
UPDATE delivery SET status = :status, reason = :reason, next_attempt_at = :next_attempt_at,
	email = coalesce(email, :email), settled_at = :settled_at
WHERE event_id = :event_id;

-- The times are negative, as next_attempt_at of these events is.
-- name: unresolved_expired
-- in: site_id int, above int, up_to int, max int
-- out: event_id int
SELECT event_id FROM delivery
WHERE site_id = :site_id AND status = 'pending'
	AND next_attempt_at > :above AND next_attempt_at <= :up_to
LIMIT :max;

-- The last event of an id's step, if the step is full; otherwise the highest id there can be.
-- name: unresolved_user_end
-- in: site_id int, id text, max int
-- one: up_to int
SELECT iif(count(*) = :max, max(event_id), 0x7fffffffffffffff) AS up_to FROM (SELECT event_id
	FROM delivery INDEXED BY delivery_awaits_user
	WHERE site_id = :site_id AND user_id = :id AND status = 'pending' AND next_attempt_at < 0
	ORDER BY event_id LIMIT :max);

-- name: unresolved_anonymous_end
-- in: site_id int, id text, with_user text?, max int
-- one: up_to int
SELECT iif(count(*) = :max, max(event_id), 0x7fffffffffffffff) AS up_to FROM (SELECT event_id
	FROM delivery INDEXED BY delivery_awaits_anonymous
	WHERE site_id = :site_id AND anonymous_id = :id AND status = 'pending' AND next_attempt_at < 0
		AND (user_id IS NULL OR :with_user IS NULL OR user_id = :with_user)
	ORDER BY event_id LIMIT :max);

-- name: unresolved_user_release
-- in: site_id int, id text, last_event_id int, email text
UPDATE delivery SET email = coalesce(email, :email), reason = NULL, next_attempt_at = 0
WHERE site_id = :site_id AND user_id = :id AND status = 'pending' AND next_attempt_at < 0
	AND event_id <= :last_event_id;

-- name: unresolved_anonymous_release
-- in: site_id int, id text, with_user text?, last_event_id int, email text
UPDATE delivery SET email = coalesce(email, :email), reason = NULL, next_attempt_at = 0
WHERE site_id = :site_id AND anonymous_id = :id AND status = 'pending' AND next_attempt_at < 0
	AND event_id <= :last_event_id
	AND (user_id IS NULL OR :with_user IS NULL OR user_id = :with_user);

-- Persons whose events are let go in steps, to the address of the person if it has one.

-- name: release_add
-- in: person int, site_id int, email string
INSERT INTO identity_release (person, site_id, email)
SELECT :person, :site_id,
	coalesce((SELECT email FROM identity WHERE person = :person AND email IS NOT NULL LIMIT 1), :email)
WHERE true
ON CONFLICT (person) DO UPDATE SET email = excluded.email;

-- All of one address.
-- name: release_first_persons
-- out: person int
SELECT r.person FROM identity_release r
JOIN (SELECT site_id, email FROM identity_release LIMIT 1) AS f
	ON r.site_id = f.site_id AND r.email = f.email COLLATE NOCASE;

-- All of the address of an id, its own person first.
-- name: release_persons_of_id
-- in: site_id int, kind string, id text
-- out: person int
SELECT r.person FROM identity i
JOIN identity_release f ON f.person = i.person
JOIN identity_release r ON r.site_id = f.site_id AND r.email = f.email COLLATE NOCASE
WHERE i.site_id = :site_id AND i.kind = :kind AND i.id = :id
ORDER BY r.person <> i.person;

-- name: release_id_of_address
-- in: site_id int, email text
-- out: kind text, id text
SELECT i.kind, i.id FROM identity_release r CROSS JOIN identity i ON i.person = r.person
WHERE r.site_id = :site_id AND r.email = :email COLLATE NOCASE LIMIT 1;

-- name: release_end
-- in: person int
DELETE FROM identity_release WHERE person = :person;
