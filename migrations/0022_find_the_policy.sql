-- The policy that counts for a kind in a place; NULL leaves it to the kind.
CREATE FUNCTION policy_for(asked_kind text, asked_environment uuid, asked_project uuid)
RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT id FROM request_policy
    WHERE kind = asked_kind
      AND (environment_id IS NULL OR environment_id = asked_environment)
      AND (project_id IS NULL OR project_id = asked_project)
    ORDER BY project_id IS NULL, environment_id IS NULL LIMIT 1
$$;
