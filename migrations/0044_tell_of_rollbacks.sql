-- A rollback that ends a release's way to production is one of that release's setbacks.
ALTER TABLE setback DROP CONSTRAINT setback_kind_known;
ALTER TABLE setback ADD CONSTRAINT setback_kind_known CHECK (kind IN (
    'cancelled', 'rejected', 'rebuilt', 'withdrawn', 'aborted', 'retested', 'rolled_back'));
