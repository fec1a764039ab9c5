-- A job that the portal made and somebody edited may be kept as it is. It stays the portal's: it
-- goes with its project, which somebody's own job that was let in does not.

ALTER TABLE job_adoption ADD COLUMN of_ours boolean NOT NULL DEFAULT false;
