-- What a project has besides its containers: servers, databases, caches and their kin. No
-- password is ever kept here.
CREATE TABLE resource (
    id uuid CONSTRAINT resource_pkey PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT resource_number_key UNIQUE,
    kind text NOT NULL CONSTRAINT resource_kind_known CHECK (kind IN (
        'server', 'database', 'cache', 'queue', 'objects', 'domain', 'other')),
    name text NOT NULL CONSTRAINT resource_name_size CHECK (length(name) BETWEEN 1 AND 80),
    -- Who owns it; others may use it too.
    project_id uuid NOT NULL REFERENCES project (id),
    environment_id uuid REFERENCES environment (id),
    site text NOT NULL DEFAULT '' CONSTRAINT resource_site_grammar
        CHECK (site = '' OR site ~ '^[a-z][a-z0-9-]{0,38}$'),
    -- How big it is and of what make, by the schema of its kind.
    size jsonb NOT NULL DEFAULT '{}'
        CONSTRAINT resource_size_object CHECK (jsonb_typeof(size) = 'object'),
    labels text[] NOT NULL DEFAULT '{}'
        CONSTRAINT resource_labels_count CHECK (cardinality(labels) <= 20),
    keeper text NOT NULL DEFAULT ''
        CONSTRAINT resource_keeper_size CHECK (length(keeper) <= 80),
    note text NOT NULL DEFAULT '' CONSTRAINT resource_note_size CHECK (length(note) <= 2000),
    state text NOT NULL
        CONSTRAINT resource_state_known CHECK (state IN ('asked', 'active', 'retired')),
    -- The request that asked for it; none for what was there before.
    request_id uuid REFERENCES request (id) CONSTRAINT resource_request_once UNIQUE,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    -- Since when it is in use; older than its row for what was there before.
    active_at timestamptz,
    retired_at timestamptz,
    retired_why text,
    CONSTRAINT resource_active_since CHECK (state <> 'active' OR active_at IS NOT NULL),
    CONSTRAINT resource_retired_says_why CHECK (
        (state = 'retired') = (retired_at IS NOT NULL)
        AND (state = 'retired') = (length(retired_why) BETWEEN 1 AND 2000 IS TRUE))
);
-- Two of one kind with one name are told apart by their place alone.
CREATE UNIQUE INDEX resource_name_taken ON resource
    (project_id, kind, name, (COALESCE(environment_id, '00000000-0000-0000-0000-000000000000')))
    WHERE state <> 'retired';
CREATE INDEX resource_by_name ON resource (name, number);
CREATE INDEX resource_to_make ON resource (number) WHERE state = 'asked';

-- Where it is reached: one of host, network, name, each with a port or without.
CREATE TABLE resource_address (
    resource_id uuid NOT NULL REFERENCES resource (id),
    position integer NOT NULL,
    host inet CONSTRAINT resource_address_host_whole
        CHECK (masklen(host) = CASE family(host) WHEN 4 THEN 32 ELSE 128 END),
    network cidr,
    name text CONSTRAINT resource_address_name_grammar CHECK (length(name) <= 253 AND
        name ~ '^(\*\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*$'),
    port integer CONSTRAINT resource_address_port_range CHECK (port BETWEEN 1 AND 65535),
    CONSTRAINT resource_address_pkey PRIMARY KEY (resource_id, position),
    CONSTRAINT resource_address_of_one_sort CHECK (num_nonnulls(host, network, name) = 1),
    CONSTRAINT resource_address_position_range CHECK (position BETWEEN 0 AND 49)
);
-- As people write it: an IPv6 host with a port stands in brackets.
CREATE FUNCTION resource_address_text(host inet, network cidr, name text, port integer)
    RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN family(host) = 6 AND port IS NOT NULL THEN '[' || host(host) || ']'
        ELSE COALESCE(host(host), network::text, name) END || COALESCE(':' || port, '')
$$;
CREATE INDEX resource_address_by_host ON resource_address USING gist (host inet_ops);
CREATE INDEX resource_address_by_network ON resource_address USING gist (network inet_ops);
CREATE INDEX resource_address_by_name ON resource_address (name text_pattern_ops);

-- Further projects that use it.
CREATE TABLE resource_use (
    resource_id uuid NOT NULL REFERENCES resource (id),
    project_id uuid NOT NULL REFERENCES project (id),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT resource_use_pkey PRIMARY KEY (project_id, resource_id)
);
CREATE INDEX resource_use_by_resource ON resource_use (resource_id);
-- A resource is retired, never forgotten.
REVOKE DELETE ON resource FROM slipway_app;
-- Where pods were seen to be when their deployment was done.
CREATE INDEX deployment_seen_pods ON deployment USING gin ((observed -> 'pods') jsonb_path_ops)
    WHERE state = 'succeeded';
