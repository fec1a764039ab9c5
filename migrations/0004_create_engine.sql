-- The durable engine's record: a run is a line of steps, a step has attempts and perhaps one
-- effect in the outside world, and messages leave by the outbox.
CREATE TABLE run (
    id uuid CONSTRAINT run_pkey PRIMARY KEY,
    kind text NOT NULL CONSTRAINT run_kind_size CHECK (length(kind) <= 60),
    subject_id uuid NOT NULL,
    project_id uuid,
    parent_id uuid REFERENCES run (id),
    state text NOT NULL DEFAULT 'active'
        CONSTRAINT run_state_known CHECK (state IN ('active', 'done', 'failed', 'abandoned')),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    ended_at timestamptz,
    CONSTRAINT run_ended_when_over CHECK ((state = 'active') = (ended_at IS NULL))
);
CREATE INDEX run_by_subject ON run (subject_id);
CREATE INDEX run_active ON run (created_at) WHERE state = 'active';

CREATE TABLE step (
    id uuid CONSTRAINT step_pkey PRIMARY KEY,
    run_id uuid NOT NULL REFERENCES run (id),
    name text NOT NULL CONSTRAINT step_name_size CHECK (length(name) <= 60),
    lane text NOT NULL CONSTRAINT step_lane_size CHECK (length(lane) <= 100),
    state text NOT NULL DEFAULT 'ready' CONSTRAINT step_state_known
        CHECK (state IN ('ready', 'running', 'waiting', 'done', 'failed', 'errored', 'abandoned')),
    input jsonb NOT NULL,
    output jsonb,
    waits_for jsonb,
    attempt integer NOT NULL DEFAULT 0,
    errors integer NOT NULL DEFAULT 0,
    wake_at timestamptz NOT NULL DEFAULT slipway_now(),
    lease_until timestamptz,
    worker text,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    started_at timestamptz,
    ended_at timestamptz,
    CONSTRAINT step_once_per_run UNIQUE (run_id, name),
    CONSTRAINT step_leased_when_running
        CHECK ((state = 'running') = (lease_until IS NOT NULL AND worker IS NOT NULL)),
    CONSTRAINT step_ended_when_over
        CHECK ((state IN ('done', 'failed', 'abandoned')) = (ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX step_one_active_per_run ON step (run_id) WHERE ended_at IS NULL;
CREATE INDEX step_due ON step (wake_at) WHERE state IN ('ready', 'waiting');
CREATE INDEX step_leased ON step (lease_until) WHERE state = 'running';

CREATE TABLE step_attempt (
    step_id uuid NOT NULL REFERENCES step (id),
    attempt integer NOT NULL,
    worker text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT slipway_now(),
    ended_at timestamptz,
    outcome text CONSTRAINT step_attempt_outcome_known
        CHECK (outcome IN ('done', 'wait', 'retry', 'failed', 'lost', 'abandoned')),
    detail jsonb,
    CONSTRAINT step_attempt_pkey PRIMARY KEY (step_id, attempt)
);

-- One change in the outside world. Its name is stored before the call; the intent's hash shows
-- whether a repeat means the same.
CREATE TABLE effect (
    id uuid CONSTRAINT effect_pkey PRIMARY KEY,
    step_id uuid NOT NULL CONSTRAINT effect_one_per_step UNIQUE REFERENCES step (id),
    kind text NOT NULL,
    target text NOT NULL,
    name text NOT NULL CONSTRAINT effect_name_size CHECK (length(name) BETWEEN 1 AND 300),
    intent_hash bytea NOT NULL
        CONSTRAINT effect_intent_hash_size CHECK (length(intent_hash) = 32),
    state text NOT NULL DEFAULT 'intended' CONSTRAINT effect_state_known
        CHECK (state IN ('intended', 'attempted', 'confirmed', 'abandoned')),
    attempts integer NOT NULL DEFAULT 0,
    attempted_at timestamptz,
    confirmed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT slipway_now()
);
CREATE INDEX effect_by_name ON effect (kind, target, name);

CREATE TABLE outbox (
    id uuid CONSTRAINT outbox_pkey PRIMARY KEY,
    key text NOT NULL CONSTRAINT outbox_once UNIQUE,
    topic text NOT NULL,
    payload jsonb NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT slipway_now(),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    sent_at timestamptz,
    last_error text
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE sent_at IS NULL;
