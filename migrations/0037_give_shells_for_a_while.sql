-- Whether a role is enough for a shell in an environment, or each person asks for each while.
ALTER TABLE environment ADD COLUMN shell_by_request boolean NOT NULL DEFAULT false;

-- Shells that a yes gave to somebody in one project's environment, for hours.
CREATE TABLE shell_access (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL CONSTRAINT shell_access_of_one_request UNIQUE REFERENCES request (id),
    account_id uuid NOT NULL REFERENCES account (id),
    project_id uuid NOT NULL REFERENCES project (id),
    environment_id uuid NOT NULL REFERENCES environment (id),
    -- Whether files may be moved through it as well.
    files boolean NOT NULL,
    begins_at timestamptz NOT NULL DEFAULT slipway_now(),
    expires_at timestamptz NOT NULL,
    -- When somebody ended it before its time, and who.
    ended_at timestamptz,
    ended_by uuid REFERENCES account (id),
    CONSTRAINT shell_access_length
        CHECK (expires_at > begins_at AND expires_at <= begins_at + interval '72 hours'),
    CONSTRAINT shell_access_ended_by_somebody CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
-- Asked on every click, of one person.
CREATE INDEX shell_access_of_account ON shell_access (account_id) WHERE ended_at IS NULL;
CREATE INDEX shell_access_of_project ON shell_access (project_id, begins_at DESC);
REVOKE DELETE ON shell_access FROM slipway_app;
