-- Several requests that were filed in one go.
CREATE TABLE request_group (
    id uuid CONSTRAINT request_group_pkey PRIMARY KEY,
    author_id uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL DEFAULT slipway_now()
);

CREATE TABLE request (
    id uuid CONSTRAINT request_pkey PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT request_number_key UNIQUE,
    kind text NOT NULL CONSTRAINT request_kind_size CHECK (length(kind) <= 40),
    -- What the request is about, in words that a list can show without reading the payload.
    subject text NOT NULL CONSTRAINT request_subject_size CHECK (length(subject) <= 120),
    project_id uuid REFERENCES project (id),
    environment_id uuid REFERENCES environment (id),
    release_id uuid,
    group_id uuid REFERENCES request_group (id),
    author_id uuid NOT NULL REFERENCES account (id),
    revision integer NOT NULL DEFAULT 1,
    state text NOT NULL DEFAULT 'open' CONSTRAINT request_state_known
        CHECK (state IN ('open', 'approved', 'rejected', 'withdrawn', 'expired', 'done', 'failed')),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    decided_at timestamptz,
    expires_at timestamptz,
    CONSTRAINT request_with_author UNIQUE (id, author_id),
    CONSTRAINT request_decided_when_not_open CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE INDEX request_open ON request (number DESC) WHERE state = 'open';
CREATE INDEX request_by_author ON request (author_id, number DESC);
CREATE INDEX request_by_project ON request (project_id, number DESC);
-- One onboarding of a name at a time, and one open question per release and environment.
CREATE UNIQUE INDEX request_one_onboarding ON request (subject)
    WHERE kind = 'onboarding' AND state IN ('open', 'approved');
CREATE UNIQUE INDEX request_one_per_release ON request (release_id, environment_id)
    WHERE state = 'open' AND release_id IS NOT NULL;

-- Immutable: a change is a new revision. The hash covers what a decider is shown.
CREATE TABLE request_revision (
    request_id uuid NOT NULL,
    revision integer NOT NULL CONSTRAINT request_revision_positive CHECK (revision > 0),
    author_id uuid NOT NULL,
    payload jsonb NOT NULL,
    -- What would follow from the payload: objects, versions, digests.
    computed jsonb NOT NULL,
    hash bytea NOT NULL CONSTRAINT request_revision_hash_size CHECK (length(hash) = 32),
    note text NOT NULL CONSTRAINT request_revision_note_size CHECK (length(note) <= 2000),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT request_revision_pkey PRIMARY KEY (request_id, revision),
    CONSTRAINT request_revision_content UNIQUE (request_id, revision, hash),
    CONSTRAINT request_revision_of_author FOREIGN KEY (request_id, author_id)
        REFERENCES request (id, author_id)
);
REVOKE UPDATE, DELETE ON request_revision FROM slipway_app;

-- Whose yes a revision needs: so many of those who hold a right or belong to a group.
CREATE TABLE request_quorum (
    request_id uuid NOT NULL,
    revision integer NOT NULL,
    position integer NOT NULL,
    permission text,
    group_id uuid REFERENCES people_group (id),
    needed integer NOT NULL CONSTRAINT request_quorum_needed CHECK (needed BETWEEN 1 AND 9),
    CONSTRAINT request_quorum_pkey PRIMARY KEY (request_id, revision, position),
    CONSTRAINT request_quorum_of_one FOREIGN KEY (request_id, revision)
        REFERENCES request_revision (request_id, revision),
    CONSTRAINT request_quorum_right_or_group
        CHECK ((permission IS NULL) <> (group_id IS NULL))
);

CREATE TABLE decision (
    id uuid CONSTRAINT decision_pkey PRIMARY KEY,
    request_id uuid NOT NULL,
    revision integer NOT NULL,
    hash bytea NOT NULL,
    author_id uuid NOT NULL,
    decider_id uuid NOT NULL REFERENCES account (id),
    verdict text NOT NULL
        CONSTRAINT decision_verdict_known CHECK (verdict IN ('approve', 'reject')),
    comment text NOT NULL CONSTRAINT decision_comment_size CHECK (length(comment) <= 2000),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT decision_on_what_was_shown FOREIGN KEY (request_id, revision, hash)
        REFERENCES request_revision (request_id, revision, hash),
    CONSTRAINT decision_knows_author FOREIGN KEY (request_id, author_id)
        REFERENCES request (id, author_id),
    CONSTRAINT decision_not_by_author CHECK (decider_id <> author_id),
    CONSTRAINT decision_once UNIQUE (request_id, revision, decider_id),
    CONSTRAINT decision_reject_says_why CHECK (verdict = 'approve' OR length(comment) > 0)
);
REVOKE UPDATE, DELETE ON decision FROM slipway_app;
