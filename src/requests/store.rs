//! The SQL of requests.

use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::policy::Terms;
use super::{
    Because, Computed, Deciding, Decision, Excluded, Involved, Quorum, Request, RequestId, Say,
    State, Voters, quorum::roles,
};
use crate::db::DbError;
use crate::error::Words;
use crate::identity::{AccountId, Person, ProjectId};

pub struct New<'a> {
    pub id: RequestId,
    pub kind: &'a str,
    pub author: AccountId,
    pub computed: &'a Computed,
    pub terms: &'a Terms,
}

/// The request without a revision; its number.
pub async fn insert(connection: &mut PgConnection, new: &New<'_>) -> Result<i64, DbError> {
    let number = sqlx::query_scalar!(
        "INSERT INTO request (id, kind, subject, project_id, environment_id, release_id, author_id,
            expires_at, remind_at, remind_hours)
         VALUES ($1, $2, $3, $4, $5, $6, $7, slipway_now() + make_interval(hours => $8),
            slipway_now() + make_interval(hours => $9), $9) RETURNING number",
        new.id.0,
        new.kind,
        new.computed.subject,
        new.computed.project.map(|p| p.0),
        new.computed.environment,
        new.computed.release,
        new.author.0,
        new.terms.expires_hours,
        new.terms.remind_hours,
    );
    Ok(number.fetch_one(connection).await?)
}

/// These were asked for together.
pub async fn bundle(connection: &mut PgConnection, numbers: &[i64]) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE request SET bundle = $1 WHERE number = ANY($2)",
        Uuid::now_v7(),
        numbers,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The numbers of what was asked for together, and the component that each is for.
pub async fn bundled(
    executor: impl PgExecutor<'_>,
    bundle: Uuid,
) -> Result<Vec<(i64, Option<String>)>, DbError> {
    let rows = sqlx::query!(
        "SELECT r.number, v.payload ->> 'component' AS component
         FROM request r JOIN request_revision v ON v.request_id = r.id AND v.revision = r.revision
         WHERE r.bundle = $1",
        bundle,
    );
    let rows = rows.fetch_all(executor).await?;
    Ok(rows.into_iter().map(|r| (r.number, r.component)).collect())
}

/// What a request asks for from now on.
pub struct Revision<'a> {
    pub request: RequestId,
    /// The request's own author.
    pub author: Uuid,
    pub number: i32,
    pub because: Because,
    pub payload: &'a Value,
    pub computed: &'a Value,
    pub hash: &'a [u8],
    pub note: &'a str,
}

