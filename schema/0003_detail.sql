-- A sentence beside the reason, where no attempt explains it.
ALTER TABLE delivery ADD COLUMN detail TEXT;
