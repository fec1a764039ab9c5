-- A password that somebody else made: good for one sign-in before this time, which sets another.
ALTER TABLE account ADD COLUMN password_until timestamptz;
-- Lists of people go on after a name.
CREATE INDEX session_seen ON session (account_id, touched_at DESC);
