-- name: envelope_add
-- in: envelope_id int, context text, integrations text, sent_at text, checksum int
INSERT INTO envelope (envelope_id, context, integrations, sent_at, checksum)
VALUES (:envelope_id, :context, :integrations, :sent_at, :checksum);

-- name: envelope_set_events
-- in: envelope_id int, events int
UPDATE envelope SET events = :events, payloads = :events
WHERE envelope_id = :envelope_id;

-- The highest id ever assigned: of the newest event, or of a newer one that retention removed.
-- name: event_last_id
-- one: event_id int
SELECT max(value, coalesce((SELECT max(event_id) FROM event), 0)) AS event_id
FROM meta WHERE key = 'purged_to';

-- name: event_add
-- in: event_id int, site_id int, message_id text, kind text, name text?, email text?
-- in: occurred_at int, received_at int, envelope_id int?, body text?, browser bool
-- in: provisional int?, checksum int
INSERT INTO event (event_id, site_id, message_id, kind, name, email, occurred_at, received_at,
	envelope_id, body, browser, provisional, checksum)
VALUES (:event_id, :site_id, :message_id, :kind, :name, :email, :occurred_at, :received_at,
	:envelope_id, :body, :browser, :provisional, :checksum);

-- name: delivery_add
-- in: event_id int, site_id int, status string, reason string?, settled_at int?
-- in: detail string?, awaiting_since int?, email text?, user_id text?, anonymous_id text?
INSERT INTO delivery (event_id, site_id, status, reason, settled_at, detail,
	awaiting_since, email, user_id, anonymous_id)
VALUES (:event_id, :site_id, :status, :reason, :settled_at, :detail,
	:awaiting_since, :email, :user_id, :anonymous_id);

-- name: erasure_add
-- in: event_id int, email text
INSERT INTO erasure (event_id, email) VALUES (:event_id, :email);

-- The stored body, unless retention has removed it.
-- name: store_body
-- in: event_id int
-- out: body text
SELECT body FROM event WHERE event_id = :event_id AND body IS NOT NULL;
