-- A file that was moved through a terminal: into its container, or out of it. The row is there
-- before the first byte, so that what a process that died had begun is known as well.
CREATE TABLE terminal_file (
    id uuid CONSTRAINT terminal_file_pkey PRIMARY KEY,
    terminal_id uuid NOT NULL REFERENCES terminal (id),
    direction text NOT NULL CONSTRAINT terminal_file_direction CHECK (direction IN ('in', 'out')),
    path text NOT NULL CONSTRAINT terminal_file_path
        CHECK (path LIKE '/%' AND octet_length(path) <= 1024),
    begun_at timestamptz NOT NULL DEFAULT slipway_now(),
    ended_at timestamptz,
    outcome text CONSTRAINT terminal_file_outcome
        CHECK (outcome IN ('done', 'refused', 'broken-off', 'failed')),
    bytes bigint NOT NULL DEFAULT 0 CONSTRAINT terminal_file_bytes CHECK (bytes >= 0),
    -- Of the whole file; of a part of one there is none.
    file_hash bytea CONSTRAINT terminal_file_hash CHECK (length(file_hash) = 32),
    CONSTRAINT terminal_file_ended_says_how CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    CONSTRAINT terminal_file_whole_has_hash
        CHECK ((file_hash IS NOT NULL) = (outcome IS NOT NULL AND outcome = 'done'))
);
CREATE INDEX terminal_file_by_terminal ON terminal_file (terminal_id, id);
REVOKE DELETE ON terminal_file FROM slipway_app;
