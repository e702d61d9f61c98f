-- The blocks that a walk over the matching events has to read (outbox/filter/walk.h).

-- The first event of the newest block, which is not complete.
-- name: filter_open_block
-- one: event_id int
SELECT coalesce(max(block) + 1, 0) << 11 AS event_id FROM event_block;

-- kinds: names, each between commas. The name and the site are compared as outbox/filter does.
-- name: filter_blocks
-- in: low int, high int, since int, until int, any bool, kinds text?, name text?, site text?
-- out: block int
SELECT b.block FROM event_block b
WHERE b.block BETWEEN :low AND :high
	AND b.last_received_at >= :since AND b.first_received_at < :until
	AND (:any OR NOT b.counted OR EXISTS (SELECT 1 FROM event_block_count c
		WHERE c.block = b.block
			AND (:name IS NULL OR c.name GLOB :name)
			AND (:kinds IS NULL OR instr(:kinds, ',' || c.kind || ','))
			AND (:site IS NULL
				OR c.site_id = (SELECT site_id FROM site WHERE name = :site))))
ORDER BY b.block;

-- The same, newest first.
-- name: filter_blocks_back
-- in: low int, high int, since int, until int, any bool, kinds text?, name text?, site text?
-- out: block int
SELECT b.block FROM event_block b
WHERE b.block BETWEEN :low AND :high
	AND b.last_received_at >= :since AND b.first_received_at < :until
	AND (:any OR NOT b.counted OR EXISTS (SELECT 1 FROM event_block_count c
		WHERE c.block = b.block
			AND (:name IS NULL OR c.name GLOB :name)
			AND (:kinds IS NULL OR instr(:kinds, ',' || c.kind || ','))
			AND (:site IS NULL
				OR c.site_id = (SELECT site_id FROM site WHERE name = :site))))
ORDER BY b.block DESC;

-- name: filter_addresses
-- in: part int
-- out: entries blob
SELECT entries FROM event_address WHERE part = :part;

-- Events of an address in blocks that are not complete, and events whose address came later.
-- name: filter_of_address
-- in: low int, high int, open int, email text, max int
-- out: event_id int
SELECT event_id FROM (
	SELECT event_id FROM event
	WHERE event_id BETWEEN max(:low, :open) AND :high AND email = :email COLLATE NOCASE
	UNION ALL
	SELECT event_id FROM delivery INDEXED BY delivery_email
	WHERE email = :email COLLATE NOCASE AND email IS NOT NULL
		AND event_id BETWEEN :low AND :high)
ORDER BY event_id LIMIT :max;

-- The same, newest first.
-- name: filter_of_address_back
-- in: low int, high int, open int, email text, max int
-- out: event_id int
SELECT event_id FROM (
	SELECT event_id FROM event
	WHERE event_id BETWEEN max(:low, :open) AND :high AND email = :email COLLATE NOCASE
	UNION ALL
	SELECT event_id FROM delivery INDEXED BY delivery_email
	WHERE email = :email COLLATE NOCASE AND email IS NOT NULL
		AND event_id BETWEEN :low AND :high)
ORDER BY event_id DESC LIMIT :max;

-- The first event from :low on that a box of this name may have forwarded. Two sites may have boxes of one
-- name.
-- name: filter_via
-- in: name text, low int
-- one: event_id int
SELECT min(coalesce(
	(SELECT iif(v.last_event_id >= :low, :low, NULL) FROM via v
		WHERE v.box_id = b.box_id AND v.first_event_id <= :low
		ORDER BY v.first_event_id DESC LIMIT 1),
	(SELECT v.first_event_id FROM via v
		WHERE v.box_id = b.box_id AND v.first_event_id > :low
		ORDER BY v.first_event_id LIMIT 1))) AS event_id
FROM box b WHERE b.name = :name;

-- The last such event up to :high.
-- name: filter_via_back
-- in: name text, high int
-- one: event_id int
SELECT max((SELECT min(v.last_event_id, :high) FROM via v
	WHERE v.box_id = b.box_id AND v.first_event_id <= :high
	ORDER BY v.first_event_id DESC LIMIT 1)) AS event_id
FROM box b WHERE b.name = :name;

-- The requests around that event and after it.
-- name: filter_via_rows
-- in: name text, event_id int
-- out: first_event_id int, last_event_id int
SELECT v.first_event_id, v.last_event_id FROM via v CROSS JOIN box b ON b.box_id = v.box_id
WHERE v.first_event_id >= coalesce((SELECT max(x.first_event_id) FROM via x
		WHERE x.first_event_id <= :event_id), 0)
	AND b.name = :name
ORDER BY v.first_event_id;

-- The same, newest first.
-- name: filter_via_rows_back
-- in: name text, event_id int
-- out: first_event_id int, last_event_id int
SELECT v.first_event_id, v.last_event_id FROM via v CROSS JOIN box b ON b.box_id = v.box_id
WHERE v.first_event_id <= :event_id AND b.name = :name
ORDER BY v.first_event_id DESC;

-- The spans that have pending events: due ones, and those of attempts in flight.
-- name: filter_pending_spans
-- out: first_event_id int, last_event_id int
SELECT first_event_id, last_event_id FROM span INDEXED BY span_due WHERE attempt_id IS NULL
UNION ALL
SELECT r.first_event_id, r.last_event_id FROM attempt a INDEXED BY attempt_unclear
CROSS JOIN span r ON r.attempt_id = a.attempt_id
WHERE a.outcome IS NULL
ORDER BY 1;

-- No event in a span is delivered above sent_to, or pending below due_from.
-- name: filter_bounds
-- one: sent_to int, due_from int
SELECT coalesce((SELECT max(last_event_id) FROM span WHERE attempt_id IS NOT NULL), -1) AS sent_to,
	coalesce((SELECT min(first_event_id) FROM (
		SELECT first_event_id FROM span INDEXED BY span_due WHERE attempt_id IS NULL
		UNION ALL
		SELECT first_event_id FROM attempt INDEXED BY attempt_unclear WHERE outcome IS NULL)),
		9223372036854775807) AS due_from;

-- The blocks with events in a period, each with the number of those that match, or -1 if only the
-- events themselves tell.
-- name: filter_block_sums
-- in: since int, until int, any bool, kinds text?, name text?, site text?
-- out: block int, events int
SELECT b.block, CASE
	WHEN b.first_received_at < :since OR b.last_received_at >= :until THEN -1
	WHEN :any THEN b.events
	WHEN NOT b.counted THEN -1
	ELSE (SELECT coalesce(sum(c.events), 0) FROM event_block_count c
		WHERE c.block = b.block
			AND (:name IS NULL OR c.name GLOB :name)
			AND (:kinds IS NULL OR instr(:kinds, ',' || c.kind || ','))
			AND (:site IS NULL
				OR c.site_id = (SELECT site_id FROM site WHERE name = :site)))
	END AS events
FROM event_block b
WHERE b.last_received_at >= :since AND b.first_received_at < :until
ORDER BY b.block;

-- The number of events by site and status.
-- name: filter_status_count
-- in: site text?, statuses text?
-- one: events int
SELECT coalesce(sum(events), 0) AS events FROM status_count
WHERE (:site IS NULL OR site_id = (SELECT site_id FROM site WHERE name = :site))
	AND (:statuses IS NULL OR instr(:statuses, ',' || status || ','));
