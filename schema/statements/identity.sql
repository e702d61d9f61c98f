-- name: identity_get
-- in: site_id int, kind string, id text
-- out: identity_id int, person int, email text?, identified_at int?, with_user text?, named_at int?
SELECT identity_id, person, email, identified_at, with_user, named_at FROM identity
WHERE site_id = :site_id AND kind = :kind AND id = :id;

-- name: identity_add
-- in: site_id int, kind string, id text, person int, with_user text?, taught int, named_at int?
INSERT INTO identity (site_id, kind, id, person, with_user, taught, named_at)
VALUES (:site_id, :kind, :id, :person, :with_user, :taught, :named_at);

-- name: identity_touch
-- in: identity_id int, taught int, with_user text?, named bool, named_at int?
UPDATE identity SET taught = max(taught, :taught), with_user = iif(:named, :with_user, with_user),
	named_at = iif(:named, :named_at, named_at)
WHERE identity_id = :identity_id;

-- A person's userIds, and how many of them are this one.
-- name: identity_count_users
-- in: person int, id text?
-- one: users int, same int
SELECT count(*) AS users, coalesce(sum(id = :id), 0) AS same
FROM identity WHERE person = :person AND kind = 'user';

-- name: identity_leave_person
-- in: identity_id int, person int
UPDATE identity SET person = :person, email = NULL, identified_at = NULL
WHERE identity_id = :identity_id;

-- Older lessons count less; of two at the same time the later one counts where `ties` is set.
-- name: identity_teach
-- in: person int, email text, at int, ties bool
UPDATE identity SET email = :email, identified_at = :at
WHERE person = :person
	AND (identified_at IS NULL OR identified_at < :at OR (identified_at = :at AND :ties));

-- name: identity_members
-- in: person int
-- out: site_id int, kind text, id text, with_user text?, email text?
SELECT site_id, kind, id, with_user, email FROM identity WHERE person = :person;

-- name: identity_count_both
-- in: person int, other int
-- one: ids int
SELECT count(*) AS ids FROM identity WHERE person = :person OR person = :other;

-- name: identity_join
-- in: person int, other int
UPDATE identity SET person = :person WHERE person = :other;

-- All ids of a person get the newest lesson of any.
-- name: identity_share_newest
-- in: person int
UPDATE identity SET (email, identified_at) = (SELECT email, identified_at FROM identity
	WHERE person = :person AND email IS NOT NULL ORDER BY identified_at DESC LIMIT 1)
WHERE person = :person;

-- name: site_add_identities
-- in: site_id int, added int
UPDATE site SET identities = identities + :added WHERE site_id = :site_id;

-- name: site_identities
-- in: site_id int
-- one: identities int
SELECT identities FROM site WHERE site_id = :site_id;

-- name: identity_evict
-- in: site_id int, max int
DELETE FROM identity WHERE identity_id IN (
	SELECT identity_id FROM identity WHERE site_id = :site_id ORDER BY taught LIMIT :max);

-- Persons of adopted ids count down from here, those of events up.
-- name: identity_lowest_person
-- one: person int
SELECT min(0, coalesce((SELECT min(person) FROM identity), 0),
	coalesce((SELECT min(person) FROM identity_release), 0)) AS person;
