-- name: export_identities
-- out: person int, site text, kind text, id text, email text?, identified_at int, with_user text?
SELECT i.person, s.name AS site, i.kind, i.id, i.email, i.identified_at, i.with_user
FROM identity i JOIN site s ON s.site_id = i.site_id ORDER BY i.person;
