-- Where things are done: connections, clusters, environments, languages.
CREATE TABLE connection (
    id uuid CONSTRAINT connection_pkey PRIMARY KEY,
    key text NOT NULL CONSTRAINT connection_key_key UNIQUE
        CONSTRAINT connection_key_grammar CHECK (key ~ '^[a-z][a-z0-9-]{0,38}$'),
    kind text NOT NULL
        CONSTRAINT connection_kind_known CHECK (kind IN ('gitlab', 'jenkins', 'registry')),
    url text NOT NULL CONSTRAINT connection_url_size CHECK (length(url) <= 500),
    -- What is not secret: user name, folder, image prefix.
    config jsonb NOT NULL DEFAULT '{}',
    credential bytea,
    credential_key text,
    -- Counts what was ever set, so that a page can say which one is in use without showing it.
    credential_version integer NOT NULL DEFAULT 0,
    credential_changed_at timestamptz NOT NULL DEFAULT slipway_now(),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    updated_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT connection_credential_has_key
        CHECK ((credential IS NULL) = (credential_key IS NULL))
);

CREATE TABLE cluster (
    id uuid CONSTRAINT cluster_pkey PRIMARY KEY,
    key text NOT NULL CONSTRAINT cluster_key_key UNIQUE
        CONSTRAINT cluster_key_grammar CHECK (key ~ '^[a-z][a-z0-9-]{0,38}$'),
    site text NOT NULL CONSTRAINT cluster_site_grammar CHECK (site ~ '^[a-z][a-z0-9-]{0,38}$'),
    server text NOT NULL,
    kubeconfig bytea NOT NULL,
    kubeconfig_key text NOT NULL,
    -- The registry as this cluster's nodes reach it; the same path and digest everywhere.
    registry_host text NOT NULL CONSTRAINT cluster_registry_host_grammar
        CHECK (registry_host ~ '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$'),
    makes_namespaces boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    updated_at timestamptz NOT NULL DEFAULT slipway_now()
);

CREATE TABLE environment (
    id uuid CONSTRAINT environment_pkey PRIMARY KEY,
    key text NOT NULL CONSTRAINT environment_key_key UNIQUE
        CONSTRAINT environment_key_grammar CHECK (key ~ '^[a-z][a-z0-9]{0,14}$'),
    tier text NOT NULL
        CONSTRAINT environment_tier_known CHECK (tier IN ('test', 'production')),
    rank integer NOT NULL,
    -- How many people must approve a release into it; 0 asks nobody.
    approvals integer NOT NULL DEFAULT 0
        CONSTRAINT environment_approvals_range CHECK (approvals BETWEEN 0 AND 9),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT environment_with_tier UNIQUE (id, tier)
);

CREATE TABLE environment_cluster (
    environment_id uuid NOT NULL REFERENCES environment (id) ON DELETE CASCADE,
    cluster_id uuid NOT NULL REFERENCES cluster (id),
    position integer NOT NULL,
    CONSTRAINT environment_cluster_pkey PRIMARY KEY (environment_id, cluster_id),
    CONSTRAINT environment_cluster_order UNIQUE (environment_id, position)
);

CREATE TABLE language (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT language_id_key UNIQUE,
    key text CONSTRAINT language_pkey PRIMARY KEY
        CONSTRAINT language_key_grammar CHECK (key ~ '^[a-z][a-z0-9]{0,14}$'),
    jenkins_id uuid NOT NULL REFERENCES connection (id),
    -- The template's full name in Jenkins, folders joined by slashes.
    template_job text NOT NULL
        CONSTRAINT language_template_job_size CHECK (length(template_job) <= 500),
    created_at timestamptz NOT NULL DEFAULT slipway_now()
);
