-- Leaves out rows that have neither an address nor a userId: they only mark ids that have aliases.
-- name: export_identities
-- out: site text, kind text, id text, email text?, identified_at int, user_id text?, since int
-- out: said_at int
SELECT s.name AS site, i.kind, i.id, i.email, i.identified_at, i.user_id, i.since, i.said_at
FROM identity i CROSS JOIN site s ON s.site_id = i.site_id
WHERE i.email IS NOT NULL OR i.user_id IS NOT NULL ORDER BY i.identity_id;
