-- What others set beside the portal's fields goes with a restoring, where somebody asked for it:
-- the places, as they were seen. No values.
ALTER TABLE rollout ADD COLUMN takes_away jsonb NOT NULL DEFAULT '[]'
    CONSTRAINT rollout_takes_away_when_it_restores CHECK (
        jsonb_typeof(takes_away) = 'array' AND (takes_away = '[]' OR kind = 'restore'));
