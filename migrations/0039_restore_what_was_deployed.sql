-- A deployment may put back what another hand changed, with nothing new in it.
ALTER TABLE rollout
    DROP CONSTRAINT rollout_kind_known,
    ADD CONSTRAINT rollout_kind_known
        CHECK (kind IN ('deploy', 'rollback', 'parameters', 'restart', 'restore'));
ALTER TABLE deployment
    DROP CONSTRAINT deployment_kind_known,
    ADD CONSTRAINT deployment_kind_known
        CHECK (kind IN ('deploy', 'rollback', 'parameters', 'restart', 'restore'));
