-- Most frequent outcome first.
-- name: audit_intake
-- in: portion_at int
-- out: outcome text, requests int
SELECT outcome, sum(requests) AS requests FROM request_count
WHERE portion_at >= :portion_at
GROUP BY outcome ORDER BY requests DESC, outcome;