/// The revision, and whose yes it needs.
pub async fn insert_revision(
    connection: &mut PgConnection,
    revision: &Revision<'_>,
    quorum: &[Quorum],
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO request_revision
            (request_id, revision, author_id, payload, computed, hash, note, because)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        revision.request.0,
        revision.number,
        revision.author,
        revision.payload,
        revision.computed,
        revision.hash,
        revision.note,
        revision.because.as_str(),
    )
    .execute(&mut *connection)
    .await?;
    for (position, quorum) in (0..).zip(quorum) {
        let (permission, group) = match &quorum.by {
            Voters::Permission(permission) => (Some(permission.as_str()), None),
            Voters::Group(key) => (None, Some(key.as_str())),
        };
        sqlx::query!(
            "INSERT INTO request_quorum
                (request_id, revision, position, permission, group_id, needed)
             VALUES ($1, $2, $3, $4, (SELECT id FROM people_group WHERE key = $5), $6)",
            revision.request.0,
            revision.number,
            position,
            permission,
            group,
            quorum.needed,
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Somebody who may not decide on a revision.
pub async fn exclude(
    connection: &mut PgConnection,
    revision: &Revision<'_>,
    account: AccountId,
    because: Involved,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO request_excluded (request_id, revision, account_id, because)
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        revision.request.0,
        revision.number,
        account.0,
        because.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The request goes on with a revision that was made for it. What its author changed waits as
/// long as a new one.
pub async fn advance(
    connection: &mut PgConnection,
    revision: &Revision<'_>,
    subject: &str,
    terms: &Terms,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE request SET revision = $2, subject = $3, remind_hours = $5,
            remind_at = slipway_now() + make_interval(hours => $5),
            expires_at = CASE WHEN $6 THEN slipway_now() + make_interval(hours => $4)
                ELSE expires_at END,
            stuck = CASE WHEN $6 THEN NULL ELSE stuck END
         WHERE id = $1 AND state = 'open'",
        revision.request.0,
        revision.number,
        subject,
        terms.expires_hours,
        terms.remind_hours,
        revision.because == Because::Changed,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Open requests whose time is over.
pub async fn expired(executor: impl PgExecutor<'_>, limit: i64) -> Result<Vec<RequestId>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"SELECT id AS "id: RequestId" FROM request
           WHERE state = 'open' AND expires_at <= slipway_now() ORDER BY expires_at LIMIT $1"#,
        limit,
    );
    Ok(ids.fetch_all(executor).await?)
}

pub async fn is_over(connection: &mut PgConnection, id: RequestId) -> Result<bool, DbError> {
    let over = sqlx::query_scalar!(
        r#"SELECT COALESCE(expires_at <= slipway_now(), false) AS "over!" FROM request
           WHERE id = $1"#,
        id.0,
    );
    Ok(over.fetch_one(connection).await?)
}

/// Open requests whose deciders are to hear of them again.
pub async fn to_remind_of(
    executor: impl PgExecutor<'_>,
    limit: i64,
) -> Result<Vec<RequestId>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"SELECT id AS "id: RequestId" FROM request
           WHERE state = 'open' AND remind_at <= slipway_now() ORDER BY remind_at LIMIT $1"#,
        limit,
    );
    Ok(ids.fetch_all(executor).await?)
}

/// Moves the reminder on; true for whoever did.
pub async fn reminded(connection: &mut PgConnection, id: RequestId) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE request SET remind_at = slipway_now() + make_interval(hours => remind_hours)
         WHERE id = $1 AND state = 'open' AND remind_at <= slipway_now()",
        id.0,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub state: Option<State>,
    pub author: Option<Uuid>,
    /// Only these.
    pub numbers: Option<Vec<i64>>,
    /// Projects whose requests may be seen; `None` sees all.
    pub visible: Option<Vec<Uuid>>,
    /// Whose own requests are seen besides.
    pub own: Uuid,
    pub before: Option<i64>,
    pub limit: i64,
}

/// Newest first, without what they hold.
pub async fn list(executor: impl PgExecutor<'_>, filter: &Filter) -> Result<Vec<Request>, DbError> {
    fetch(executor, None, None, filter).await
}

pub async fn find(executor: impl PgExecutor<'_>, number: i64) -> Result<Option<Request>, DbError> {
    let filter = Filter {
        limit: 1,
        ..Filter::default()
    };
    Ok(fetch(executor, Some(number), None, &filter).await?.pop())
}

pub async fn find_by_id(
    executor: impl PgExecutor<'_>,
    id: RequestId,
) -> Result<Option<Request>, DbError> {
    let filter = Filter {
        limit: 1,
        ..Filter::default()
    };
    Ok(fetch(executor, None, Some(id), &filter).await?.pop())
}

