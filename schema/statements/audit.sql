-- name: audit_sites
-- out: site_id int, name text, mode text, reason text?, next_attempt_at int, failures int
-- out: unready_since int, pause_at int, pause_by text?, pause_note text?
SELECT site_id, name, mode, reason, next_attempt_at, failures, unready_since, pause_at, pause_by,
	pause_note
FROM site ORDER BY site_id;

-- name: audit_counts
-- out: site_id int, status text, events int
SELECT site_id, status, events FROM status_count;

-- name: audit_pending
-- one: events int
SELECT coalesce(sum(events), 0) AS events FROM status_count WHERE status = 'pending';

-- Events that failed, or that are held but not by an operator, since a time; at most `max` are counted.
-- name: audit_troubled
-- in: since int, max int
-- one: failed int, held int
SELECT coalesce(sum(status = 'failed'), 0) AS failed, coalesce(sum(status = 'held'), 0) AS held
FROM (SELECT status FROM delivery INDEXED BY delivery_settled
	WHERE settled_at >= :since
		AND (status = 'failed' OR (status = 'held' AND reason <> 'operator'))
	LIMIT :max);

-- name: audit_unresolved
-- in: site_id int
-- one: events int
SELECT count(*) AS events FROM delivery INDEXED BY delivery_due
WHERE site_id = :site_id AND status = 'pending' AND awaiting_since IS NOT NULL;

-- The same, but at most `max`.
-- name: audit_awaiting
-- in: site_id int, max int
-- one: events int
SELECT count(*) AS events FROM (SELECT 1 FROM delivery INDEXED BY delivery_due
	WHERE site_id = :site_id AND status = 'pending' AND awaiting_since IS NOT NULL
	LIMIT :max);

-- The oldest pending event whose address is known. It is the first of the due events with a row in
-- delivery, of the delayed events, of the due events in spans, or of the events in flight in spans.
-- name: audit_oldest_pending
-- in: site_id int
-- one: event_id int, received_at int
SELECT event_id, received_at FROM event
WHERE event_id = (SELECT min(event_id) FROM (
	SELECT min(event_id) AS event_id FROM delivery INDEXED BY delivery_due
	WHERE site_id = :site_id AND status = 'pending' AND awaiting_since IS NULL
		AND next_attempt_at = 0
	UNION ALL
	SELECT min(event_id) FROM delivery INDEXED BY delivery_due
	WHERE site_id = :site_id AND status = 'pending' AND awaiting_since IS NULL
		AND next_attempt_at > 0
	UNION ALL
	SELECT * FROM (SELECT e.event_id FROM span r INDEXED BY span_due
		CROSS JOIN event e ON e.event_id BETWEEN r.first_event_id AND r.last_event_id
			AND e.site_id = :site_id
		WHERE r.site_id = :site_id AND r.attempt_id IS NULL
			AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.event_id)
		ORDER BY r.first_event_id LIMIT 1)
	UNION ALL
	SELECT min(r.first_event_id) FROM attempt a INDEXED BY attempt_unclear
	CROSS JOIN span r ON r.attempt_id = a.attempt_id
	WHERE a.outcome IS NULL AND a.site_id = :site_id));

-- The same, but of the delayed events only those whose time comes first are looked at, and of the
-- attempts without a known end only the newest: at most `max` of each.
-- name: audit_oldest_about
-- in: site_id int, max int
-- one: event_id int, received_at int
SELECT event_id, received_at FROM event
WHERE event_id = (SELECT min(event_id) FROM (
	SELECT min(event_id) AS event_id FROM delivery INDEXED BY delivery_due
	WHERE site_id = :site_id AND status = 'pending' AND awaiting_since IS NULL
		AND next_attempt_at = 0
	UNION ALL
	SELECT min(event_id) FROM (SELECT event_id FROM delivery INDEXED BY delivery_due
		WHERE site_id = :site_id AND status = 'pending' AND awaiting_since IS NULL
			AND next_attempt_at > 0
		ORDER BY next_attempt_at LIMIT :max)
	UNION ALL
	SELECT * FROM (SELECT e.event_id FROM span r INDEXED BY span_due
		CROSS JOIN event e ON e.event_id BETWEEN r.first_event_id AND r.last_event_id
			AND e.site_id = :site_id
		WHERE r.site_id = :site_id AND r.attempt_id IS NULL
			AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.event_id)
		ORDER BY r.first_event_id LIMIT 1)
	UNION ALL
	SELECT min(r.first_event_id) FROM (SELECT attempt_id, site_id, outcome
		FROM attempt INDEXED BY attempt_unclear
		WHERE outcome IS NULL OR outcome = 'unknown' ORDER BY attempt_id DESC LIMIT :max) a
	CROSS JOIN span r ON r.attempt_id = a.attempt_id
	WHERE a.outcome IS NULL AND a.site_id = :site_id));

-- name: audit_maybe_sent
-- out: site_id int, maybe_sent int, perhaps_twice int
SELECT site_id, count(*) AS maybe_sent,
	sum(maybe_sent + (status = 'delivered') > 1) AS perhaps_twice
FROM delivery INDEXED BY delivery_maybe_sent WHERE maybe_sent > 0 GROUP BY site_id;

-- name: audit_last_attempt
-- in: site_id int
-- out: attempt_id int, started_at int, finished_at int, http_status int, outcome text?, error text?
SELECT attempt_id, started_at, finished_at, http_status, outcome, error
FROM attempt WHERE site_id = :site_id ORDER BY attempt_id DESC LIMIT 1;
