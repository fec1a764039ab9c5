//! Changing and deleting what is registered. What is used stays, and the refusal says by whom.

use serde_json::{Value, json};

use super::{
    ClusterId, Environment, EnvironmentDraft, EnvironmentId, Language, LanguageDraft, LanguageId,
    finish, list, store,
};
use crate::app::App;
use crate::audit::{Entry, Origin};
use crate::connections::{self, Config, Connection, Subject};
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};

/// What something is used by: the first few names, in words.
fn used(code: &str, by: &[String]) -> AppError {
    AppError::Conflict(Words::new(code).with("by", by.join(", ")))
}

/// Takes a cluster out, unless an environment or a workload is on it.
///
/// # Errors
/// 404 for no such cluster, 409 with what is on it.
pub async fn delete_cluster(app: &App, id: ClusterId, origin: &Origin) -> Result<(), AppError> {
    let mut tx = app.db.begin().await?;
    let before = super::facts(&mut tx, id).await?;
    let by = store::users_of_cluster(tx.connection(), id).await?;
    if !by.is_empty() {
        return Err(used("cluster-used", &by));
    }
    store::delete_cluster(tx.connection(), id)
        .await
        .map_err(still_used)?;
    connections::forget(&mut tx, Subject::Cluster, id.0).await?;
    let key = before["key"].as_str().unwrap_or_default().to_owned();
    let entry = Entry::done("cluster.delete", "cluster", key).before(before);
    finish(tx, &entry, origin).await
}

/// Changes an environment: its rank, its approvals, its clusters and their order; its tier while
/// nothing is in it. Its key stays, because names outside hold it.
///
/// # Errors
/// Fields that are wrong, 404, 409 when it would leave a cluster that still has workloads.
pub async fn update_environment(
    app: &App,
    id: EnvironmentId,
    draft: &EnvironmentDraft,
    origin: &Origin,
) -> Result<Environment, AppError> {
    draft.check()?;
    let known = list(app).await?.into_iter().map(|c| (c.key, c.id));
    let clusters = draft.pick(&known.collect::<Vec<_>>())?;
    let mut tx = app.db.begin().await?;
    let before = environment(&mut tx, id).await?;
    if before.key != draft.key.trim() {
        return Err(AppError::field("key", "environment-key-stays"));
    }
    let left = store::users_elsewhere(tx.connection(), id, &clusters).await?;
    if !left.is_empty() {
        return Err(used("environment-cluster-used", &left));
    }
    store::update_environment(tx.connection(), id, draft)
        .await
        .map_err(still_used)?;
    store::clear_environment_clusters(tx.connection(), id).await?;
    store::insert_environment_clusters(tx.connection(), id, &clusters)
        .await
        .map_err(super::refused)?;
    let after = environment(&mut tx, id).await?;
    let entry = Entry::done("environment.update", "environment", &before.key);
    let entry = entry.before(told(&before)).after(told(&after));
    finish(tx, &entry, origin).await?;
    Ok(after)
}

/// Takes an environment out that nothing is in.
///
/// # Errors
/// 404 for no such environment, 409 with what is in it or remembers it.
pub async fn delete_environment(
    app: &App,
    id: EnvironmentId,
    origin: &Origin,
) -> Result<(), AppError> {
    let mut tx = app.db.begin().await?;
    let before = environment(&mut tx, id).await?;
    let by = store::users_elsewhere(tx.connection(), id, &[]).await?;
    if !by.is_empty() {
        return Err(used("environment-used", &by));
    }
    store::delete_environment(tx.connection(), id)
        .await
        .map_err(still_used)?;
    let entry = Entry::done("environment.delete", "environment", &before.key);
    finish(tx, &entry.before(told(&before)), origin).await
}

async fn environment(tx: &mut Tx, id: EnvironmentId) -> Result<Environment, AppError> {
    let all = store::environments(tx.connection(), None).await?;
    let found = all.into_iter().find(|e| e.id == id);
    found.ok_or(AppError::NotFound)
}

fn told(environment: &Environment) -> Value {
    let clusters: Vec<&str> = environment
        .clusters
        .iter()
        .map(|c| c.key.as_str())
        .collect();
    json!({
        "tier": environment.tier, "rank": environment.rank,
        "approvals": environment.approvals,
        "shell_by_request": environment.shell_by_request, "clusters": clusters,
    })
}

/// Changes where a language's template lies; projects copy it anew before their next build.
///
/// # Errors
/// Fields that are wrong, another key, no such language.
pub async fn update_language(
    app: &App,
    id: LanguageId,
    draft: &LanguageDraft,
    origin: &Origin,
) -> Result<Language, AppError> {
    let jenkins = connections::find_by_key(app, &draft.jenkins).await?;
    let is_jenkins = |c: &Connection| matches!(c.config, Config::Jenkins(_));
    let checked = draft.check(jenkins.filter(is_jenkins).map(|c| c.id))?;
    let mut tx = app.db.begin().await?;
    let before = language(&mut tx, id).await?;
    if before.key != checked.key {
        return Err(AppError::field("key", "language-key-stays"));
    }
    store::update_language(tx.connection(), id, &checked)
        .await
        .map_err(super::refused)?;
    let after = language(&mut tx, id).await?;
    let entry = Entry::done("language.update", "language", &before.key);
    let entry = entry.before(source(&before)).after(source(&after));
    finish(tx, &entry, origin).await?;
    Ok(after)
}

/// Takes a language out that no project is written in.
///
/// # Errors
/// 404 for no such language, 409 with the projects.
pub async fn delete_language(app: &App, id: LanguageId, origin: &Origin) -> Result<(), AppError> {
    let mut tx = app.db.begin().await?;
    let before = language(&mut tx, id).await?;
    let by = store::users_of_language(tx.connection(), &before.key).await?;
    if !by.is_empty() {
        return Err(used("language-used", &by));
    }
    store::delete_language(tx.connection(), id)
        .await
        .map_err(still_used)?;
    let entry = Entry::done("language.delete", "language", &before.key);
    finish(tx, &entry.before(source(&before)), origin).await
}

async fn language(tx: &mut Tx, id: LanguageId) -> Result<Language, AppError> {
    let all = store::languages(tx.connection(), None).await?;
    let found = all.into_iter().find(|l| l.id == id);
    found.ok_or(AppError::NotFound)
}

fn source(language: &Language) -> Value {
    json!({ "jenkins": language.jenkins, "template_job": language.template_job.as_str() })
}

/// What PostgreSQL refused: somebody began to use it meanwhile, or the past names it.
fn still_used(error: DbError) -> AppError {
    match error.constraint() {
        Some(
            "workload_tier_of_environment"
            | "rollout_tier_of_environment"
            | "request_environment_id_fkey",
        ) => AppError::conflict("environment-remembered"),
        Some("environment_cluster_cluster_id_fkey" | "workload_cluster_id_fkey") => {
            AppError::Conflict(Words::new("cluster-used").with("by", ""))
        }
        Some("project_language_fkey") => {
            AppError::Conflict(Words::new("language-used").with("by", ""))
        }
        Some(_) | None => super::refused(error),
    }
}
