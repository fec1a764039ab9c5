-- One component of a project in one environment on one cluster.
CREATE TABLE workload (
    id uuid CONSTRAINT workload_pkey PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES project (id),
    environment_id uuid NOT NULL,
    tier text NOT NULL,
    cluster_id uuid NOT NULL REFERENCES cluster (id),
    component text NOT NULL,
    namespace text NOT NULL CONSTRAINT workload_namespace_grammar
        CHECK (namespace ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' AND namespace !~ '^kube-'),
    object_name text NOT NULL CONSTRAINT workload_object_name_grammar
        CHECK (object_name ~ '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$'),
    selector jsonb NOT NULL,
    -- The number of the newest deployment; the cluster's annotation is compared with it.
    sequence bigint NOT NULL DEFAULT 0,
    parameters_revision integer NOT NULL DEFAULT 1,
    prepared_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT workload_identity UNIQUE (project_id, environment_id, cluster_id, component),
    CONSTRAINT workload_object UNIQUE (cluster_id, namespace, object_name),
    CONSTRAINT workload_with_tier UNIQUE (id, tier),
    CONSTRAINT workload_in_project UNIQUE (id, project_id),
    CONSTRAINT workload_tier_of_environment FOREIGN KEY (environment_id, tier)
        REFERENCES environment (id, tier),
    CONSTRAINT workload_component_of_project FOREIGN KEY (project_id, component)
        REFERENCES component (project_id, key)
);

-- Immutable: the document from which a workload's objects are computed.
CREATE TABLE parameters_revision (
    workload_id uuid NOT NULL REFERENCES workload (id),
    revision integer NOT NULL CONSTRAINT parameters_revision_positive CHECK (revision > 0),
    schema_version integer NOT NULL,
    -- Versions of the layers beneath, by layer; empty until standards have layers.
    layer_versions jsonb NOT NULL DEFAULT '{}',
    document jsonb NOT NULL,
    request_id uuid REFERENCES request (id),
    author_id uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT parameters_revision_pkey PRIMARY KEY (workload_id, revision)
);
REVOKE UPDATE, DELETE ON parameters_revision FROM slipway_app;
