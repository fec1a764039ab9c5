//! The SQL of releases.

use jiff::Timestamp;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::told::Headline;
use super::{Artifact, ArtifactId, Confirmation, ConfirmationId, ConfirmationKind};
use super::{Deployment, DeploymentId, Origin};
use super::{DeploymentState, Kind, Release};
use super::{ReleaseId, RolloutId, Setback, Since, State};
use crate::clusters::{EnvironmentId, Tier};
use crate::connections::ConnectionId;
use crate::db::DbError;
use crate::error::Words;
use crate::identity::{AccountId, Person, ProjectId};
use crate::projects::Access;
use crate::standards::images::Remark;
use crate::workloads::WorkloadId;

pub struct New<'a> {
    pub id: ReleaseId,
    pub access: &'a Access<'a>,
    pub origin: Origin,
    pub reference: &'a str,
    pub commit: &'a str,
    pub title: &'a str,
    pub note: &'a str,
    pub since: Option<&'a Since>,
}

/// Stores a release under the next number and the first free tag of the following seconds.
/// Without a free one the tag is `None`, and nothing may be committed.
pub async fn insert(
    connection: &mut PgConnection,
    new: &New<'_>,
    tag_at: impl Fn(Timestamp, i64) -> String,
    seconds_tried: i64,
) -> Result<(i32, Option<String>), DbError> {
    let row = sqlx::query!(
        r#"UPDATE project SET release_count = release_count + 1 WHERE id = $1
           RETURNING release_count, slipway_now() AS "now!""#,
        new.access.project.id.0,
    )
    .fetch_one(&mut *connection)
    .await?;
    let (number, now) = (row.release_count, row.now.to_jiff());
    for later in 0..seconds_tried {
        let tag = tag_at(now, later);
        let made = sqlx::query!(
            "INSERT INTO release (id, project_id, number, tag, reference, commit_id, commit_title,
                note, author_id, since, state, origin)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'requested', $11)
             ON CONFLICT ON CONSTRAINT release_tag_key DO NOTHING",
            new.id.0,
            new.access.project.id.0,
            number,
            tag,
            new.reference,
            new.commit,
            new.title,
            new.note,
            new.access.actor.responsible.0,
            new.since.map(Json) as _,
            new.origin.as_str(),
        )
        .execute(&mut *connection)
        .await?;
        if made.rows_affected() == 1 {
            return Ok((number, Some(tag)));
        }
    }
    Ok((number, None))
}

/// The Jenkins and the template job of a language.
pub async fn language(
    executor: impl PgExecutor<'_>,
    key: &str,
) -> Result<(ConnectionId, String), DbError> {
    let row = sqlx::query!(
        r#"SELECT jenkins_id AS "jenkins: ConnectionId", template_job FROM language
           WHERE key = $1"#,
        key,
    )
    .fetch_one(executor)
    .await?;
    Ok((row.jenkins, row.template_job))
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub project: Option<Uuid>,
    /// `None` sees all projects.
    pub visible: Option<Vec<Uuid>>,
    /// Any state where none is named.
    pub states: Vec<State>,
    /// Only the newest release of each project.
    pub newest: bool,
    /// Only those that no newer release of their project has caught up with.
    pub leading: bool,
    /// These alone.
    pub ids: Option<Vec<Uuid>>,
    /// Older than this release.
    pub before: Option<Uuid>,
    pub limit: i64,
}

/// Newest first.
pub async fn list(executor: impl PgExecutor<'_>, filter: &Filter) -> Result<Vec<Release>, DbError> {
    fetch(executor, None, None, filter).await
}

pub async fn find(
    executor: impl PgExecutor<'_>,
    id: ReleaseId,
) -> Result<Option<Release>, DbError> {
    let filter = Filter {
        limit: 1,
        ..Filter::default()
    };
    Ok(fetch(executor, Some(id), None, &filter).await?.pop())
}