async fn fetch(
    executor: impl PgExecutor<'_>,
    number: Option<i64>,
    id: Option<RequestId>,
    filter: &Filter,
) -> Result<Vec<Request>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT r.id AS "id: RequestId", r.number, r.kind, r.subject,
            r.project_id AS "project_id: ProjectId", p.key AS "project?",
            r.environment_id, e.key AS "environment?", r.release_id, r.author_id,
            a.name AS author, a.display_name, r.state AS "state: State", r.revision,
            v.hash, v.note, r.created_at, r.decided_at,
            CASE WHEN $10 THEN v.payload ELSE 'null' END AS "payload!",
            CASE WHEN $10 THEN v.computed ELSE 'null' END AS "computed!",
            r.expires_at, r.bundle, r.stuck AS "stuck: Json<Words>",
            v.because AS "because: Because",
            (SELECT COALESCE(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                'permission', q.permission, 'group', q_g.key, 'needed', q.needed))
                ORDER BY q.position), '[]')
             FROM request_quorum q LEFT JOIN people_group q_g ON q_g.id = q.group_id
             WHERE q.request_id = r.id AND q.revision = r.revision)
                AS "quorum!: Json<Vec<Quorum>>",
            (SELECT COALESCE(jsonb_agg(jsonb_build_object('user', x_a.name,
                'display_name', x_a.display_name, 'because', x.because) ORDER BY x_a.name), '[]')
             FROM request_excluded x JOIN account x_a ON x_a.id = x.account_id
             WHERE x.request_id = r.id AND x.revision = r.revision)
                AS "excluded!: Json<Vec<Excluded>>",
            (SELECT COALESCE(jsonb_agg(jsonb_build_object('by', d_a.name,
                'display_name', d_a.display_name, 'verdict', d.verdict, 'revision', d.revision,
                'hash', encode(d.hash, 'hex'), 'comment', d.comment, 'at', d.created_at,
                'fills', CASE WHEN r.state = 'open' AND d.revision = r.revision THEN (
                    SELECT COALESCE(jsonb_agg(q.position), '[]') FROM request_quorum q
                    WHERE q.request_id = r.id AND q.revision = r.revision
                      AND q.position = ANY(d.fills) AND yes_still_counts(d.decider_id,
                        d.stands_for, q.group_id, q.permission, r.project_id, $11))
                    ELSE to_jsonb(d.fills) END,
                'given_for', d.fills, 'stands_for', d_f.display_name,
                'stands_for_user', d_f.name,
                'is_gone', d_a.disabled_at IS NOT NULL OR d_f.disabled_at IS NOT NULL)
                ORDER BY d.created_at), '[]')
             FROM decision d JOIN account d_a ON d_a.id = d.decider_id
             LEFT JOIN account d_f ON d_f.id = d.stands_for
             WHERE d.request_id = r.id) AS "decisions!: Json<Vec<Decision>>"
           FROM request r
           JOIN account a ON a.id = r.author_id
           JOIN request_revision v ON v.request_id = r.id AND v.revision = r.revision
           LEFT JOIN project p ON p.id = r.project_id
           LEFT JOIN environment e ON e.id = r.environment_id
           WHERE ($1::bigint IS NULL OR r.number = $1)
             AND ($2::uuid IS NULL OR r.id = $2)
             AND ($3::text IS NULL OR r.state = $3)
             AND ($4::uuid IS NULL OR r.author_id = $4)
             AND ($5::bigint[] IS NULL OR r.number = ANY($5))
             AND ($6::uuid[] IS NULL OR r.project_id = ANY($6) OR r.author_id = $7)
             AND ($8::bigint IS NULL OR r.number < $8)
           ORDER BY r.number DESC LIMIT $9"#,
        number,
        id.map(|i| i.0),
        filter.state.map(State::as_str),
        filter.author,
        filter.numbers.as_deref(),
        filter.visible.as_deref(),
        filter.own,
        filter.before,
        filter.limit,
        number.is_some() || id.is_some(),
        roles(),
    )
    .fetch_all(executor)
    .await?;
    let requests = rows.into_iter().map(|r| Request {
        id: r.id,
        number: r.number,
        kind: r.kind,
        subject: r.subject,
        project_id: r.project_id,
        project: r.project,
        environment: r.environment,
        environment_id: r.environment_id,
        release_id: r.release_id,
        author: Person {
            name: r.author,
            display_name: r.display_name,
        },
        author_id: r.author_id,
        state: r.state,
        revision: r.revision,
        hash: hex::encode(r.hash),
        parameters: r.payload,
        computed: r.computed,
        note: r.note,
        created_at: r.created_at.to_jiff(),
        decided_at: r.decided_at.map(jiff_sqlx::Timestamp::to_jiff),
        bundle: r.bundle,
        stuck: r.stuck.map(|s| s.0),
        expires_at: r.expires_at.map(jiff_sqlx::Timestamp::to_jiff),
        because: r.because,
        quorum: r.quorum.0,
        excluded: r.excluded.0,
        decisions: r.decisions.0,
    });
    Ok(requests.collect())
}

