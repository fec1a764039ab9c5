-- Takes away what terminals showed so many days ago and before. Whole months go at once, so that
-- nothing is searched for: what is told to stay stays, and some of the rest up to a month longer.
-- Runs with the owner's rights; the application can reach nothing of the last thirty days. Who
-- writes a recording waits for it for a moment at most; if it has to wait itself, it comes again.
CREATE FUNCTION slipway_let_recordings_go(days integer) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    stays_from timestamptz := slipway_now() - make_interval(days => days);
    child text;
    gone text[] := '{}';
BEGIN
    IF days < 30 THEN
        RAISE EXCEPTION 'what is younger than 30 days stays';
    END IF;
    FOR child IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'recording_chunk'::regclass
          AND c.relname ~ '^recording_chunk_[0-9]{6}$'
          AND (to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month') AT TIME ZONE 'UTC'
              <= stays_from
        ORDER BY c.relname
    LOOP
        EXECUTE format('DROP TABLE %I', child);
        gone := gone || right(child, 6);
    END LOOP;
    DELETE FROM recording_chunk_default WHERE at < stays_from;
    IF FOUND THEN
        gone := gone || 'default'::text;
    END IF;
    RETURN gone;
END
$$;
REVOKE EXECUTE ON FUNCTION slipway_let_recordings_go(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION slipway_let_recordings_go(integer) TO slipway_app;