pub async fn find_by_number(
    executor: impl PgExecutor<'_>,
    project: ProjectId,
    number: i32,
) -> Result<Option<Release>, DbError> {
    let filter = Filter {
        project: Some(project.0),
        limit: 1,
        ..Filter::default()
    };
    Ok(fetch(executor, None, Some(number), &filter).await?.pop())
}

fn person(name: String, display_name: String) -> Person {
    Person { name, display_name }
}

async fn fetch(
    executor: impl PgExecutor<'_>,
    id: Option<ReleaseId>,
    number: Option<i32>,
    filter: &Filter,
) -> Result<Vec<Release>, DbError> {
    let states: Vec<&str> = filter.states.iter().map(|s| s.as_str()).collect();
    let rows = sqlx::query!(
        r#"SELECT r.id AS "id: ReleaseId", r.project_id AS "project_id: ProjectId",
            p.key AS project, r.number, r.tag, r.origin AS "origin: Origin", r.reference,
            r.commit_id, r.commit_title, r.note, r.author_id, a.name AS author,
            a.display_name, p.may_confirm_own, r.state AS "state: State", r.state_since,
            r.failure AS "failure: Json<Words>",
            r.tagged_at, r.created_at, r.since AS "since: Json<Since>",
            (SELECT jsonb_build_object('id', x.id, 'repository', x.repository, 'tag', x.tag,
                'digest', x.digest, 'origin', x.origin, 'size_bytes', x.size_bytes,
                'created_at', x.created_at)
             FROM artifact x WHERE x.release_id = r.id) AS "artifact: Json<Artifact>",
            (SELECT l.remarks FROM image_look l WHERE l.release_id = r.id
             ORDER BY l.number DESC LIMIT 1) AS "remarks: Json<Vec<Remark>>",
            (SELECT jsonb_build_object('id', c.id, 'kind', c.kind, 'by', c_a.name,
                'display_name', c_a.display_name, 'note', c.note, 'at', c.created_at)
             FROM artifact x JOIN confirmation c ON c.artifact_id = x.id AND c.live
             JOIN account c_a ON c_a.id = c.account_id
             WHERE x.release_id = r.id) AS "confirmation: Json<Confirmation>",
            (SELECT jsonb_build_object('kind', s.kind, 'by', s_a.name,
                'display_name', s_a.display_name, 'note', s.note, 'at', s.created_at)
             FROM setback s JOIN account s_a ON s_a.id = s.account_id
             WHERE s.release_id = r.id AND (s.kind = r.state OR (s.kind = 'rolled_back'
                AND r.state = 'confirmed' AND s.created_at >= r.state_since))
             ORDER BY s.id DESC LIMIT 1) AS "taken_back: Json<Setback>"
           FROM release r JOIN project p ON p.id = r.project_id
           JOIN account a ON a.id = r.author_id
           WHERE ($1::uuid IS NULL OR r.id = $1)
             AND ($2::int IS NULL OR r.number = $2) AND ($3::uuid IS NULL OR r.project_id = $3)
             AND ($4::uuid[] IS NULL OR r.project_id = ANY($4))
             AND (cardinality($5::text[]) = 0 OR r.state = ANY($5))
             AND ($6::uuid IS NULL OR r.id < $6) AND (NOT $8 OR r.number = p.release_count)
             AND ($9::uuid[] IS NULL OR r.id = ANY($9))
             AND (NOT $10 OR NOT EXISTS (SELECT 1 FROM release later
                WHERE later.project_id = r.project_id AND later.number > r.number
                  AND later.state IN ('awaiting_confirmation', 'confirmed', 'awaiting_approval',
                    'deploying_production', 'released')))
           ORDER BY r.id DESC LIMIT $7"#,
        id.map(|i| i.0),
        number,
        filter.project,
        filter.visible.as_deref(),
        &states as &[&str],
        filter.before,
        filter.limit,
        filter.newest,
        filter.ids.as_deref(),
        filter.leading,
    )
    .fetch_all(executor)
    .await?;
    let releases = rows.into_iter().map(|r| Release {
        id: r.id,
        project_id: r.project_id,
        project: r.project,
        number: r.number,
        tag: r.tag,
        origin: r.origin,
        reference: r.reference,
        commit: r.commit_id,
        commit_title: r.commit_title,
        note: r.note,
        author: person(r.author, r.display_name),
        author_id: r.author_id,
        may_confirm_own: r.may_confirm_own,
        state: r.state,
        state_since: r.state_since.to_jiff(),
        failure: r.failure.map(|f| f.0),
        tagged_at: r.tagged_at.map(jiff_sqlx::Timestamp::to_jiff),
        created_at: r.created_at.to_jiff(),
        artifact: r.artifact.map(|a| a.0),
        confirmation: r.confirmation.map(|c| c.0),
        taken_back: r.taken_back.map(|s| s.0),
        since: r.since.map(|s| s.0),
        remarks: r.remarks.map(|l| l.0).unwrap_or_default(),
    });
    Ok(releases.collect())
}

