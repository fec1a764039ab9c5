-- What somebody has typed into a form that asks for something, until they file it. One for each
-- person and address of a form; nobody else sees it.
CREATE TABLE request_draft (
    account_id uuid NOT NULL REFERENCES account (id),
    -- The form's own address, with what it was opened for.
    path text NOT NULL CONSTRAINT request_draft_path_is_ours
        CHECK (path ~ '^/[!-~]*$' AND path !~ '^/[/\\]' AND length(path) <= 200),
    kind text NOT NULL,
    -- What lists name beside the kind: a project's key, or nothing.
    subject text NOT NULL CONSTRAINT request_draft_subject_length CHECK (length(subject) <= 200),
    -- The fields as a browser sends them, without the values of secrets.
    body text NOT NULL CONSTRAINT request_draft_body_length CHECK (octet_length(body) <= 65536),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    updated_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT request_draft_once PRIMARY KEY (account_id, path)
);
-- Old ones are looked for every minute.
CREATE INDEX request_draft_updated ON request_draft (updated_at);

-- Requests that one form asked for together, each of which is decided by itself.
ALTER TABLE request ADD COLUMN bundle uuid;
CREATE INDEX request_bundle ON request (bundle) WHERE bundle IS NOT NULL;
