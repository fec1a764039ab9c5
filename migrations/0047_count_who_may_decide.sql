-- Whether a yes that was given still counts for one asked group of people: whoever gave it, and
-- whoever they stood in for, may come in, and the yes is of somebody who belongs to the group or
-- holds the right in that place. `roles` names the roles that grant a right, on the platform and
-- in a project: {"platform": {"handle-requests": ["ops"]}, "project": {}}.
CREATE FUNCTION yes_still_counts(
    decider uuid, absent uuid, asked_group uuid, asked_right text, place uuid, roles jsonb
) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (SELECT 1 FROM account a
            WHERE a.id IN (decider, absent) AND a.disabled_at IS NOT NULL)
        AND CASE WHEN asked_group IS NOT NULL THEN
            EXISTS (SELECT 1 FROM people_group_member m
                WHERE m.group_id = asked_group AND m.account_id = COALESCE(absent, decider)
                  AND (m.expires_at IS NULL OR m.expires_at > slipway_now()))
        ELSE
            EXISTS (SELECT 1 FROM platform_role r
                WHERE r.account_id = COALESCE(absent, decider)
                  AND roles -> 'platform' -> asked_right ? r.role
                  AND (r.expires_at IS NULL OR r.expires_at > slipway_now()))
            OR EXISTS (SELECT 1 FROM membership m
                WHERE m.account_id = COALESCE(absent, decider) AND m.project_id = place
                  AND roles -> 'project' -> asked_right ? m.role
                  AND (m.expires_at IS NULL OR m.expires_at > slipway_now()))
        END
$$;