/// The state, for changing it; whoever else wants to waits.
pub async fn lock_state(
    connection: &mut PgConnection,
    id: ReleaseId,
) -> Result<Option<(State, ProjectId)>, DbError> {
    let row = sqlx::query!(
        r#"SELECT state AS "state: State", project_id AS "project: ProjectId" FROM release
           WHERE id = $1 FOR UPDATE"#,
        id.0,
    );
    Ok(row
        .fetch_optional(connection)
        .await?
        .map(|r| (r.state, r.project)))
}

/// What a release is called when people are told of it.
pub async fn headline(
    connection: &mut PgConnection,
    id: ReleaseId,
) -> Result<Option<Headline>, DbError> {
    let row = sqlx::query_as!(
        Headline,
        r#"SELECT r.project_id AS project, p.key AS project_key, r.number, r.tag,
            a.display_name AS author
           FROM release r JOIN project p ON p.id = r.project_id
           JOIN account a ON a.id = r.author_id
           WHERE r.id = $1"#,
        id.0,
    );
    Ok(row.fetch_optional(connection).await?)
}

/// How many approvals an environment asks for by itself.
pub async fn approvals(
    connection: &mut PgConnection,
    environment: Option<uuid::Uuid>,
) -> Result<i32, DbError> {
    let row = sqlx::query_scalar!(
        "SELECT approvals FROM environment WHERE id = $1",
        environment
    );
    Ok(row.fetch_optional(connection).await?.unwrap_or(1))
}

/// Who opened a release, and whose confirmation of its artifact is live; for programs, the people
/// who answer for them.
pub async fn involved(
    connection: &mut PgConnection,
    id: ReleaseId,
) -> Result<(Option<AccountId>, Option<AccountId>), DbError> {
    let row = sqlx::query!(
        r#"SELECT COALESCE(a.responsible_id, a.id) AS "builder: AccountId",
            (SELECT COALESCE(t.responsible_id, t.id) FROM confirmation c
             JOIN artifact f ON f.id = c.artifact_id JOIN account t ON t.id = c.account_id
             WHERE f.release_id = r.id AND c.withdrawn_at IS NULL) AS "confirmer: AccountId"
           FROM release r JOIN account a ON a.id = r.author_id WHERE r.id = $1"#,
        id.0,
    );
    let row = row.fetch_optional(connection).await?;
    Ok(row.map_or((None, None), |r| (r.builder, r.confirmer)))
}

