-- What a workload keeps of a Deployment that ran before the portal knew it: the object's uid, the
-- names of its container, its Service and its autoscaler, and the parts of it that stay as they
-- are until somebody says otherwise. Without it the portal made the object itself.
ALTER TABLE workload ADD COLUMN found jsonb
    CONSTRAINT workload_found_names_object CHECK (found IS NULL
        OR COALESCE(length(found ->> 'uid'), 0) BETWEEN 1 AND 64)
    CONSTRAINT workload_found_container_grammar CHECK (found IS NULL
        OR COALESCE(found ->> 'container', '') ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$');
