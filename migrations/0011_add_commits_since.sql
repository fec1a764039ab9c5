-- What a release brings beyond the one before it, as GitLab told when it was opened: two commits
-- never change, so neither does this. NULL where there is none before it, or GitLab did not say.
ALTER TABLE release ADD COLUMN since jsonb;
CREATE INDEX release_by_commit ON release (project_id, commit_id);
