-- Which pod of its name a shell was opened in, so that another one is told from it; and what
-- proves that a recording's output is as it was: its SHA-256. One whose process died has none.
ALTER TABLE terminal
    ADD COLUMN pod_uid text
        CONSTRAINT terminal_pod_uid_size CHECK (length(pod_uid) BETWEEN 1 AND 253),
    ADD COLUMN output_hash bytea
        CONSTRAINT terminal_output_hash_size CHECK (length(output_hash) = 32),
    ADD CONSTRAINT terminal_output_hash_at_end
        CHECK (output_hash IS NULL OR ended_at IS NOT NULL),
    DROP CONSTRAINT terminal_ending_known,
    ADD CONSTRAINT terminal_ending_known CHECK (ending IN (
        'exited', 'killed', 'no-shell', 'gone', 'pod-replaced', 'unreachable', 'failed', 'lost',
        'closed', 'idle', 'too-long', 'abandoned', 'unused', 'signed-out', 'right-lost',
        'right-unknown', 'no-recorder', 'portal-stopped', 'portal-lost', 'debug-no-image',
        'debug-not-started', 'debug-refused'));

-- Takes away passes that were over an hour ago, with who came by them; both are in the audit
-- trail. Runs with the owner's rights, because nobody else may take back that a pass was used.
CREATE FUNCTION slipway_let_passes_go() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    over_since timestamptz := slipway_now() - interval '1 hour';
    gone bigint;
BEGIN
    DELETE FROM terminal_visit v USING terminal_pass p
        WHERE p.id = v.pass_id AND p.expires_at < over_since;
    DELETE FROM terminal_pass WHERE expires_at < over_since;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
REVOKE EXECUTE ON FUNCTION slipway_let_passes_go() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION slipway_let_passes_go() TO slipway_app;
CREATE INDEX terminal_pass_by_expiry ON terminal_pass (expires_at);
-- How many somebody has asked for of late.
CREATE INDEX terminal_pass_by_account ON terminal_pass (account_id, created_at);
