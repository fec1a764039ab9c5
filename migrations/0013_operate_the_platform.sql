-- What operations look for: runs that need a hand, and the runs that another one started.
CREATE INDEX step_in_trouble ON step (run_id)
    WHERE ended_at IS NULL AND (errors > 0 OR state = 'errored');
CREATE INDEX run_by_parent ON run (parent_id) WHERE parent_id IS NOT NULL;

-- The switch that stops production: while its one row is there, nothing new begins there.
CREATE TABLE production_stop (
    one boolean DEFAULT true CONSTRAINT production_stop_pkey PRIMARY KEY
        CONSTRAINT production_stop_one CHECK (one),
    reason text NOT NULL
        CONSTRAINT production_stop_says_why CHECK (length(reason) BETWEEN 1 AND 500),
    -- The way back stays open unless somebody says otherwise.
    holds_rollbacks boolean NOT NULL DEFAULT false,
    account_id uuid NOT NULL REFERENCES account (id),
    since timestamptz NOT NULL DEFAULT slipway_now()
);
CREATE INDEX step_waiting_for ON step ((waits_for ->> 'code')) WHERE state = 'waiting';
