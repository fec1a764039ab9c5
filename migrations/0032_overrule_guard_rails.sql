-- A guard rail that does not count for one component of a project in one environment, by
-- operations and with a reason, until somebody ends it.
CREATE TABLE rail_override (
    id uuid CONSTRAINT rail_override_pkey PRIMARY KEY,
    rail text NOT NULL CONSTRAINT rail_override_rail_size CHECK (length(rail) BETWEEN 1 AND 40),
    project_id uuid NOT NULL REFERENCES project (id),
    environment_id uuid NOT NULL REFERENCES environment (id),
    component text NOT NULL
        CONSTRAINT rail_override_component_size CHECK (component ~ '^[a-z][a-z0-9]{0,14}$'),
    reason text NOT NULL
        CONSTRAINT rail_override_reason_size CHECK (length(reason) BETWEEN 1 AND 2000),
    author_id uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    ended_at timestamptz,
    ended_by uuid REFERENCES account (id),
    CONSTRAINT rail_override_ended_by CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX rail_override_once
    ON rail_override (rail, project_id, environment_id, component) WHERE ended_at IS NULL;
REVOKE DELETE ON rail_override FROM slipway_app;
