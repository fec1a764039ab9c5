CREATE TABLE project (
    id uuid CONSTRAINT project_pkey PRIMARY KEY,
    key text NOT NULL CONSTRAINT project_key_key UNIQUE
        CONSTRAINT project_key_grammar CHECK (key ~ '^[a-z][a-z0-9-]{0,38}[a-z0-9]$'),
    description text NOT NULL
        CONSTRAINT project_description_size CHECK (length(description) <= 200),
    language text NOT NULL REFERENCES language (key),
    gitlab_id uuid NOT NULL REFERENCES connection (id),
    registry_id uuid NOT NULL REFERENCES connection (id),
    repository text NOT NULL CONSTRAINT project_repository_size CHECK (length(repository) <= 255),
    -- GitLab's own number, known once the binding run has seen the repository.
    repository_number bigint,
    clone_url text,
    web_url text,
    default_branch text,
    deploy_path text NOT NULL,
    log_path text NOT NULL,
    start_command text NOT NULL,
    stop_command text NOT NULL,
    health_path text NOT NULL,
    port integer NOT NULL CONSTRAINT project_port_range CHECK (port BETWEEN 1 AND 65535),
    callbacks jsonb NOT NULL DEFAULT '{}',
    may_confirm_own boolean NOT NULL DEFAULT false,
    release_count integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT project_bound_whole
        CHECK ((repository_number IS NULL) = (clone_url IS NULL))
);

CREATE TABLE membership (
    project_id uuid NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    role text NOT NULL CONSTRAINT membership_role_known
        CHECK (role IN ('owner', 'developer', 'tester', 'viewer')),
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT membership_pkey PRIMARY KEY (project_id, account_id, role)
);
CREATE INDEX membership_by_account ON membership (account_id);

CREATE TABLE component (
    project_id uuid NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    key text NOT NULL
        CONSTRAINT component_key_grammar CHECK (key ~ '^[a-z][a-z0-9]{0,14}$'),
    CONSTRAINT component_pkey PRIMARY KEY (project_id, key)
);

-- A secret value of a project. Documents hold {secret, version}; the value is never read back
-- to a page.
CREATE TABLE secret (
    id uuid CONSTRAINT secret_pkey PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT slipway_now()
);
CREATE TABLE secret_version (
    id uuid CONSTRAINT secret_version_pkey PRIMARY KEY,
    secret_id uuid NOT NULL REFERENCES secret (id) ON DELETE CASCADE,
    version integer NOT NULL CONSTRAINT secret_version_positive CHECK (version > 0),
    value bytea NOT NULL,
    value_key text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT secret_version_once UNIQUE (secret_id, version)
);
