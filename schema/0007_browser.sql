-- 1: the request had an Origin, so that anybody who sees the page could have written the event.
ALTER TABLE event ADD COLUMN browser INTEGER;
