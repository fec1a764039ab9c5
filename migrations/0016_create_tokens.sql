-- A program's way in. Only a token's hash is stored, so that a copy of this table opens nothing.
CREATE TABLE api_token (
    id uuid CONSTRAINT api_token_pkey PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    author_id uuid NOT NULL REFERENCES account (id),
    name text NOT NULL CONSTRAINT api_token_name_size CHECK (length(name) BETWEEN 1 AND 80),
    token_hash bytea NOT NULL CONSTRAINT api_token_hash_key UNIQUE
        CONSTRAINT api_token_hash_size CHECK (length(token_hash) = 32),
    -- The last characters, by which people tell tokens apart.
    hint text NOT NULL CONSTRAINT api_token_hint_size CHECK (length(hint) = 4),
    scopes text[] NOT NULL CONSTRAINT api_token_scopes_known CHECK (
        cardinality(scopes) > 0
        AND scopes <@ ARRAY['read', 'request', 'release', 'confirm', 'operate']),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT api_token_expires CHECK (
        expires_at > created_at AND expires_at <= created_at + interval '366 days')
);
CREATE INDEX api_token_by_account ON api_token (account_id, created_at);

-- A project's own account, for programs that belong to no person: it never has a password.
ALTER TABLE account ADD COLUMN project_id uuid REFERENCES project (id);
-- Who answers for what it does: rules about two pairs of eyes look at this person.
ALTER TABLE account ADD COLUMN responsible_id uuid REFERENCES account (id);
ALTER TABLE account ADD CONSTRAINT account_of_project_has_no_password
    CHECK (project_id IS NULL OR password_hash IS NULL);
ALTER TABLE account ADD CONSTRAINT account_of_project_has_a_responsible_person
    CHECK ((project_id IS NULL) = (responsible_id IS NULL));
CREATE INDEX account_by_project ON account (project_id) WHERE project_id IS NOT NULL;

-- Through which token something was done.
ALTER TABLE audit_entry ADD COLUMN token_id uuid;

-- A key is claimed in the transaction of what the POST does; the answer follows.
ALTER TABLE idempotency_key ALTER COLUMN status DROP NOT NULL;
ALTER TABLE idempotency_key ALTER COLUMN body DROP NOT NULL;
