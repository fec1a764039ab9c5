-- What somebody took back or broke off on a release's way, and why. Never rewritten.
CREATE TABLE setback (
    id uuid CONSTRAINT setback_pkey PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES project (id),
    release_id uuid REFERENCES release (id),
    deployment_id uuid REFERENCES deployment (id),
    kind text NOT NULL CONSTRAINT setback_kind_known CHECK (kind IN (
        'cancelled', 'rejected', 'rebuilt', 'withdrawn', 'aborted', 'retested')),
    account_id uuid NOT NULL REFERENCES account (id),
    note text NOT NULL CONSTRAINT setback_note_size CHECK (length(note) <= 2000),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT setback_of_something CHECK (num_nonnulls(release_id, deployment_id) > 0),
    CONSTRAINT setback_says_why
        CHECK (kind NOT IN ('rejected', 'withdrawn') OR length(note) > 0),
    CONSTRAINT setback_aborted_what CHECK ((kind = 'aborted') = (deployment_id IS NOT NULL))
);
CREATE INDEX setback_by_release ON setback (release_id);
CREATE UNIQUE INDEX setback_aborted_once ON setback (deployment_id)
    WHERE deployment_id IS NOT NULL;
REVOKE UPDATE, DELETE ON setback FROM slipway_app;

-- A rollout can be broken off, and a request can lose what it was about.
ALTER TABLE rollout DROP CONSTRAINT rollout_outcome_known;
ALTER TABLE rollout ADD CONSTRAINT rollout_outcome_known
    CHECK (outcome IN ('succeeded', 'failed', 'superseded', 'aborted'));
ALTER TABLE request DROP CONSTRAINT request_state_known;
ALTER TABLE request ADD CONSTRAINT request_state_known CHECK (state IN (
    'open', 'approved', 'rejected', 'withdrawn', 'expired', 'void', 'done', 'failed'));
