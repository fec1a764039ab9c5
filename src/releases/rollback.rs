//! Rollback: an earlier artifact with today's parameters, on all clusters of an environment or
//! some of them. Whatever is on its way there ends at once.

use serde::Deserialize;
use serde_json::json;

use super::rollout::{self, NewRollout};
use super::{ArtifactId, Event, Kind, ReleaseId, RolloutId, outside, store};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::clusters::Tier;
use crate::db::{DbError, Tx};
use crate::error::{AppError, FieldError, Words};
use crate::halt::{self, Motion};
use crate::projects::{self, Access};
use crate::requests::{self, RequestId};
use crate::workloads::{self, Workload};

pub use store::{Candidate, candidates};

/// `POST /projects/{key}/environments/{env}/rollbacks`
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollingBack {
    pub artifact: ArtifactId,
    /// Keys; all of the environment's if left out.
    #[serde(default)]
    pub clusters: Option<Vec<String>>,
    #[serde(default)]
    pub reason: String,
}

/// Starts the way back.
///
/// # Errors
/// 404 for an artifact that never ran there, 409 when it is not confirmed any more or the
/// registry lost it, 503 when the registry does not answer.
pub async fn roll_back(
    app: &App,
    access: &Access<'_>,
    environment: &str,
    asked: &RollingBack,
) -> Result<RolloutId, AppError> {
    if asked.reason.chars().count() > 2000 {
        return Err(AppError::field("reason", "field-too-long"));
    }
    let project = access.project;
    let pool = app.db.pool();
    let found = projects::environment_by_key(pool, environment).await?;
    let (environment_id, tier, _) = found.ok_or(AppError::NotFound)?;
    if tier == Tier::Production {
        halt::must_move(app, Motion::Rollback).await?;
    }
    let known = candidates(pool, project.id, environment_id).await?;
    let candidate = known.iter().find(|c| c.artifact.id == asked.artifact);
    let candidate = candidate.ok_or_else(|| AppError::field("artifact", "rollback-never-ran"))?;
    if tier == Tier::Production && candidate.confirmation.is_none() {
        return Err(AppError::conflict("rollback-not-confirmed"));
    }
    let targets = targets(app, access, environment, asked).await?;
    if !outside::pullable(app, project, &candidate.artifact).await? {
        let words = Words::new("rollback-not-pullable").with("tag", &candidate.artifact.tag);
        return Err(AppError::Conflict(words));
    }
    let mut tx = app.db.begin().await?;
    let ids: Vec<uuid::Uuid> = targets.iter().map(|w| w.id.0).collect();
    for (release, request) in rollout::supersede(tx.connection(), &ids).await? {
        overtaken(&mut tx, tier, release, request).await?;
    }
    let new = NewRollout {
        project: project.id,
        environment: environment_id,
        tier,
        kind: Kind::Rollback,
        artifact: candidate.artifact.id,
        release: None,
        confirmation: candidate.confirmation,
        request: None,
        author: access.actor.id.0,
        reason: &asked.reason,
        workloads: &targets,
    };
    let id = rollout::start(&mut tx, &new)
        .await
        .map_err(|e| match e.constraint() {
            Some("deployment_confirmation_live" | "rollout_confirmation") => {
                AppError::conflict("rollback-not-confirmed")
            }
            Some(_) | None => e.into(),
        })?;
    let entry = Entry::done("release.roll_back", "environment", environment)
        .in_project(project.id)
        .after(json!({ "digest": candidate.artifact.digest, "reason": asked.reason }));
    audit::record(&mut tx, &entry, &Origin::from(access.actor)).await?;
    tx.event(&projects::topic(project.id), Some(project.id.0))
        .await?;
    tx.commit().await?;
    Ok(id)
}

/// A release whose rollout was ended by a rollback, and the request that asked for it.
async fn overtaken(
    tx: &mut Tx,
    tier: Tier,
    release: ReleaseId,
    request: Option<uuid::Uuid>,
) -> Result<(), DbError> {
    let words = Words::new("failed-overtaken");
    match tier {
        Tier::Test => super::advance(tx, release, Event::TestFailed, Some(&words)).await?,
        Tier::Production => super::advance(tx, release, Event::ProductionSuperseded, None).await?,
    };
    match request {
        Some(request) => requests::finish(tx, RequestId(request), false).await,
        None => Ok(()),
    }
}

async fn targets(
    app: &App,
    access: &Access<'_>,
    environment: &str,
    asked: &RollingBack,
) -> Result<Vec<Workload>, AppError> {
    let all = workloads::list(app.db.pool(), access.project.id, Some(environment), None).await?;
    if let Some(keys) = &asked.clusters
        && let Some(key) = keys.iter().find(|k| !all.iter().any(|w| w.cluster == **k))
    {
        let mut error = FieldError::new("clusters", "containers-cluster-unknown");
        error.words = error.words.with("cluster", key);
        return Err(AppError::Invalid(vec![error]));
    }
    let wanted = |w: &Workload| {
        w.prepared_at.is_some()
            && asked
                .clusters
                .as_ref()
                .is_none_or(|k| k.contains(&w.cluster))
    };
    let targets: Vec<Workload> = all.into_iter().filter(wanted).collect();
    if targets.is_empty() {
        Err(AppError::conflict("production-no-place"))
    } else {
        Ok(targets)
    }
}
