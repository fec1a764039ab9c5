CREATE TABLE release (
    id uuid CONSTRAINT release_pkey PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES project (id),
    number integer NOT NULL CONSTRAINT release_number_positive CHECK (number > 0),
    tag text NOT NULL
        CONSTRAINT release_tag_grammar CHECK (tag ~ '^[0-9]{8}-[0-9]{6}-u[0-9]+$'),
    reference text NOT NULL CONSTRAINT release_reference_size CHECK (length(reference) <= 255),
    commit_id text NOT NULL
        CONSTRAINT release_commit_grammar CHECK (commit_id ~ '^[0-9a-f]{40}$'),
    commit_title text NOT NULL,
    note text NOT NULL CONSTRAINT release_note_size CHECK (length(note) <= 2000),
    author_id uuid NOT NULL REFERENCES account (id),
    -- A projection of what is recorded elsewhere, written in the same transaction.
    state text NOT NULL CONSTRAINT release_state_known CHECK (state IN (
        'requested', 'tagging', 'building', 'deploying_test', 'awaiting_confirmation',
        'confirmed', 'awaiting_approval', 'deploying_production', 'released', 'failed',
        'rejected', 'cancelled')),
    state_since timestamptz NOT NULL DEFAULT slipway_now(),
    -- Why it failed, as a code with arguments.
    failure jsonb,
    tagged_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT release_number_key UNIQUE (project_id, number),
    CONSTRAINT release_tag_key UNIQUE (project_id, tag),
    CONSTRAINT release_in_project UNIQUE (id, project_id),
    CONSTRAINT release_failure_when_failed CHECK ((state = 'failed') = (failure IS NOT NULL))
);
CREATE INDEX release_by_time ON release (created_at DESC);
CREATE INDEX release_waiting ON release (state) WHERE state NOT IN
    ('released', 'failed', 'rejected', 'cancelled');
ALTER TABLE request ADD CONSTRAINT request_release FOREIGN KEY (release_id)
    REFERENCES release (id);

-- One build attempt of a release. Its RELEASE_ID is the row's id.
CREATE TABLE build (
    id uuid CONSTRAINT build_pkey PRIMARY KEY,
    release_id uuid NOT NULL REFERENCES release (id),
    attempt integer NOT NULL CONSTRAINT build_attempt_positive CHECK (attempt > 0),
    jenkins_id uuid NOT NULL REFERENCES connection (id),
    job text NOT NULL,
    image text NOT NULL,
    queue_number bigint,
    -- Jenkins' number of the one build that counts.
    number bigint,
    result text CONSTRAINT build_result_known
        CHECK (result IN ('SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED')),
    stages jsonb NOT NULL DEFAULT '[]',
    log_offset bigint NOT NULL DEFAULT 0,
    log_lines bigint NOT NULL DEFAULT 0,
    log_complete boolean NOT NULL DEFAULT false,
    started_at timestamptz,
    ended_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT build_attempt_key UNIQUE (release_id, attempt),
    CONSTRAINT build_adopted_once UNIQUE (jenkins_id, job, number),
    CONSTRAINT build_result_when_ended CHECK ((result IS NULL) = (ended_at IS NULL))
);

CREATE TABLE log_chunk (
    build_id uuid NOT NULL,
    -- The server's own offset of the log file at which this chunk begins.
    start_offset bigint NOT NULL,
    first_line bigint NOT NULL,
    line_count bigint NOT NULL,
    text text NOT NULL,
    at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT log_chunk_pkey PRIMARY KEY (build_id, start_offset, at)
) PARTITION BY RANGE (at);
CREATE INDEX log_chunk_by_line ON log_chunk (build_id, first_line);
CREATE TABLE log_chunk_default PARTITION OF log_chunk DEFAULT;
INSERT INTO partitioned_table VALUES ('log_chunk', false);
SELECT slipway_make_partitions(3);

-- An image. Immutable. From a release's build, or imported by operations (then no release).
CREATE TABLE artifact (
    id uuid CONSTRAINT artifact_pkey PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES project (id),
    release_id uuid,
    repository text NOT NULL,
    tag text NOT NULL,
    digest text NOT NULL
        CONSTRAINT artifact_digest_grammar CHECK (digest ~ '^sha256:[0-9a-f]{64}$'),
    size_bytes bigint NOT NULL,
    revision text,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT artifact_tag_key UNIQUE (project_id, repository, tag),
    CONSTRAINT artifact_release_key UNIQUE (release_id),
    CONSTRAINT artifact_in_project UNIQUE (id, project_id),
    CONSTRAINT artifact_release FOREIGN KEY (release_id, project_id)
        REFERENCES release (id, project_id)
);
REVOKE UPDATE, DELETE ON artifact FROM slipway_app;

CREATE TABLE confirmation (
    id uuid CONSTRAINT confirmation_pkey PRIMARY KEY,
    artifact_id uuid NOT NULL REFERENCES artifact (id),
    kind text NOT NULL CONSTRAINT confirmation_kind_known
        CHECK (kind IN ('tested', 'waiver', 'baseline')),
    account_id uuid NOT NULL REFERENCES account (id),
    note text NOT NULL CONSTRAINT confirmation_note_size CHECK (length(note) <= 2000),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    withdrawn_at timestamptz,
    withdrawn_by uuid REFERENCES account (id),
    live boolean GENERATED ALWAYS AS (withdrawn_at IS NULL) STORED,
    CONSTRAINT confirmation_of_artifact UNIQUE (id, artifact_id),
    CONSTRAINT confirmation_while_live UNIQUE (id, artifact_id, live),
    CONSTRAINT confirmation_waiver_says_why CHECK (kind <> 'waiver' OR length(note) > 0)
);
CREATE UNIQUE INDEX confirmation_one_live ON confirmation (artifact_id)
    WHERE withdrawn_at IS NULL;

