//! The SQL of projects.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::request::Asked;
use super::{Bound, Former, Project};
use crate::clusters::{EnvironmentId, Tier};
use crate::connections::ConnectionId;
use crate::db::DbError;
use crate::identity::{Person, ProjectId, ProjectRole};

/// The connections of a new project.
pub struct Outside {
    pub gitlab: Uuid,
    pub registry: Uuid,
}

/// What the names in an onboarding request stand for.
pub struct Found {
    pub key_taken: bool,
    pub language_known: bool,
    pub gitlab: Option<Uuid>,
    pub registry: Option<Uuid>,
    pub people: Vec<String>,
}

pub async fn look_up(connection: &mut PgConnection, asked: &Asked) -> Result<Found, DbError> {
    let mut names = asked.owners.clone();
    names.extend_from_slice(&asked.developers);
    names.extend_from_slice(&asked.testers);
    // A connection that is not named is the only one of its kind, or none.
    let row = sqlx::query!(
        r#"WITH one AS (
            SELECT id, kind, key, count(*) OVER (PARTITION BY kind) AS of_kind FROM connection)
           SELECT EXISTS (SELECT 1 FROM project WHERE key = $1) AS "key_taken!",
            EXISTS (SELECT 1 FROM language WHERE key = $2) AS "language_known!",
            (SELECT id FROM one WHERE kind = 'gitlab'
                AND (key = $3 OR ($3::text IS NULL AND of_kind = 1))) AS gitlab,
            (SELECT id FROM one WHERE kind = 'registry'
                AND (key = $4 OR ($4::text IS NULL AND of_kind = 1))) AS registry,
            ARRAY(SELECT name FROM account WHERE name = ANY($5) AND disabled_at IS NULL)
                AS "people!""#,
        asked.key,
        asked.language,
        asked.gitlab,
        asked.registry,
        &names,
    )
    .fetch_one(connection)
    .await?;
    Ok(Found {
        key_taken: row.key_taken,
        language_known: row.language_known,
        gitlab: row.gitlab,
        registry: row.registry,
        people: row.people,
    })
}

