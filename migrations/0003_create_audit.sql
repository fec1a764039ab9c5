-- Who did what, when, from where, before, after, with what result. Appended to, never changed.
-- `seq` and `xid` give a sealing job an order in which rows can be chained once every
-- transaction below has ended.
CREATE SEQUENCE audit_entry_seq;
CREATE TABLE audit_entry (
    seq bigint NOT NULL DEFAULT nextval('audit_entry_seq'),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT slipway_now(),
    account_id uuid,
    account_name text NOT NULL,
    address inet,
    operation_id uuid,
    action text NOT NULL CONSTRAINT audit_entry_action_size CHECK (length(action) <= 80),
    target_kind text NOT NULL,
    target_id text NOT NULL CONSTRAINT audit_entry_target_size CHECK (length(target_id) <= 200),
    project_id uuid,
    before jsonb,
    after jsonb,
    result text NOT NULL CONSTRAINT audit_entry_result_known CHECK (result IN ('done', 'refused')),
    reason text,
    CONSTRAINT audit_entry_pkey PRIMARY KEY (seq, at)
) PARTITION BY RANGE (at);
CREATE INDEX audit_entry_by_project ON audit_entry (project_id, seq DESC);
CREATE INDEX audit_entry_by_target ON audit_entry (target_kind, target_id, seq DESC);
CREATE TABLE audit_entry_default PARTITION OF audit_entry DEFAULT;
INSERT INTO partitioned_table VALUES ('audit_entry', true);
REVOKE UPDATE, DELETE, TRUNCATE ON audit_entry, audit_entry_default FROM slipway_app;
SELECT slipway_make_partitions(3);
