-- What onboarding made for a project outside of the portal, or found there: one row a project.
CREATE TABLE project_place (
    id uuid CONSTRAINT project_place_pkey PRIMARY KEY REFERENCES project (id),
    -- The word that GitLab shows with each delivery; sealed, and there before GitLab is asked.
    hook_token bytea NOT NULL,
    hook_token_key text NOT NULL,
    -- GitLab's number of our webhook; none where GitLab let us make none, with why.
    hook bigint,
    hook_trouble jsonb,
    hook_at timestamptz,
    -- What GitLab told us last; pages take it as no more than a reason to look again.
    pushed_at timestamptz,
    pushed_ref text CONSTRAINT project_place_ref_is_short CHECK (length(pushed_ref) <= 300),
    pushed_commit text CONSTRAINT project_place_commit_is_hex
        CHECK (pushed_commit ~ '^([0-9a-f]{40}|[0-9a-f]{64})$'),
    -- The job, once Jenkins said that it can be built; `foreign` where one of this name is
    -- somebody else's, about which the first release asks operations.
    jenkins_id uuid REFERENCES connection (id),
    job text,
    job_state text CONSTRAINT project_place_job_state CHECK (job_state IN ('ready', 'foreign')),
    job_at timestamptz,
    -- Where images go, and whether our own account may write there; Jenkins has its own.
    image text,
    image_writable boolean,
    image_at timestamptz
);
REVOKE DELETE ON project_place FROM slipway_app;

-- Deliveries of GitLab that were heard: one that comes again changes nothing.
CREATE TABLE push_heard (
    project_id uuid NOT NULL REFERENCES project (id),
    delivery text NOT NULL CONSTRAINT push_heard_is_short CHECK (length(delivery) <= 100),
    heard_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT push_heard_pkey PRIMARY KEY (project_id, delivery)
);
CREATE INDEX push_heard_by_time ON push_heard (project_id, heard_at);