pub async fn insert(
    connection: &mut PgConnection,
    id: ProjectId,
    asked: &Asked,
    outside: &Outside,
) -> Result<(), DbError> {
    let callbacks = serde_json::to_value(&asked.callbacks).unwrap_or_default();
    sqlx::query!(
        "INSERT INTO project (id, key, description, language, gitlab_id, registry_id, repository,
            deploy_path, log_path, start_command, stop_command, health_path, port, callbacks,
            may_confirm_own)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        id.0,
        asked.key,
        asked.description,
        asked.language,
        outside.gitlab,
        outside.registry,
        asked.repository,
        asked.deploy_path,
        asked.log_path,
        asked.start_command,
        asked.stop_command,
        asked.health_path,
        i32::from(asked.port),
        callbacks,
        asked.may_confirm_own,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO component (project_id, key) VALUES ($1, 'main')",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn insert_members(
    connection: &mut PgConnection,
    project: ProjectId,
    names: &[String],
    role: ProjectRole,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO membership (project_id, account_id, role)
         SELECT $1, id, $3 FROM account WHERE name = ANY($2) ON CONFLICT DO NOTHING",
        project.0,
        names,
        role.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn bind(
    connection: &mut PgConnection,
    project: ProjectId,
    bound: &Bound,
    web_url: &str,
    default_branch: Option<&str>,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE project SET repository_number = $2, clone_url = $3, web_url = $4,
            default_branch = $5 WHERE id = $1",
        project.0,
        bound.number,
        bound.clone_url,
        web_url,
        default_branch,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Holds a project's row, so that it neither leaves nor changes meanwhile.
pub async fn lock(connection: &mut PgConnection, key: &str) -> Result<(), DbError> {
    let held = sqlx::query_scalar!(
        "SELECT id FROM project WHERE key = $1 FOR NO KEY UPDATE",
        key
    );
    held.fetch_optional(connection).await?;
    Ok(())
}

pub async fn find(executor: impl PgExecutor<'_>, key: &str) -> Result<Option<Project>, DbError> {
    Ok(fetch(executor, Some(key), None, None, None, 1).await?.pop())
}

pub async fn find_by_id(
    executor: impl PgExecutor<'_>,
    id: ProjectId,
) -> Result<Option<Project>, DbError> {
    Ok(fetch(executor, None, Some(id), None, None, 1).await?.pop())
}

/// Projects by key, among `visible` (`None` for all), narrowed to what matches a search and comes
/// after a key; those that have left, or the others.
pub async fn list(
    executor: impl PgExecutor<'_>,
    visible: Option<&[Uuid]>,
    narrowed: (&str, &str),
    left: bool,
    limit: i64,
) -> Result<Vec<Project>, DbError> {
    fetch(executor, None, None, visible, Some((narrowed, left)), limit).await
}

async fn fetch(
    executor: impl PgExecutor<'_>,
    key: Option<&str>,
    id: Option<ProjectId>,
    visible: Option<&[Uuid]>,
    listed: Option<((&str, &str), bool)>,
    limit: i64,
) -> Result<Vec<Project>, DbError> {
    let left = listed.map(|(_, left)| left);
    let ((search, after), _) = listed.unwrap_or_default();
    let rows = sqlx::query!(
        r#"SELECT p.id AS "id: ProjectId", p.key, p.description, p.language, p.repository,
            p.web_url, p.default_branch, p.deploy_path, p.log_path, p.health_path, p.port,
            p.may_confirm_own, p.created_at, p.leaving_at, p.left_at,
            p.gitlab_id AS "gitlab: ConnectionId",
            p.registry_id AS "registry: ConnectionId", p.repository_number, p.clone_url
           FROM project p
           WHERE ($1::text IS NULL OR p.key = $1)
             AND ($2::uuid IS NULL OR p.id = $2)
             AND ($3::uuid[] IS NULL OR p.id = ANY($3))
             AND ($4 = '' OR strpos(p.key, lower($4)) > 0
                OR strpos(lower(p.repository), lower($4)) > 0
                OR strpos(lower(p.description), lower($4)) > 0
                OR EXISTS (SELECT 1 FROM membership m JOIN account a ON a.id = m.account_id
                    WHERE m.project_id = p.id AND m.role = 'owner'
                        AND (a.name = $4 OR a.display_name = $4)))
             AND p.key > $5 AND ($7::boolean IS NULL OR (p.left_at IS NOT NULL) = $7)
           ORDER BY p.key LIMIT $6"#,
        key,
        id.map(|i| i.0),
        visible,
        search,
        after,
        limit,
        left,
    )
    .fetch_all(executor)
    .await?;
    let time = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    let projects = rows.into_iter().map(|r| Project {
        id: r.id,
        key: r.key,
        description: r.description,
        language: r.language,
        repository: r.repository,
        web_url: r.web_url,
        default_branch: r.default_branch,
        deploy_path: r.deploy_path,
        log_path: r.log_path,
        health_path: r.health_path,
        port: r.port,
        may_confirm_own: r.may_confirm_own,
        created_at: r.created_at.to_jiff(),
        leaving_at: time(r.leaving_at),
        left_at: time(r.left_at),
        gitlab: r.gitlab,
        registry: r.registry,
        bound: r
            .repository_number
            .zip(r.clone_url)
            .map(|(number, clone_url)| Bound { number, clone_url }),
    });
    Ok(projects.collect())
}

/// Somebody's role in a project.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Member {
    pub user: String,
    pub display_name: String,
    pub role: ProjectRole,
    pub expires_at: Option<Timestamp>,
}

pub async fn members(
    executor: impl PgExecutor<'_>,
    project: ProjectId,
) -> Result<Vec<Member>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT a.name, a.display_name, m.role AS "role: ProjectRole", m.expires_at
           FROM membership m JOIN account a ON a.id = m.account_id
           WHERE m.project_id = $1 AND (m.expires_at IS NULL OR m.expires_at > slipway_now())
           ORDER BY m.role, a.name"#,
        project.0,
    )
    .fetch_all(executor)
    .await?;
    let member = rows.into_iter().map(|r| Member {
        user: r.name,
        display_name: r.display_name,
        role: r.role,
        expires_at: r.expires_at.map(jiff_sqlx::Timestamp::to_jiff),
    });
    Ok(member.collect())
}

