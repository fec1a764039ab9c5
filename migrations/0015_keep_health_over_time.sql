-- Work that comes round again: whoever finds a timer due moves it on, in one statement, and runs it.
CREATE TABLE timer (
    name text CONSTRAINT timer_pkey PRIMARY KEY
        CONSTRAINT timer_name_size CHECK (length(name) BETWEEN 1 AND 60),
    due_at timestamptz NOT NULL,
    began_at timestamptz NOT NULL DEFAULT slipway_now(),
    ended_at timestamptz,
    failure text
);

-- What each look at an outside system came to, for the strip over a day.
CREATE TABLE health_sample (
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT slipway_now(),
    ok boolean NOT NULL,
    millis integer NOT NULL,
    code text NOT NULL,
    CONSTRAINT health_sample_pkey PRIMARY KEY (subject_kind, subject_id, at)
);
CREATE INDEX health_sample_by_time ON health_sample (at);

-- Processes that work, each with a sign of life.
CREATE TABLE worker (
    id text CONSTRAINT worker_pkey PRIMARY KEY
        CONSTRAINT worker_id_size CHECK (length(id) BETWEEN 1 AND 100),
    version text NOT NULL,
    places integer NOT NULL,
    per_lane integer NOT NULL,
    started_at timestamptz NOT NULL DEFAULT slipway_now(),
    seen_at timestamptz NOT NULL DEFAULT slipway_now()
);

-- What the trail is searched by.
CREATE INDEX audit_entry_by_account ON audit_entry (account_name, seq DESC);
CREATE INDEX audit_entry_by_action ON audit_entry (action, seq DESC);
CREATE INDEX audit_entry_by_seq ON audit_entry (seq DESC);