/// Decisions on one request happen one after the other.
pub async fn lock(connection: &mut PgConnection, id: RequestId) -> Result<(), DbError> {
    sqlx::query!(
        "SELECT 1 AS one FROM request WHERE id = $1 FOR UPDATE",
        id.0
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

pub async fn insert_decision(
    connection: &mut PgConnection,
    request: &Request,
    decider: AccountId,
    say: &Say,
    deciding: &Deciding,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO decision (id, request_id, revision, hash, author_id, decider_id, verdict,
            comment, fills, stands_for)
         VALUES ($1, $2, $3, decode($4, 'hex'), $5, $6, $7, $8, $9, $10)",
        Uuid::now_v7(),
        request.id.0,
        request.revision,
        deciding.hash,
        request.author_id,
        decider.0,
        deciding.verdict.as_str(),
        deciding.comment,
        &say.fills,
        say.stands_for.as_ref().map(|(id, _)| id.0),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// From open to decided; false if it was not open any more.
pub async fn set_state(
    connection: &mut PgConnection,
    id: RequestId,
    state: State,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE request SET state = $2, decided_at = slipway_now()
         WHERE id = $1 AND state = 'open'",
        id.0,
        state.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// From open to void, for a release's open question; its number and project.
pub async fn void(
    connection: &mut PgConnection,
    release: Uuid,
) -> Result<Option<(i64, Option<ProjectId>)>, DbError> {
    let row = sqlx::query!(
        r#"UPDATE request SET state = 'void', decided_at = slipway_now()
           WHERE release_id = $1 AND state = 'open'
           RETURNING number, project_id AS "project_id: ProjectId""#,
        release,
    );
    Ok(row
        .fetch_optional(connection)
        .await?
        .map(|r| (r.number, r.project_id)))
}

/// Closes everything that is open about a project; their numbers.
pub async fn void_of_project(
    connection: &mut PgConnection,
    project: ProjectId,
) -> Result<Vec<i64>, DbError> {
    let numbers = sqlx::query_scalar!(
        "UPDATE request SET state = 'void', decided_at = slipway_now()
         WHERE project_id = $1 AND state = 'open' RETURNING number",
        project.0,
    );
    Ok(numbers.fetch_all(connection).await?)
}

/// From approved to its end; the number and project if that was its state.
pub async fn finish(
    connection: &mut PgConnection,
    id: RequestId,
    state: State,
) -> Result<Option<(i64, Option<ProjectId>)>, DbError> {
    let row = sqlx::query!(
        r#"UPDATE request SET state = $2 WHERE id = $1 AND state = 'approved'
           RETURNING number, project_id AS "project_id: ProjectId""#,
        id.0,
        state.as_str(),
    );
    Ok(row
        .fetch_optional(connection)
        .await?
        .map(|r| (r.number, r.project_id)))
}

/// Whose yes is looked for: somebody's rights, on the platform and project by project, and the
/// groups they are in.
#[derive(Debug, Clone, Default)]
pub struct Decider {
    /// Who would press the button.
    pub account: Uuid,
    /// Whose rights these are: their own, or somebody's who is away.
    pub principal: Uuid,
    pub everywhere: Vec<String>,
    /// Each with the permission of the same place.
    pub projects: Vec<Uuid>,
    pub permissions: Vec<String>,
    pub groups: Vec<String>,
}

/// Numbers of the open requests that wait for somebody, newest first. Not among them are their
/// own, those they have decided on, and those that their word would add nothing to.
pub async fn waiting(
    executor: impl PgExecutor<'_>,
    decider: &Decider,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<i64>, DbError> {
    let numbers = sqlx::query_scalar!(
        "SELECT r.number FROM request r
         WHERE r.state = 'open' AND r.author_id <> $1 AND r.author_id <> $2
           AND ($6::bigint IS NULL OR r.number < $6)
           AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.request_id = r.id
              AND d.revision = r.revision AND (d.decider_id IN ($1, $2) OR d.stands_for = $2))
           AND NOT EXISTS (SELECT 1 FROM request_excluded x WHERE x.request_id = r.id
              AND x.revision = r.revision AND x.account_id IN ($1, $2))
           AND EXISTS (SELECT 1 FROM request_quorum q
              LEFT JOIN people_group g ON g.id = q.group_id
              WHERE q.request_id = r.id AND q.revision = r.revision
                AND q.needed > (SELECT count(*) FROM decision d WHERE d.request_id = r.id
                    AND d.revision = r.revision AND d.verdict = 'approve'
                    AND q.position = ANY(d.fills) AND yes_still_counts(d.decider_id,
                      d.stands_for, q.group_id, q.permission, r.project_id, $9))
                AND (q.permission = ANY($3) OR g.key = ANY($8) OR EXISTS (
                  SELECT 1 FROM unnest($4::uuid[], $5::text[]) AS mine(project, permission)
                  WHERE mine.project = r.project_id AND mine.permission = q.permission)))
         ORDER BY r.number DESC LIMIT $7",
        decider.account,
        decider.principal,
        &decider.everywhere,
        &decider.projects,
        &decider.permissions,
        before,
        limit,
        &decider.groups,
        roles(),
    );
    Ok(numbers.fetch_all(executor).await?)
}

/// How many open requests somebody has filed, and how many they see.
pub async fn count_open(
    executor: impl PgExecutor<'_>,
    account: Uuid,
    visible: Option<&[Uuid]>,
) -> Result<(i64, i64), DbError> {
    let row = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE author_id = $1) AS "mine!", count(*) AS "seen!"
           FROM request WHERE state = 'open'
             AND ($2::uuid[] IS NULL OR project_id = ANY($2) OR author_id = $1)"#,
        account,
        visible,
    )
    .fetch_one(executor)
    .await?;
    Ok((row.mine, row.seen))
}

/// The open question whether a release may go into an environment.
pub async fn open_production_request(
    executor: impl PgExecutor<'_>,
    release: Uuid,
) -> Result<Option<i64>, DbError> {
    let number = sqlx::query_scalar!(
        "SELECT number FROM request WHERE release_id = $1 AND state = 'open'",
        release,
    );
    Ok(number.fetch_optional(executor).await?)
}

/// The newest request of a kind about a project's key that a yes made something of; of one place's
/// component, where it has such.
pub async fn newest_made(
    executor: impl PgExecutor<'_>,
    made: &Made<'_>,
) -> Result<Option<i64>, DbError> {
    let number = sqlx::query_scalar!(
        "SELECT r.number FROM request r
         JOIN request_revision v ON v.request_id = r.id AND v.revision = r.revision
         WHERE r.kind = $1 AND r.subject = $2 AND r.state IN ('done', 'failed', 'approved')
           AND ($3::uuid IS NULL OR r.environment_id = $3)
           AND ($4::text IS NULL OR v.payload ->> 'component' = $4)
         ORDER BY r.number DESC LIMIT 1",
        made.kind,
        made.project,
        made.environment,
        made.component,
    );
    Ok(number.fetch_optional(executor).await?)
}

/// What a request has made.
#[derive(Debug, Clone, Copy)]
pub struct Made<'a> {
    pub kind: &'a str,
    /// Key of the project.
    pub project: &'a str,
    pub environment: Option<Uuid>,
    pub component: Option<&'a str>,
}

/// The newest question whether a release may go into production, however it stands.
pub async fn newest_of_release(
    executor: impl PgExecutor<'_>,
    release: Uuid,
) -> Result<Option<i64>, DbError> {
    let number = sqlx::query_scalar!(
        "SELECT number FROM request WHERE release_id = $1 ORDER BY number DESC LIMIT 1",
        release,
    );
    Ok(number.fetch_optional(executor).await?)
}
