-- What an operator said of a site: nothing is sent for it while pause_at is set.
ALTER TABLE site ADD COLUMN pause_at INTEGER;
ALTER TABLE site ADD COLUMN pause_by TEXT;
ALTER TABLE site ADD COLUMN pause_note TEXT;
