-- Deployments that one request takes over, each by itself: what one has trouble with holds up no
-- other.
CREATE TABLE intake_item (
    request_id uuid NOT NULL REFERENCES request (id),
    position integer NOT NULL CONSTRAINT intake_item_position CHECK (position >= 0),
    cluster_id uuid NOT NULL REFERENCES cluster (id),
    -- The row of the request, as it was approved.
    asked jsonb NOT NULL,
    workload_id uuid CONSTRAINT intake_item_of_one_workload UNIQUE REFERENCES workload (id),
    -- Why it was not taken over, as a code with arguments.
    trouble jsonb,
    -- What the first deployment leaves as it is, and what it will bring, as codes with arguments.
    notes jsonb NOT NULL DEFAULT '[]',
    ended_at timestamptz,
    CONSTRAINT intake_item_pkey PRIMARY KEY (request_id, position),
    CONSTRAINT intake_item_workload_or_trouble
        CHECK (workload_id IS NULL OR trouble IS NULL),
    CONSTRAINT intake_item_ended_with_either
        CHECK ((ended_at IS NULL) = (workload_id IS NULL AND trouble IS NULL))
);
REVOKE DELETE ON intake_item FROM slipway_app;