/// From one state to another. A failure is kept only while it is the state.
pub async fn set_state(
    connection: &mut PgConnection,
    id: ReleaseId,
    from: State,
    to: State,
    failure: Option<&Words>,
) -> Result<(), DbError> {
    let failure = (to == State::Failed).then(|| failure.cloned().unwrap_or_else(unexplained));
    let done = sqlx::query!(
        "UPDATE release SET state = $3, failure = $4, state_since = slipway_now(),
            tagged_at = CASE WHEN $3 = 'building' THEN COALESCE(tagged_at, slipway_now())
                ELSE tagged_at END
         WHERE id = $1 AND state = $2",
        id.0,
        from.as_str(),
        to.as_str(),
        failure.map(Json) as _,
    )
    .execute(connection)
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(DbError::Row(format!(
            "release {id} was not {from} any more"
        )))
    }
}

/// Releases of a project that have not come to an end.
pub async fn unfinished(
    connection: &mut PgConnection,
    project: ProjectId,
) -> Result<Vec<ReleaseId>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"SELECT id AS "id: ReleaseId" FROM release WHERE project_id = $1
             AND state NOT IN ('released', 'failed', 'rejected', 'cancelled') ORDER BY number"#,
        project.0,
    );
    Ok(ids.fetch_all(connection).await?)
}

fn unexplained() -> Words {
    Words::new("failed-unexplained")
}

