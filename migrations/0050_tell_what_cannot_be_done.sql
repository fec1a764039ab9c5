-- Why an open request could not be carried out when it was last looked at, in words; nothing where
-- it can be. It says nothing of what was asked: what can be done again is as it was.
ALTER TABLE request ADD COLUMN stuck jsonb;
