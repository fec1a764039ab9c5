-- The page of a request follows the rollout that its yes started.
CREATE INDEX rollout_of_request ON rollout (request_id) WHERE request_id IS NOT NULL;
