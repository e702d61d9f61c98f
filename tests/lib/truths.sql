-- What is true of every outbox whenever no transaction is open. Each row that a query gives is a fault: its
-- name and an id. For tests in C (lib/truths.h) and in Python (spooltest.FAULTS).

-- An event stands in one place.
SELECT 'stands', event_id FROM event e
WHERE 1 <> (SELECT count(*) FROM state s WHERE s.event_id = e.event_id);

-- The counts agree with the events.
SELECT 'counted', site_id, status, n, coalesce(events, 0)
FROM (SELECT site_id, status, count(*) AS n FROM state GROUP BY 1, 2)
LEFT JOIN status_count USING (site_id, status) WHERE n <> coalesce(events, 0);

SELECT 'counts', site_id, status, events FROM status_count WHERE events <> 0
AND NOT EXISTS (SELECT 1 FROM state s WHERE s.site_id = status_count.site_id
	AND s.status = status_count.status);

-- Spans of a site do not overlap, and their attempts are there.
SELECT 'overlap', a.first_event_id FROM span a
JOIN span b ON b.site_id = a.site_id AND b.first_event_id > a.first_event_id
	AND b.first_event_id <= a.last_event_id;

SELECT 'nowhere', attempt_id FROM span WHERE attempt_id IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.attempt_id = span.attempt_id);
