-- Images that operations import by name: a release whose artifact the portal did not build. The
-- commit is '' there, which the former version shows as nothing.
ALTER TABLE release ADD COLUMN origin text NOT NULL DEFAULT 'built'
    CONSTRAINT release_origin_known CHECK (origin IN ('built', 'imported'));
ALTER TABLE release ADD CONSTRAINT release_with_origin UNIQUE (id, origin);
ALTER TABLE release DROP CONSTRAINT release_commit_grammar;
ALTER TABLE release ADD CONSTRAINT release_commit_grammar CHECK (
    CASE origin WHEN 'built' THEN commit_id ~ '^[0-9a-f]{40}$' ELSE commit_id = '' END);
ALTER TABLE release ADD CONSTRAINT release_import_says_why
    CHECK (origin = 'built' OR length(note) > 0);

ALTER TABLE artifact ADD COLUMN origin text NOT NULL DEFAULT 'built'
    CONSTRAINT artifact_origin_known CHECK (origin IN ('built', 'imported'));
ALTER TABLE artifact ADD CONSTRAINT artifact_with_origin UNIQUE (id, origin);
-- An artifact is of the origin that its release says.
ALTER TABLE artifact ADD CONSTRAINT artifact_origin_of_release
    FOREIGN KEY (release_id, origin) REFERENCES release (id, origin);
-- A tag of ours is built once. Somebody else's may move, and each digest is imported once.
ALTER TABLE artifact DROP CONSTRAINT artifact_tag_key;
CREATE UNIQUE INDEX artifact_tag_key ON artifact (project_id, repository, tag)
    WHERE origin = 'built';
CREATE UNIQUE INDEX artifact_imported_once ON artifact (project_id, repository, tag, digest)
    WHERE origin = 'imported';

-- Only what the portal did not build may go without a test, and somebody says why.
ALTER TABLE confirmation ADD COLUMN origin text;
ALTER TABLE confirmation ADD CONSTRAINT confirmation_without_test_imported CHECK (
    (kind = 'tested') = (origin IS NULL) AND (origin IS NULL OR origin = 'imported'));
ALTER TABLE confirmation ADD CONSTRAINT confirmation_origin_of_artifact
    FOREIGN KEY (artifact_id, origin) REFERENCES artifact (id, origin);
ALTER TABLE confirmation ADD CONSTRAINT confirmation_baseline_says_why
    CHECK (kind <> 'baseline' OR length(note) > 0);

-- What an environment of production ran when it was taken over, so that there is a way back.
CREATE TABLE baseline (
    environment_id uuid NOT NULL,
    tier text NOT NULL CONSTRAINT baseline_in_production CHECK (tier = 'production'),
    project_id uuid NOT NULL REFERENCES project (id),
    artifact_id uuid NOT NULL,
    -- By cluster, what it was seen to run.
    seen jsonb NOT NULL,
    account_id uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT baseline_pkey PRIMARY KEY (project_id, environment_id, artifact_id),
    CONSTRAINT baseline_artifact FOREIGN KEY (artifact_id, project_id)
        REFERENCES artifact (id, project_id),
    CONSTRAINT baseline_tier_of_environment FOREIGN KEY (environment_id, tier)
        REFERENCES environment (id, tier)
);
REVOKE UPDATE, DELETE ON baseline FROM slipway_app;

-- A job in Jenkins that the portal did not make, and what operations said to it.
CREATE TABLE job_adoption (
    jenkins_id uuid NOT NULL REFERENCES connection (id),
    job text NOT NULL CONSTRAINT job_adoption_job_size CHECK (length(job) BETWEEN 1 AND 500),
    project_id uuid NOT NULL REFERENCES project (id),
    -- What was looked at when the yes was given; a job that changed since is asked about again.
    content_sha256 text NOT NULL
        CONSTRAINT job_adoption_content_grammar CHECK (content_sha256 ~ '^[0-9a-f]{64}$'),
    -- Whether its definition stays, or becomes the template's.
    keeps_definition boolean NOT NULL,
    account_id uuid NOT NULL REFERENCES account (id),
    note text NOT NULL CONSTRAINT job_adoption_note_size CHECK (length(note) <= 2000),
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT job_adoption_pkey PRIMARY KEY (jenkins_id, job),
    CONSTRAINT job_adoption_one_project UNIQUE (project_id, jenkins_id, job)
);
REVOKE DELETE ON job_adoption FROM slipway_app;
-- The leaf of the project's job where it is not the project's key.
ALTER TABLE project ADD COLUMN job_name text
    CONSTRAINT project_job_name_grammar CHECK (job_name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$');
