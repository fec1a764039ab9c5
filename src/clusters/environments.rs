//! Environments, and the languages whose projects are built for them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    ClusterId, EnvironmentDraft, EnvironmentId, LanguageDraft, LanguageId, Tier, finish, list,
    refused, store,
};
use crate::app::App;
use crate::audit::{Entry, Origin};
use crate::connections::{self, Config, Connection, ConnectionId};
use crate::db::DbError;
use crate::error::AppError;
use crate::identity::{ProjectId, ShellPlace};
use crate::integrations::jenkins::JobName;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    pub id: EnvironmentId,
    pub key: String,
    pub tier: Tier,
    /// Lower ones come first on pages.
    pub rank: i32,
    /// How many people must approve a release into it.
    pub approvals: i32,
    /// Whether a shell there takes a yes for some hours, whatever somebody's role.
    pub shell_by_request: bool,
    /// In the order in which they are rolled out.
    pub clusters: Vec<EnvironmentCluster>,
    pub created_at: Timestamp,
}

impl Environment {
    /// Where the rights to a project's shells in it are asked for.
    #[must_use]
    pub const fn shells_of(&self, project: ProjectId) -> ShellPlace {
        ShellPlace {
            project,
            environment: self.id.0,
            by_request: self.shell_by_request,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EnvironmentCluster {
    pub id: ClusterId,
    pub key: String,
    pub site: String,
}

/// A language of projects: where and from which template their jobs are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    pub id: LanguageId,
    pub key: String,
    pub jenkins_id: ConnectionId,
    /// That connection's key.
    pub jenkins: String,
    pub template_job: JobName,
    pub created_at: Timestamp,
}

/// All environments, by rank.
///
/// # Errors
/// No database.
pub async fn environments(app: &App) -> Result<Vec<Environment>, DbError> {
    store::environments(app.db.pool(), None).await
}

/// # Errors
/// No database.
pub async fn environment_by_key(app: &App, key: &str) -> Result<Option<Environment>, DbError> {
    Ok(store::environments(app.db.pool(), Some(key)).await?.pop())
}

/// Adds an environment on clusters that are registered.
///
/// # Errors
/// Fields that are wrong, a key that is taken, an unknown cluster.
pub async fn create_environment(
    app: &App,
    draft: &EnvironmentDraft,
    origin: &Origin,
) -> Result<Environment, AppError> {
    draft.check()?;
    let known = list(app).await?.into_iter().map(|c| (c.key, c.id));
    let clusters = draft.pick(&known.collect::<Vec<_>>())?;
    let id = EnvironmentId::new();
    let mut tx = app.db.begin().await?;
    store::insert_environment(tx.connection(), id, draft)
        .await
        .map_err(refused)?;
    store::insert_environment_clusters(tx.connection(), id, &clusters)
        .await
        .map_err(refused)?;
    let entry = Entry::done("environment.create", "environment", draft.key.trim()).after(json!({
        "tier": draft.tier, "rank": draft.rank, "approvals": draft.approvals,
        "shell_by_request": draft.shell_by_request.unwrap_or(false),
        "clusters": draft.clusters,
    }));
    finish(tx, &entry, origin).await?;
    let made = environment_by_key(app, draft.key.trim()).await?;
    made.ok_or(AppError::NotFound)
}

/// All languages, by key.
///
/// # Errors
/// No database.
pub async fn languages(app: &App) -> Result<Vec<Language>, DbError> {
    store::languages(app.db.pool(), None).await
}

/// # Errors
/// No database.
pub async fn language_by_key(app: &App, key: &str) -> Result<Option<Language>, DbError> {
    Ok(store::languages(app.db.pool(), Some(key)).await?.pop())
}

/// Adds a language whose template job lies in a registered Jenkins.
///
/// # Errors
/// Fields that are wrong, a key that is taken, an unknown Jenkins.
pub async fn create_language(
    app: &App,
    draft: &LanguageDraft,
    origin: &Origin,
) -> Result<Language, AppError> {
    let jenkins = connections::find_by_key(app, &draft.jenkins).await?;
    let is_jenkins = |c: &Connection| matches!(c.config, Config::Jenkins(_));
    let checked = draft.check(jenkins.filter(is_jenkins).map(|c| c.id))?;
    let mut tx = app.db.begin().await?;
    store::insert_language(tx.connection(), LanguageId::new(), &checked)
        .await
        .map_err(refused)?;
    let entry = Entry::done("language.create", "language", &checked.key).after(json!({
        "jenkins": draft.jenkins, "template_job": checked.template_job.as_str(),
    }));
    finish(tx, &entry, origin).await?;
    let made = language_by_key(app, &checked.key).await?;
    made.ok_or(AppError::NotFound)
}
