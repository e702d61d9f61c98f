-- name: requests_add
-- in: portion_at int, outcome string, requests int
INSERT INTO request_count (portion_at, outcome, requests) VALUES (:portion_at, :outcome, :requests)
ON CONFLICT (portion_at, outcome) DO UPDATE SET requests = requests + excluded.requests;

-- name: requests_forget
-- in: before int
DELETE FROM request_count WHERE portion_at < :before;
