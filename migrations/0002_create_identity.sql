CREATE TABLE account (
    id uuid CONSTRAINT account_pkey PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT account_number_key UNIQUE,
    name text NOT NULL CONSTRAINT account_name_key UNIQUE
        CONSTRAINT account_name_grammar CHECK (name ~ '^[a-z][a-z0-9._-]{0,62}$'),
    display_name text NOT NULL
        CONSTRAINT account_display_name_size CHECK (length(display_name) BETWEEN 1 AND 80),
    password_hash text,
    locale text CONSTRAINT account_locale_known CHECK (locale IN ('en', 'zh-CN')),
    theme text CONSTRAINT account_theme_known CHECK (theme IN ('light', 'dark')),
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT slipway_now()
);

CREATE TABLE platform_role (
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    role text NOT NULL
        CONSTRAINT platform_role_known CHECK (role IN ('admin', 'ops', 'auditor')),
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT platform_role_pkey PRIMARY KEY (account_id, role)
);

-- Groups of people who decide together; a quorum names one of them.
CREATE TABLE people_group (
    id uuid CONSTRAINT people_group_pkey PRIMARY KEY,
    key text NOT NULL CONSTRAINT people_group_key_key UNIQUE
        CONSTRAINT people_group_key_grammar CHECK (key ~ '^[a-z][a-z0-9-]{0,38}$'),
    created_at timestamptz NOT NULL DEFAULT slipway_now()
);
CREATE TABLE people_group_member (
    group_id uuid NOT NULL REFERENCES people_group (id) ON DELETE CASCADE,
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    expires_at timestamptz,
    CONSTRAINT people_group_member_pkey PRIMARY KEY (group_id, account_id)
);

-- Only the hash of a session's id is stored, so that a copy of this table opens nothing.
CREATE TABLE session (
    id_hash bytea CONSTRAINT session_pkey PRIMARY KEY
        CONSTRAINT session_id_hash_size CHECK (length(id_hash) = 32),
    account_id uuid REFERENCES account (id) ON DELETE CASCADE,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    touched_at timestamptz NOT NULL DEFAULT slipway_now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_by_account ON session (account_id);
CREATE INDEX session_by_expiry ON session (expires_at);

-- Failed sign-ins, by account name and by address, so that guessing gets slower on all replicas.
CREATE TABLE login_failure (
    key text CONSTRAINT login_failure_pkey PRIMARY KEY
        CONSTRAINT login_failure_key_size CHECK (length(key) <= 100),
    failures integer NOT NULL,
    last_at timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL
);
CREATE INDEX login_failure_by_time ON login_failure (last_at);

-- An answered POST, kept so that a repeat with the same key gets the same answer.
CREATE TABLE idempotency_key (
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    key text NOT NULL CONSTRAINT idempotency_key_size CHECK (length(key) BETWEEN 1 AND 100),
    request_hash bytea NOT NULL,
    status integer NOT NULL,
    body jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT idempotency_key_pkey PRIMARY KEY (account_id, key)
);
CREATE INDEX idempotency_key_by_time ON idempotency_key (created_at);
