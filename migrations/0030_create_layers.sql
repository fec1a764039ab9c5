-- What services share: one layer for each platform, language, environment or project that has
-- something to say. A language or an environment may be spoken of before it is registered.
CREATE TABLE layer (
    id uuid CONSTRAINT layer_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL CONSTRAINT layer_kind_known
        CHECK (kind IN ('platform', 'language', 'environment', 'project')),
    -- Of the language, environment or project; the platform has none.
    key text NOT NULL CONSTRAINT layer_key_size CHECK (length(key) <= 40),
    -- The newest revision.
    revision integer NOT NULL DEFAULT 1 CONSTRAINT layer_revision_positive CHECK (revision > 0),
    CONSTRAINT layer_once UNIQUE (kind, key),
    CONSTRAINT layer_platform_has_no_key CHECK ((kind = 'platform') = (key = ''))
);
REVOKE DELETE ON layer FROM slipway_app;

-- Immutable: a change of a layer is a new revision.
CREATE TABLE layer_revision (
    layer_id uuid NOT NULL REFERENCES layer (id),
    number integer NOT NULL CONSTRAINT layer_revision_number_positive CHECK (number > 0),
    schema_version integer NOT NULL,
    -- Some of the parameters: those that this layer gives.
    document jsonb NOT NULL
        CONSTRAINT layer_revision_document_object CHECK (jsonb_typeof(document) = 'object'),
    locks jsonb NOT NULL DEFAULT '[]'
        CONSTRAINT layer_revision_locks_array CHECK (jsonb_typeof(locks) = 'array'),
    -- Nobody for what the product itself brought.
    author_id uuid REFERENCES account (id),
    note text NOT NULL DEFAULT ''
        CONSTRAINT layer_revision_note_size CHECK (length(note) <= 2000),
    request_id uuid REFERENCES request (id)
        CONSTRAINT layer_revision_one_per_request UNIQUE,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT layer_revision_pkey PRIMARY KEY (layer_id, number)
);
REVOKE UPDATE, DELETE ON layer_revision FROM slipway_app;

-- What every service starts from, and what Java needs beyond it: it starts slowly and needs room
-- beside its heap. Port and health path are the project's own.
INSERT INTO layer (kind, key) VALUES ('platform', ''), ('language', 'java');
INSERT INTO layer_revision (layer_id, number, schema_version, document)
SELECT id, 1, 1, '{
    "replicas": {"min": 2, "max": 4},
    "cpu": {"request": "250m", "limit": "1"},
    "memory": {"request": "256Mi", "limit": "512Mi"},
    "access": "internal",
    "probes": {
        "readiness": {"kind": "http", "delay_seconds": 5, "period_seconds": 10,
            "timeout_seconds": 3, "failures": 3},
        "liveness": {"kind": "http", "delay_seconds": 15, "period_seconds": 10,
            "timeout_seconds": 3, "failures": 3}
    },
    "grace_seconds": 30
}' FROM layer WHERE kind = 'platform';
INSERT INTO layer_revision (layer_id, number, schema_version, document)
SELECT id, 1, 1, '{
    "cpu": {"request": "1", "limit": "2"},
    "memory": {"request": "1Gi", "limit": "2Gi"},
    "probes": {"readiness": {"delay_seconds": 20}, "liveness": {"delay_seconds": 60}}
}' FROM layer WHERE kind = 'language';

-- What a workload says itself. Where nothing is written its whole document is its own, so what
-- runs already keeps what it has, and so do rows of a version that knew no layers.
ALTER TABLE parameters_revision ADD COLUMN own jsonb;
