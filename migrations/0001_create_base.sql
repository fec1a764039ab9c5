-- What every later migration leans on: the application's role, the clock, partitions, events.
-- The owner migrates; the application holds rows, and may not rewrite history.

DO $$
BEGIN
    CREATE ROLE slipway_app NOLOGIN;
EXCEPTION
    -- The role belongs to the whole server, so another database may have made it first.
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

GRANT USAGE ON SCHEMA public TO slipway_app;
-- The portal refuses to be ready on an older schema, so it reads how far migrations came. That
-- table was there before the default privileges below.
GRANT SELECT ON _sqlx_migrations TO slipway_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO slipway_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO slipway_app;

-- The one clock that SQL asks. Tests replace it by one with an offset.
CREATE FUNCTION slipway_now() RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT now()';

-- Tables partitioned by month, with whether the application may change their rows.
CREATE TABLE partitioned_table (
    name text CONSTRAINT partitioned_table_pkey PRIMARY KEY,
    append_only boolean NOT NULL
);
REVOKE INSERT, UPDATE, DELETE ON partitioned_table FROM slipway_app;

-- Makes the partitions of this month and of the next `ahead` months. Runs with the owner's
-- rights, so that the application can keep partitions coming without owning tables.
CREATE FUNCTION slipway_make_partitions(ahead integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    parent record;
    month date;
    child text;
    made integer := 0;
BEGIN
    IF ahead NOT BETWEEN 0 AND 24 THEN
        RAISE EXCEPTION 'ahead must be 0 to 24';
    END IF;
    FOR parent IN SELECT name, append_only FROM partitioned_table LOOP
        FOR step IN 0..ahead LOOP
            month := (date_trunc('month', slipway_now() AT TIME ZONE 'UTC')
                + make_interval(months => step))::date;
            child := format('%s_%s', parent.name, to_char(month, 'YYYYMM'));
            CONTINUE WHEN to_regclass(child) IS NOT NULL;
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                child, parent.name,
                month::timestamp AT TIME ZONE 'UTC',
                (month + interval '1 month') AT TIME ZONE 'UTC');
            IF parent.append_only THEN
                EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM slipway_app', child);
            END IF;
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;

-- What changed, for pages that listen. Rows carry ids only: a page fetches the part anew, so
-- rights hold. Readers go by (xid, id), because ids alone are handed out before commits.
CREATE SEQUENCE event_id_seq;
CREATE TABLE event (
    id bigint NOT NULL DEFAULT nextval('event_id_seq'),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT slipway_now(),
    topic text NOT NULL CONSTRAINT event_topic_size CHECK (length(topic) BETWEEN 1 AND 200),
    project_id uuid,
    CONSTRAINT event_pkey PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX event_by_commit ON event (xid, id);
CREATE TABLE event_default PARTITION OF event DEFAULT;
INSERT INTO partitioned_table VALUES ('event', false);

-- The last thing that an outside system was seen to say about one subject.
CREATE TABLE observation (
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    kind text NOT NULL,
    at timestamptz NOT NULL DEFAULT slipway_now(),
    body jsonb NOT NULL,
    CONSTRAINT observation_pkey PRIMARY KEY (subject_kind, subject_id, kind)
);
