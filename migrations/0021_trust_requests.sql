-- What a group of people is for, in the company's own words.
ALTER TABLE people_group ADD COLUMN name text NOT NULL DEFAULT ''
    CONSTRAINT people_group_name_size CHECK (length(name) <= 80);

-- Who decides in somebody's stead while they are away.
CREATE TABLE delegation (
    id uuid CONSTRAINT delegation_pkey PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    deputy_id uuid NOT NULL REFERENCES account (id),
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    ended_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT delegation_to_another CHECK (deputy_id <> account_id),
    CONSTRAINT delegation_has_an_end CHECK (ends_at > begins_at
        AND ends_at <= begins_at + interval '90 days')
);
CREATE INDEX delegation_by_deputy ON delegation (deputy_id, ends_at) WHERE ended_at IS NULL;
CREATE INDEX delegation_by_account ON delegation (account_id, ends_at) WHERE ended_at IS NULL;

-- Whose yes a kind of request needs: everywhere, in an environment, in a project, or in one
-- environment of one project. The narrowest that fits is the one that counts.
CREATE TABLE request_policy (
    id uuid CONSTRAINT request_policy_pkey PRIMARY KEY,
    kind text NOT NULL CONSTRAINT request_policy_kind_size CHECK (length(kind) <= 40),
    environment_id uuid REFERENCES environment (id),
    project_id uuid REFERENCES project (id),
    excludes text[] NOT NULL DEFAULT '{}' CONSTRAINT request_policy_excludes_known
        CHECK (excludes <@ ARRAY['builder', 'confirmer']),
    expires_hours integer NOT NULL CONSTRAINT request_policy_expires
        CHECK (expires_hours BETWEEN 1 AND 2160),
    remind_hours integer NOT NULL CONSTRAINT request_policy_reminds
        CHECK (remind_hours BETWEEN 1 AND 2160),
    note text NOT NULL CONSTRAINT request_policy_note_size CHECK (length(note) <= 2000),
    changed_by uuid NOT NULL REFERENCES account (id),
    changed_at timestamptz NOT NULL DEFAULT slipway_now()
);
CREATE UNIQUE INDEX request_policy_place ON request_policy (kind,
    COALESCE(environment_id, '00000000-0000-0000-0000-000000000000'),
    COALESCE(project_id, '00000000-0000-0000-0000-000000000000'));
CREATE TABLE request_policy_quorum (
    policy_id uuid NOT NULL REFERENCES request_policy (id) ON DELETE CASCADE,
    position integer NOT NULL,
    permission text,
    group_id uuid REFERENCES people_group (id),
    needed integer NOT NULL CONSTRAINT request_policy_quorum_needed CHECK (needed BETWEEN 1 AND 9),
    CONSTRAINT request_policy_quorum_pkey PRIMARY KEY (policy_id, position),
    CONSTRAINT request_policy_quorum_right_or_group
        CHECK ((permission IS NULL) <> (group_id IS NULL))
);

-- Who may not decide on a revision though they hold the right: they made or tested what it is about.
CREATE TABLE request_excluded (
    request_id uuid NOT NULL,
    revision integer NOT NULL,
    account_id uuid NOT NULL REFERENCES account (id),
    because text NOT NULL CONSTRAINT request_excluded_because_known
        CHECK (because IN ('builder', 'confirmer')),
    CONSTRAINT request_excluded_pkey PRIMARY KEY (request_id, revision, account_id, because),
    CONSTRAINT request_excluded_of_one FOREIGN KEY (request_id, revision)
        REFERENCES request_revision (request_id, revision)
);
REVOKE UPDATE, DELETE ON request_excluded FROM slipway_app;

ALTER TABLE request ADD COLUMN remind_at timestamptz;
ALTER TABLE request ADD COLUMN remind_hours integer;
CREATE INDEX request_expiring ON request (expires_at) WHERE state = 'open';
CREATE INDEX request_reminding ON request (remind_at) WHERE state = 'open';
-- Why there is a newer revision: its author changed it, or what it was computed from moved.
ALTER TABLE request_revision ADD COLUMN because text NOT NULL DEFAULT 'filed'
    CONSTRAINT request_revision_because_known CHECK (because IN ('filed', 'changed', 'moved'));

-- Which of the asked groups a yes counts for, and whose place the decider took.
ALTER TABLE decision ADD COLUMN fills integer[] NOT NULL DEFAULT '{0}';
ALTER TABLE decision ADD COLUMN stands_for uuid REFERENCES account (id);
ALTER TABLE decision ADD CONSTRAINT decision_not_for_author CHECK (stands_for <> author_id);
ALTER TABLE decision ADD CONSTRAINT decision_for_another CHECK (stands_for <> decider_id);
CREATE UNIQUE INDEX decision_once_for_each
    ON decision (request_id, revision, COALESCE(stands_for, decider_id));

CREATE FUNCTION refuse_excluded_decider() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM request_excluded x
        WHERE x.request_id = NEW.request_id AND x.revision = NEW.revision
          AND x.account_id IN (NEW.decider_id, NEW.stands_for)) THEN
        RAISE EXCEPTION 'who made or tested it does not decide on it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'decision_not_by_excluded';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decision_not_by_excluded BEFORE INSERT ON decision
    FOR EACH ROW EXECUTE FUNCTION refuse_excluded_decider();

CREATE TABLE request_comment (
    id uuid CONSTRAINT request_comment_pkey PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request (id),
    author_id uuid NOT NULL REFERENCES account (id),
    body text NOT NULL CONSTRAINT request_comment_size CHECK (length(body) BETWEEN 1 AND 4000),
    attachment_name text CONSTRAINT request_comment_attachment_name
        CHECK (length(attachment_name) BETWEEN 1 AND 120),
    attachment text CONSTRAINT request_comment_attachment_size
        CHECK (octet_length(attachment) <= 65536),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT request_comment_attachment_named
        CHECK ((attachment IS NULL) = (attachment_name IS NULL))
);
CREATE INDEX request_comment_by_request ON request_comment (request_id, id);
REVOKE UPDATE, DELETE ON request_comment FROM slipway_app;
