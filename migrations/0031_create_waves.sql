-- A changed layer on its way to the workloads that it reaches, so many at a time.
CREATE TABLE wave_run (
    id uuid CONSTRAINT wave_run_pkey PRIMARY KEY,
    layer_id uuid NOT NULL,
    number integer NOT NULL,
    request_id uuid NOT NULL REFERENCES request (id)
        CONSTRAINT wave_run_one_per_request UNIQUE,
    -- Workloads in one wave, and the pause after each.
    size integer NOT NULL CONSTRAINT wave_run_size_range CHECK (size BETWEEN 1 AND 100),
    pause_seconds integer NOT NULL
        CONSTRAINT wave_run_pause_range CHECK (pause_seconds BETWEEN 0 AND 86400),
    state text NOT NULL DEFAULT 'rolling'
        CONSTRAINT wave_run_state_known CHECK (state IN ('rolling', 'stopped', 'done')),
    -- Why it stopped, as a code with arguments.
    stopped jsonb,
    author_id uuid NOT NULL REFERENCES account (id),
    state_since timestamptz NOT NULL DEFAULT slipway_now(),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT wave_run_revision FOREIGN KEY (layer_id, number)
        REFERENCES layer_revision (layer_id, number),
    CONSTRAINT wave_run_stopped_says_why CHECK ((state = 'stopped') = (stopped IS NOT NULL))
);
CREATE INDEX wave_run_by_layer ON wave_run (layer_id, created_at DESC);

-- One workload in its wave. How it stands follows from its rollout, or from the note of why
-- there is none.
CREATE TABLE wave_item (
    run_id uuid NOT NULL REFERENCES wave_run (id),
    workload_id uuid NOT NULL REFERENCES workload (id),
    wave integer NOT NULL CONSTRAINT wave_item_wave_positive CHECK (wave > 0),
    position integer NOT NULL,
    rollout_id uuid REFERENCES rollout (id),
    note jsonb,
    noted_at timestamptz,
    CONSTRAINT wave_item_pkey PRIMARY KEY (run_id, workload_id),
    CONSTRAINT wave_item_place UNIQUE (run_id, position),
    CONSTRAINT wave_item_rollout_or_note CHECK (rollout_id IS NULL OR note IS NULL),
    CONSTRAINT wave_item_noted_when CHECK ((note IS NULL) = (noted_at IS NULL))
);
CREATE INDEX wave_item_by_rollout ON wave_item (rollout_id);
