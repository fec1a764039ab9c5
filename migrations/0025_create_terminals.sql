-- A shell that somebody opened in a container, and how it ended. What it showed is in its
-- recording; what was typed is nowhere.
CREATE TABLE terminal (
    id uuid CONSTRAINT terminal_pkey PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    project_id uuid NOT NULL REFERENCES project (id),
    workload_id uuid NOT NULL REFERENCES workload (id),
    environment_id uuid NOT NULL REFERENCES environment (id),
    cluster_id uuid NOT NULL REFERENCES cluster (id),
    tier text NOT NULL CONSTRAINT terminal_tier_known CHECK (tier IN ('test', 'production')),
    namespace text NOT NULL,
    pod text NOT NULL,
    container text NOT NULL,
    reason text NOT NULL DEFAULT ''
        CONSTRAINT terminal_reason_size CHECK (length(reason) <= 2000),
    -- Whether there is no shell without its recording.
    strict boolean NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT slipway_now(),
    -- When its shell was asked for; none before somebody came with the pass.
    started_at timestamptz,
    -- No later than this, whatever happens.
    ends_at timestamptz NOT NULL,
    -- The process that holds the shell, and until when it is believed to be alive.
    replica uuid NOT NULL,
    alive_until timestamptz NOT NULL,
    ended_at timestamptz,
    ending text CONSTRAINT terminal_ending_known CHECK (ending IN (
        'exited', 'killed', 'no-shell', 'gone', 'unreachable', 'failed', 'lost', 'closed', 'idle',
        'too-long', 'abandoned', 'unused', 'signed-out', 'right-lost', 'right-unknown',
        'no-recorder', 'portal-stopped', 'portal-lost')),
    exit_code integer,
    output_bytes bigint NOT NULL DEFAULT 0,
    CONSTRAINT terminal_production_says_why CHECK (tier <> 'production' OR length(reason) > 0),
    CONSTRAINT terminal_ended_says_how CHECK ((ended_at IS NULL) = (ending IS NULL)),
    CONSTRAINT terminal_exited_says_code
        CHECK ((exit_code IS NOT NULL) = (ending IS NOT NULL AND ending = 'exited')),
    CONSTRAINT terminal_ends CHECK (ends_at > opened_at)
);
CREATE INDEX terminal_by_project ON terminal (project_id, id DESC);
CREATE INDEX terminal_by_account ON terminal (account_id, id DESC);
CREATE INDEX terminal_open ON terminal (account_id) WHERE ended_at IS NULL;
REVOKE DELETE ON terminal FROM slipway_app;

-- The way into one terminal for one person, as a hash: good once, and for half a minute.
CREATE TABLE terminal_pass (
    id uuid CONSTRAINT terminal_pass_pkey PRIMARY KEY,
    terminal_id uuid NOT NULL REFERENCES terminal (id),
    account_id uuid NOT NULL REFERENCES account (id),
    pass_hash bytea NOT NULL CONSTRAINT terminal_pass_hash_key UNIQUE
        CONSTRAINT terminal_pass_hash_size CHECK (length(pass_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT terminal_pass_is_short
        CHECK (expires_at > created_at AND expires_at <= created_at + interval '30 seconds')
);
CREATE INDEX terminal_pass_by_terminal ON terminal_pass (terminal_id);
REVOKE UPDATE, DELETE ON terminal_pass FROM slipway_app;

-- That somebody came with a pass, which is used up by it.
CREATE TABLE terminal_visit (
    pass_id uuid CONSTRAINT terminal_visit_once PRIMARY KEY REFERENCES terminal_pass (id),
    address inet,
    at timestamptz NOT NULL DEFAULT slipway_now()
);
REVOKE UPDATE, DELETE ON terminal_visit FROM slipway_app;

-- What a terminal showed, in pieces of about a second; each can be read without the others.
CREATE TABLE recording_chunk (
    terminal_id uuid NOT NULL,
    sequence integer NOT NULL,
    at timestamptz NOT NULL DEFAULT slipway_now(),
    -- Milliseconds since the shell was asked for, at its last frame.
    until_ms bigint NOT NULL,
    frames bytea NOT NULL
        CONSTRAINT recording_chunk_size CHECK (length(frames) <= 4 * 1024 * 1024),
    CONSTRAINT recording_chunk_pkey PRIMARY KEY (terminal_id, sequence, at)
) PARTITION BY RANGE (at);
CREATE TABLE recording_chunk_default PARTITION OF recording_chunk DEFAULT;
INSERT INTO partitioned_table VALUES ('recording_chunk', true);
REVOKE UPDATE, DELETE, TRUNCATE ON recording_chunk, recording_chunk_default FROM slipway_app;
SELECT slipway_make_partitions(3);
