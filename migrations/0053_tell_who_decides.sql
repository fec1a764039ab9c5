-- Whether a request is somebody's matter whatever they are a member of: they filed it, they gave
-- a word on it, or it asks for theirs, by a right, a group, or in the place of somebody who is
-- away. `roles` names the roles that grant a right, as for `yes_still_counts`.
CREATE FUNCTION request_concerns(asked bigint, reader uuid, roles jsonb)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM request r WHERE r.number = asked AND (
        r.author_id = reader
        OR EXISTS (SELECT 1 FROM decision d WHERE d.request_id = r.id
            AND reader IN (d.decider_id, d.stands_for))
        OR EXISTS (SELECT 1 FROM request_quorum q
            WHERE q.request_id = r.id AND q.revision = r.revision
              AND (yes_still_counts(reader, NULL, q.group_id, q.permission, r.project_id, roles)
                OR EXISTS (SELECT 1 FROM delegation g WHERE g.deputy_id = reader
                    AND g.ended_at IS NULL AND g.begins_at <= slipway_now()
                    AND g.ends_at > slipway_now()
                    AND yes_still_counts(reader, g.account_id, q.group_id, q.permission,
                        r.project_id, roles))))))
$$;