/// The owners of some projects, by name.
pub async fn owners(
    executor: impl PgExecutor<'_>,
    projects: &[Uuid],
) -> Result<BTreeMap<ProjectId, Vec<Person>>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT m.project_id AS "project: ProjectId", a.name, a.display_name
           FROM membership m JOIN account a ON a.id = m.account_id
           WHERE m.project_id = ANY($1) AND m.role = 'owner'
             AND (m.expires_at IS NULL OR m.expires_at > slipway_now())
           ORDER BY a.name"#,
        projects,
    )
    .fetch_all(executor)
    .await?;
    let mut owners: BTreeMap<ProjectId, Vec<Person>> = BTreeMap::new();
    for row in rows {
        owners.entry(row.project).or_default().push(Person {
            name: row.name,
            display_name: row.display_name,
        });
    }
    Ok(owners)
}

/// Keys of what an onboarding request may name.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    pub languages: Vec<String>,
    pub gitlabs: Vec<String>,
    pub registries: Vec<String>,
}

pub async fn choices(executor: impl PgExecutor<'_>) -> Result<Choices, DbError> {
    let row = sqlx::query!(
        r#"SELECT ARRAY(SELECT key FROM language ORDER BY key) AS "languages!",
            ARRAY(SELECT key FROM connection WHERE kind = 'gitlab' ORDER BY key) AS "gitlabs!",
            ARRAY(SELECT key FROM connection WHERE kind = 'registry' ORDER BY key)
                AS "registries!""#,
    )
    .fetch_one(executor)
    .await?;
    Ok(Choices {
        languages: row.languages,
        gitlabs: row.gitlabs,
        registries: row.registries,
    })
}

/// An environment's id, tier and how many must approve a release into it.
pub async fn environment_by_key(
    executor: impl PgExecutor<'_>,
    key: &str,
) -> Result<Option<(EnvironmentId, Tier, i32)>, DbError> {
    let row = sqlx::query!(
        r#"SELECT id AS "id: EnvironmentId", tier AS "tier: Tier", approvals
           FROM environment WHERE key = $1"#,
        key,
    );
    Ok(row
        .fetch_optional(executor)
        .await?
        .map(|r| (r.id, r.tier, r.approvals)))
}

/// The registry of a project.
pub async fn registry_of(
    executor: impl PgExecutor<'_>,
    id: ProjectId,
) -> Result<Option<ConnectionId>, DbError> {
    let row = sqlx::query_scalar!(
        r#"SELECT registry_id AS "id: ConnectionId" FROM project WHERE id = $1"#,
        id.0,
    );
    Ok(row.fetch_optional(executor).await?)
}

/// False if it was leaving already.
pub async fn leave(connection: &mut PgConnection, id: ProjectId) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE project SET leaving_at = slipway_now() WHERE id = $1 AND leaving_at IS NULL",
        id.0,
    );
    Ok(done.execute(connection).await?.rows_affected() == 1)
}

pub async fn stay(connection: &mut PgConnection, id: ProjectId) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE project SET leaving_at = NULL WHERE id = $1 AND left_at IS NULL",
        id.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends all memberships, and says whose they were.
pub async fn close(connection: &mut PgConnection, id: ProjectId) -> Result<Former, DbError> {
    let row = sqlx::query!(
        r#"WITH gone AS (DELETE FROM membership WHERE project_id = $1
                RETURNING account_id, role)
           UPDATE project SET left_at = COALESCE(left_at, slipway_now()) WHERE id = $1
           RETURNING key, ARRAY(SELECT a.name || ' (' || g.role || ')'
                FROM gone g JOIN account a ON a.id = g.account_id ORDER BY 1)
                AS "members!: Vec<String>""#,
        id.0,
    )
    .fetch_one(connection)
    .await?;
    Ok(Former {
        key: row.key,
        members: row.members,
    })
}

/// False if it was so already.
pub async fn set_may_confirm_own(
    connection: &mut PgConnection,
    id: ProjectId,
    wanted: bool,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE project SET may_confirm_own = $2 WHERE id = $1 AND may_confirm_own <> $2",
        id.0,
        wanted,
    );
    Ok(done.execute(connection).await?.rows_affected() == 1)
}
