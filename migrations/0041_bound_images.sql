-- What operations allow of images, for everybody or for one language. Each save is a new row, and
-- the newest of its kind counts.
CREATE TABLE image_bounds (
    number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT image_bounds_pkey PRIMARY KEY,
    -- Null for every language that has no row of its own.
    language text CONSTRAINT image_bounds_language_size CHECK (length(language) BETWEEN 1 AND 40),
    -- Each `repository:tag`; none for any base.
    bases text[] NOT NULL CONSTRAINT image_bounds_bases_count CHECK (cardinality(bases) <= 20),
    -- Those that no image may expose.
    ports integer[] NOT NULL CONSTRAINT image_bounds_ports_lawful
        CHECK (cardinality(ports) <= 50 AND 1 <= ALL (ports) AND 65535 >= ALL (ports)),
    root_allowed boolean NOT NULL,
    most_mib integer NOT NULL
        CONSTRAINT image_bounds_most_mib_lawful CHECK (most_mib BETWEEN 1 AND 1048576),
    -- Those that no image may hold.
    packages text[] NOT NULL
        CONSTRAINT image_bounds_packages_count CHECK (cardinality(packages) <= 200),
    reason text NOT NULL
        CONSTRAINT image_bounds_reason_size CHECK (length(reason) BETWEEN 1 AND 2000),
    author_id uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL DEFAULT slipway_now()
);
CREATE INDEX image_bounds_newest ON image_bounds (language, number);
REVOKE UPDATE, DELETE ON image_bounds FROM slipway_app;

-- A look at a release's image: what the rules found of this very digest at that time, as codes
-- and arguments. An image that was refused is looked at again; each look stays.
CREATE TABLE image_look (
    number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT image_look_pkey PRIMARY KEY,
    release_id uuid NOT NULL REFERENCES release (id),
    digest text NOT NULL
        CONSTRAINT image_look_digest_grammar CHECK (digest ~ '^sha256:[0-9a-f]{64}$'),
    remarks jsonb NOT NULL
        CONSTRAINT image_look_remarks_array CHECK (jsonb_typeof(remarks) = 'array'),
    created_at timestamptz NOT NULL DEFAULT slipway_now()
);
CREATE INDEX image_look_newest ON image_look (release_id, number);
REVOKE UPDATE, DELETE ON image_look FROM slipway_app;