pub async fn insert_artifact(
    connection: &mut PgConnection,
    (project, release): (ProjectId, ReleaseId),
    artifact: &Artifact,
    commit: &str,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO artifact
            (id, project_id, release_id, repository, tag, digest, size_bytes, revision, origin)
         VALUES ($1, $2, $3, $4, $5, $6, $7, NULLIF($8, ''), $9)",
        artifact.id.0,
        project.0,
        release.0,
        artifact.repository,
        artifact.tag,
        artifact.digest,
        artifact.size_bytes,
        commit,
        artifact.origin.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The deployments of everything that a release's artifact went into, oldest first.
pub async fn deployments_of_release(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Vec<Deployment>, DbError> {
    fetch_deployments(executor, release).await
}

async fn fetch_deployments(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Vec<Deployment>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT d.id AS "id: DeploymentId", d.rollout_id AS "rollout: RolloutId",
            d.workload_id, e.key AS environment, d.tier AS "tier: Tier", c.key AS cluster,
            c.site, d.kind AS "kind: Kind", d.sequence, x.digest, d.parameters_revision,
            d.state AS "state: DeploymentState", d.observed, d.before_run,
            d.failure AS "failure: Json<Words>",
            d.overwrote, d.generation IS NOT NULL AS "applied!", d.seconds_to_ready, a.name,
            a.display_name, o.reason, d.created_at, d.ended_at
           FROM deployment d
           JOIN rollout o ON o.id = d.rollout_id
           JOIN artifact x ON x.id = d.artifact_id
           JOIN workload w ON w.id = d.workload_id
           JOIN environment e ON e.id = w.environment_id
           JOIN cluster c ON c.id = w.cluster_id
           JOIN account a ON a.id = d.author_id
           WHERE x.release_id = $1
           ORDER BY d.id LIMIT 200"#,
        release.0,
    )
    .fetch_all(executor)
    .await?;
    let deployments = rows.into_iter().map(|r| Deployment {
        id: r.id,
        rollout: r.rollout,
        workload: r.workload_id,
        environment: r.environment,
        tier: r.tier,
        cluster: r.cluster,
        site: r.site,
        kind: r.kind,
        sequence: r.sequence,
        digest: r.digest,
        parameters_revision: r.parameters_revision,
        state: r.state,
        observed: r.observed,
        before_run: r.before_run,
        failure: r.failure.map(|f| f.0),
        overwrote: r.overwrote,
        applied: r.applied,
        seconds_to_ready: r.seconds_to_ready,
        by: Person {
            name: r.name,
            display_name: r.display_name,
        },
        reason: r.reason,
        created_at: r.created_at.to_jiff(),
        ended_at: r.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
    });
    Ok(deployments.collect())
}

/// What rests on no test is for imported images alone; the key and a constraint hold it.
pub async fn insert_confirmation(
    connection: &mut PgConnection,
    artifact: ArtifactId,
    kind: ConfirmationKind,
    account: AccountId,
    note: &str,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO confirmation (id, artifact_id, kind, account_id, note, origin)
         VALUES ($1, $2, $3, $4, $5, CASE WHEN $3 <> 'tested' THEN 'imported' END)",
        ConfirmationId::new().0,
        artifact.0,
        kind.as_str(),
        account.0,
        note,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What an environment of production was seen to run before the portal did anything there.
pub async fn insert_baseline(
    connection: &mut PgConnection,
    (project, environment): (ProjectId, EnvironmentId),
    artifact: ArtifactId,
    account: AccountId,
    seen: &serde_json::Value,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO baseline (environment_id, tier, project_id, artifact_id, seen, account_id)
         VALUES ($1, 'production', $2, $3, $4, $5)",
        environment.0,
        project.0,
        artifact.0,
        seen,
        account.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A workload's newest deployment: its artifact, and whether it succeeded.
pub async fn last_deployment(
    executor: impl PgExecutor<'_>,
    workload: WorkloadId,
) -> Result<Option<(ArtifactId, bool)>, DbError> {
    let row = sqlx::query!(
        r#"SELECT artifact_id AS "artifact: ArtifactId", state = 'succeeded' AS "well!"
           FROM deployment WHERE workload_id = $1 ORDER BY sequence DESC LIMIT 1"#,
        workload.0,
    );
    Ok(row
        .fetch_optional(executor)
        .await?
        .map(|r| (r.artifact, r.well)))
}

/// The newest release after this one that somebody has confirmed: its number and its tag.
pub async fn newer_confirmed(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Option<(i32, String)>, DbError> {
    let row = sqlx::query!(
        r#"SELECT n.number, x.tag FROM release r
           JOIN release n ON n.project_id = r.project_id AND n.number > r.number
           JOIN artifact x ON x.release_id = n.id
           JOIN confirmation c ON c.artifact_id = x.id AND c.live
           WHERE r.id = $1 ORDER BY n.number DESC LIMIT 1"#,
        release.0,
    );
    let row = row.fetch_optional(executor).await?;
    Ok(row.map(|r| (r.number, r.tag)))
}

/// Whether a release's own work waits for something of this code.
pub async fn waits_for(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
    code: &str,
) -> Result<bool, DbError> {
    let waits = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM step s JOIN run n ON n.id = s.run_id
            WHERE n.subject_id = $1 AND s.state = 'waiting'
              AND s.waits_for ->> 'code' = $2) AS "waits!""#,
        release.0,
        code,
    );
    Ok(waits.fetch_one(executor).await?)
}

/// Releases whose own work waits for something of this code, longest first.
pub async fn waiting_for(
    executor: impl PgExecutor<'_>,
    code: &str,
    limit: i64,
) -> Result<Vec<Uuid>, DbError> {
    let ids = sqlx::query_scalar!(
        "SELECT n.subject_id FROM step s JOIN run n ON n.id = s.run_id
         WHERE s.state = 'waiting' AND s.waits_for ->> 'code' = $1 ORDER BY s.id LIMIT $2",
        code,
        limit,
    );
    Ok(ids.fetch_all(executor).await?)
}

/// The leaf of a project's job, where it is not the project's key.
pub async fn job_name(
    executor: impl PgExecutor<'_>,
    project: ProjectId,
) -> Result<Option<String>, DbError> {
    let name = sqlx::query_scalar!("SELECT job_name FROM project WHERE id = $1", project.0);
    Ok(name.fetch_one(executor).await?)
}

pub async fn set_job_name(
    connection: &mut PgConnection,
    project: ProjectId,
    name: &str,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE project SET job_name = $2 WHERE id = $1",
        project.0,
        name
    )
    .execute(connection)
    .await?;
    Ok(())
}
