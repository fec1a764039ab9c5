-- A change whose layer has a newer revision takes nothing further, and cannot be gone on with.
ALTER TABLE wave_run DROP CONSTRAINT wave_run_state_known;
ALTER TABLE wave_run ADD CONSTRAINT wave_run_state_known
    CHECK (state IN ('rolling', 'stopped', 'done', 'replaced'));
-- Changes that later ones may have to wait for.
CREATE INDEX wave_run_open ON wave_run (id) WHERE state IN ('rolling', 'stopped');
CREATE INDEX wave_item_by_workload ON wave_item (workload_id);
