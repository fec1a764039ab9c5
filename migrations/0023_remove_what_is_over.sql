-- Workloads that are taken away, and projects that are off-boarded. Their rows stay: what ran,
-- who asked and who decided is kept. `leaving_at` is the moment of the yes; from then on nothing
-- new begins there.
ALTER TABLE workload ADD COLUMN leaving_at timestamptz;
-- The same place may be asked for again.
ALTER TABLE workload DROP CONSTRAINT workload_identity;
ALTER TABLE workload DROP CONSTRAINT workload_object;
CREATE UNIQUE INDEX workload_identity
    ON workload (project_id, environment_id, cluster_id, component) WHERE leaving_at IS NULL;
CREATE UNIQUE INDEX workload_object
    ON workload (cluster_id, namespace, object_name) WHERE leaving_at IS NULL;

ALTER TABLE project ADD COLUMN leaving_at timestamptz;
ALTER TABLE project ADD COLUMN left_at timestamptz
    CONSTRAINT project_leaves_before_it_left CHECK (left_at IS NULL OR leaving_at IS NOT NULL);

-- The work of taking one workload away.
CREATE TABLE removal (
    id uuid CONSTRAINT removal_pkey PRIMARY KEY,
    workload_id uuid NOT NULL REFERENCES workload (id),
    request_id uuid NOT NULL REFERENCES request (id),
    -- Whether it goes with its whole project, and the namespace with it.
    whole boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    -- When its objects were seen gone, and when there was nothing left to do. One that ended
    -- without the first was given up.
    emptied_at timestamptz,
    ended_at timestamptz
);
CREATE UNIQUE INDEX removal_once ON removal (workload_id) WHERE ended_at IS NULL;
CREATE INDEX removal_by_request ON removal (request_id);
REVOKE DELETE ON removal FROM slipway_app;

CREATE FUNCTION refuse_on_leaving_workload() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM workload WHERE id = NEW.workload_id AND leaving_at IS NOT NULL) THEN
        RAISE EXCEPTION 'the workload is being taken away'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'workload_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER workload_stays BEFORE INSERT ON deployment
    FOR EACH ROW EXECUTE FUNCTION refuse_on_leaving_workload();

-- The same for a rollout that has it still to come. Who takes it away holds its row, so that one of
-- the two sees the other.
CREATE FUNCTION refuse_rollout_onto_leaving() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM workload WHERE id = ANY (NEW.workload_ids) ORDER BY id FOR SHARE;
    IF EXISTS (SELECT 1 FROM workload
        WHERE id = ANY (NEW.workload_ids) AND leaving_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a workload is being taken away'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'workload_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER workload_stays BEFORE INSERT ON rollout
    FOR EACH ROW EXECUTE FUNCTION refuse_rollout_onto_leaving();

-- Waits for an off-boarding that is just being approved, so that nothing slips in beside it.
CREATE FUNCTION refuse_in_leaving_project() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.project_id IS NULL THEN
        RETURN NEW;
    END IF;
    PERFORM 1 FROM project WHERE id = NEW.project_id AND leaving_at IS NULL FOR SHARE;
    IF NOT FOUND AND EXISTS (SELECT 1 FROM project WHERE id = NEW.project_id) THEN
        RAISE EXCEPTION 'the project is being off-boarded'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'project_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER project_stays BEFORE INSERT ON workload
    FOR EACH ROW EXECUTE FUNCTION refuse_in_leaving_project();
CREATE TRIGGER project_stays BEFORE INSERT ON release
    FOR EACH ROW EXECUTE FUNCTION refuse_in_leaving_project();
CREATE TRIGGER project_stays BEFORE INSERT ON request
    FOR EACH ROW EXECUTE FUNCTION refuse_in_leaving_project();
CREATE TRIGGER project_stays BEFORE INSERT ON resource
    FOR EACH ROW EXECUTE FUNCTION refuse_in_leaving_project();
CREATE TRIGGER project_stays BEFORE INSERT ON membership
    FOR EACH ROW EXECUTE FUNCTION refuse_in_leaving_project();