-- One artifact on its way through all clusters of an environment, in order.
CREATE TABLE rollout (
    id uuid CONSTRAINT rollout_pkey PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES project (id),
    environment_id uuid NOT NULL,
    tier text NOT NULL,
    kind text NOT NULL CONSTRAINT rollout_kind_known
        CHECK (kind IN ('deploy', 'rollback', 'parameters', 'restart')),
    artifact_id uuid NOT NULL,
    release_id uuid REFERENCES release (id),
    confirmation_id uuid,
    request_id uuid REFERENCES request (id),
    author_id uuid NOT NULL REFERENCES account (id),
    reason text NOT NULL DEFAULT '' CONSTRAINT rollout_reason_size CHECK (length(reason) <= 2000),
    -- Workloads still to come, in the environment's order of clusters.
    workload_ids uuid[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    ended_at timestamptz,
    outcome text CONSTRAINT rollout_outcome_known
        CHECK (outcome IN ('succeeded', 'failed', 'superseded')),
    CONSTRAINT rollout_tier_of_environment FOREIGN KEY (environment_id, tier)
        REFERENCES environment (id, tier),
    CONSTRAINT rollout_artifact FOREIGN KEY (artifact_id, project_id)
        REFERENCES artifact (id, project_id),
    CONSTRAINT rollout_confirmation FOREIGN KEY (confirmation_id, artifact_id)
        REFERENCES confirmation (id, artifact_id),
    CONSTRAINT rollout_outcome_when_ended CHECK ((outcome IS NULL) = (ended_at IS NULL)),
    CONSTRAINT rollout_production_confirmed
        CHECK (tier <> 'production' OR confirmation_id IS NOT NULL)
);
CREATE INDEX rollout_by_release ON rollout (release_id);

CREATE TABLE deployment (
    id uuid CONSTRAINT deployment_pkey PRIMARY KEY,
    rollout_id uuid NOT NULL REFERENCES rollout (id),
    workload_id uuid NOT NULL,
    project_id uuid NOT NULL,
    tier text NOT NULL,
    kind text NOT NULL CONSTRAINT deployment_kind_known
        CHECK (kind IN ('deploy', 'rollback', 'parameters', 'restart')),
    sequence bigint NOT NULL,
    artifact_id uuid NOT NULL,
    parameters_revision integer NOT NULL,
    schema_version integer NOT NULL,
    layer_versions jsonb NOT NULL DEFAULT '{}',
    predecessor_id uuid REFERENCES deployment (id),
    confirmation_id uuid,
    -- A copy of the confirmation's `live` while this is unfinished, so that a withdrawal is
    -- refused meanwhile; NULL afterwards.
    confirmation_live boolean,
    state text NOT NULL DEFAULT 'pending' CONSTRAINT deployment_state_known CHECK (state IN (
        'pending', 'applying', 'rolling', 'succeeded', 'failed', 'aborted', 'superseded')),
    -- The last that the cluster was seen to say: counters and trouble, as codes.
    observed jsonb,
    observed_at timestamptz,
    generation bigint,
    -- What a forced apply took over from other hands.
    overwrote jsonb NOT NULL DEFAULT '[]',
    failure jsonb,
    seconds_to_ready double precision,
    author_id uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    ended_at timestamptz,
    CONSTRAINT deployment_sequence_key UNIQUE (workload_id, sequence),
    CONSTRAINT deployment_workload FOREIGN KEY (workload_id, project_id)
        REFERENCES workload (id, project_id),
    CONSTRAINT deployment_tier_of_workload FOREIGN KEY (workload_id, tier)
        REFERENCES workload (id, tier),
    CONSTRAINT deployment_artifact FOREIGN KEY (artifact_id, project_id)
        REFERENCES artifact (id, project_id),
    CONSTRAINT deployment_parameters FOREIGN KEY (workload_id, parameters_revision)
        REFERENCES parameters_revision (workload_id, revision),
    CONSTRAINT deployment_confirmation FOREIGN KEY (confirmation_id, artifact_id)
        REFERENCES confirmation (id, artifact_id),
    CONSTRAINT deployment_confirmation_live
        FOREIGN KEY (confirmation_id, artifact_id, confirmation_live)
        REFERENCES confirmation (id, artifact_id, live),
    CONSTRAINT deployment_production_confirmed
        CHECK (tier <> 'production' OR confirmation_id IS NOT NULL),
    CONSTRAINT deployment_live_while_unfinished CHECK (
        (confirmation_live IS TRUE) = (ended_at IS NULL AND confirmation_id IS NOT NULL)
        AND confirmation_live IS NOT FALSE),
    CONSTRAINT deployment_ended_when_over CHECK (
        (state IN ('succeeded', 'failed', 'aborted', 'superseded')) = (ended_at IS NOT NULL)),
    CONSTRAINT deployment_failure_when_failed CHECK ((state = 'failed') = (failure IS NOT NULL))
);
CREATE UNIQUE INDEX deployment_one_unfinished ON deployment (workload_id)
    WHERE ended_at IS NULL;
CREATE INDEX deployment_by_rollout ON deployment (rollout_id);
CREATE INDEX deployment_by_workload ON deployment (workload_id, sequence DESC);
