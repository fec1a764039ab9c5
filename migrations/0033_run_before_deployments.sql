-- What a service's own command did before its containers were replaced: its Job, how it stands,
-- how it ended, its last lines. Nothing where none was asked for.
ALTER TABLE deployment ADD COLUMN before_run jsonb
    CONSTRAINT deployment_before_run_object CHECK (jsonb_typeof(before_run) = 'object');
