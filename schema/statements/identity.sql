-- For a user or anonymous row.
-- name: identity_get
-- in: site_id int, kind string, id text
-- out: identity_id int, email text?, identified_at int, user_id text?, said_at int
SELECT identity_id, email, identified_at, user_id, said_at FROM identity
WHERE site_id = :site_id AND kind = :kind AND id = :id;

-- name: identity_add
-- in: site_id int, kind string, id text, since int?, since_event int?, user_id text?, said_at int?
-- in: email text?, identified_at int?, taught int
INSERT OR IGNORE INTO identity (site_id, kind, id, since, since_event, user_id, said_at, email,
	identified_at, taught)
VALUES (:site_id, :kind, :id, coalesce(:since, 0), coalesce(:since_event, 0), :user_id, :said_at,
	:email, :identified_at, :taught);

-- name: identity_tell
-- in: identity_id int, email text, at int, taught int
UPDATE identity SET email = :email, identified_at = :at, taught = max(taught, :taught)
WHERE identity_id = :identity_id;

-- name: identity_replace
-- in: identity_id int, user_id text, at int, taught int
UPDATE identity SET user_id = :user_id, said_at = :at, taught = max(taught, :taught)
WHERE identity_id = :identity_id;

-- The ids that aliases replaced by this userId.
-- name: identity_replaced
-- in: site_id int, user_id text
-- out: id text
SELECT id FROM identity WHERE site_id = :site_id AND user_id = :user_id AND kind = 'user';

-- The users of a device, in order of time.
-- name: identity_claims
-- in: site_id int, id text, max int
-- out: identity_id int, since int, since_event int, user_id text, said_at int
SELECT identity_id, since, since_event, user_id, said_at FROM identity
WHERE site_id = :site_id AND kind = 'device' AND id = :id ORDER BY since, since_event LIMIT :max;

-- name: identity_claim_since
-- in: identity_id int, since int, since_event int
UPDATE identity SET since = :since, since_event = :since_event WHERE identity_id = :identity_id;

-- name: identity_claim_until
-- in: identity_id int, said_at int, taught int
UPDATE identity SET said_at = :said_at, taught = max(taught, :taught)
WHERE identity_id = :identity_id;

-- name: identity_devices
-- in: site_id int, user_id text
-- out: id text
SELECT DISTINCT id FROM identity
WHERE site_id = :site_id AND user_id = :user_id AND kind = 'device';

-- name: identity_count_claims
-- in: site_id int, user_id text
-- one: claims int
SELECT count(*) AS claims FROM identity
WHERE site_id = :site_id AND user_id = :user_id AND kind = 'device';

-- name: identity_drop_claim
-- in: site_id int, user_id text
DELETE FROM identity WHERE identity_id = (SELECT identity_id FROM identity
	WHERE site_id = :site_id AND user_id = :user_id AND kind = 'device'
	ORDER BY taught LIMIT 1);

-- name: identity_drop
-- in: identity_id int
DELETE FROM identity WHERE identity_id = :identity_id;

-- name: identity_drop_of_user
-- in: site_id int, user_id text, taught_until int
DELETE FROM identity
WHERE site_id = :site_id AND user_id = :user_id
	AND (:taught_until = 0 OR taught <= :taught_until);

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
