//! Rollback: an earlier artifact with today's parameters, on all clusters of an environment or
//! some of them. Whatever is on its way there ends at once.

mod request;
mod store;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::rollout::{self, NewRollout};
use super::setbacks;
use super::{ArtifactId, Event, Kind, ReleaseId, RolloutId, outside};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::clusters::{EnvironmentId, Tier};
use crate::db::{DbError, Tx};
use crate::error::{AppError, FieldError, Words};
use crate::halt::{self, Motion};
use crate::identity::ProjectId;
use crate::projects::{self, Access, Project};
use crate::requests::{self, RequestId, policy};
use crate::workloads::{self, Workload};

pub use request::Rollback;
pub use store::{Candidate, candidates};

/// An earlier artifact that is to run again, and why.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollingBack {
    pub artifact: ArtifactId,
    /// Keys; all of the environment's if left out.
    #[serde(default)]
    pub clusters: Option<Vec<String>>,
    #[serde(default)]
    pub reason: String,
}

/// What pressing the button came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    Rollout(RolloutId),
    /// A policy asks others first; the request's number.
    Request(i64),
}

/// A way back that holds: to what, and where.
struct Way {
    environment: EnvironmentId,
    key: String,
    tier: Tier,
    candidate: Candidate,
    targets: Vec<Workload>,
}

/// Starts the way back, or asks for it where a policy wants that.
///
/// # Errors
/// 404 for an artifact that never ran there, 409 when it is not confirmed any more or the
/// registry lost it, 503 when the registry does not answer.
pub async fn roll_back(
    app: &App,
    access: &Access<'_>,
    environment: &str,
    asked: &RollingBack,
) -> Result<Back, AppError> {
    let project = access.project;
    let way = way(app, project.id, environment, asked).await?;
    must_be_there(app, project, &way).await?;
    let mut tx = app.db.begin().await?;
    let place = Some(way.environment.0);
    let policy = policy::terms(&mut tx, request::KIND, place, Some(project.id)).await?;
    let back = if policy.is_some() {
        let filed = request::filed(&mut tx, project.id, &way, asked).await?;
        let reason = &asked.reason;
        let kind = request::KIND;
        Back::Request(requests::insert(app, &mut tx, access.actor, kind, &filed, reason).await?)
    } else {
        let by = (access.actor.id.0, None);
        let origin = Origin::from(access.actor);
        Back::Rollout(begin(&mut tx, project.id, &way, (by, &asked.reason), &origin).await?)
    };
    tx.commit().await?;
    Ok(back)
}

/// Checks what is asked for by what is on record; no outside system is asked.
async fn way(
    app: &App,
    project: ProjectId,
    environment: &str,
    asked: &RollingBack,
) -> Result<Way, AppError> {
    if asked.reason.chars().count() > 2000 {
        return Err(AppError::field("reason", "field-too-long"));
    }
    let pool = app.db.pool();
    let found = projects::environment_by_key(pool, environment).await?;
    let (environment_id, tier, _) = found.ok_or(AppError::NotFound)?;
    if tier == Tier::Production {
        halt::must_move(app, Motion::Rollback).await?;
    }
    let known = candidates(pool, project, environment_id).await?;
    let candidate = known.into_iter().find(|c| c.artifact.id == asked.artifact);
    let candidate = candidate.ok_or_else(|| AppError::field("artifact", "rollback-never-ran"))?;
    if tier == Tier::Production && candidate.confirmation.is_none() {
        return Err(AppError::conflict("rollback-not-confirmed"));
    }
    Ok(Way {
        environment: environment_id,
        key: environment.to_owned(),
        tier,
        candidate,
        targets: targets(app, project, environment, asked).await?,
    })
}

/// Only the registry knows whether the image can still be had.
async fn must_be_there(app: &App, project: &Project, way: &Way) -> Result<(), AppError> {
    let artifact = &way.candidate.artifact;
    if outside::pullable(app, project, artifact).await? {
        return Ok(());
    }
    let words = Words::new("rollback-not-pullable").with("tag", &artifact.tag);
    Err(AppError::Conflict(words))
}

/// Ends what is on its way there and starts the rollout, in one transaction.
async fn begin(
    tx: &mut Tx,
    project: ProjectId,
    way: &Way,
    ((author, request), reason): ((uuid::Uuid, Option<RequestId>), &str),
    origin: &Origin,
) -> Result<RolloutId, AppError> {
    let ids: Vec<uuid::Uuid> = way.targets.iter().map(|w| w.id.0).collect();
    for (release, request) in rollout::supersede(tx.connection(), &ids).await? {
        overtaken(tx, way.tier, release, request).await?;
        if let (Some(release), Tier::Production) = (release, way.tier) {
            setbacks::rolled_back(tx.connection(), release, author, reason).await?;
        }
    }
    let new = NewRollout {
        project,
        environment: way.environment,
        tier: way.tier,
        kind: Kind::Rollback,
        artifact: way.candidate.artifact.id,
        release: None,
        confirmation: way.candidate.confirmation,
        request,
        author,
        reason,
        workloads: &way.targets,
        takes_away: &[],
    };
    let id = rollout::start(tx, &new)
        .await
        .map_err(|e| match e.constraint() {
            Some("deployment_confirmation_live" | "rollout_confirmation") => {
                AppError::conflict("rollback-not-confirmed")
            }
            Some(_) | None => e.into(),
        })?;
    let entry = Entry::done("release.roll_back", "environment", &way.key)
        .in_project(project)
        .after(json!({ "digest": way.candidate.artifact.digest, "reason": reason }));
    audit::record(tx, &entry, origin).await?;
    tx.event(&projects::topic(project), Some(project.0)).await?;
    Ok(id)
}

/// What a rollback ended: the release that was on its way, and the request that asked for it.
async fn overtaken(
    tx: &mut Tx,
    tier: Tier,
    release: Option<ReleaseId>,
    request: Option<uuid::Uuid>,
) -> Result<(), DbError> {
    let words = Words::new("failed-overtaken");
    match (release, tier) {
        (Some(id), Tier::Test) => super::advance(tx, id, Event::TestFailed, Some(&words)).await?,
        (Some(id), Tier::Production) => {
            super::advance(tx, id, Event::ProductionSuperseded, None).await?
        }
        (None, _) => false,
    };
    match request {
        Some(request) => requests::finish(tx, RequestId(request), false).await,
        None => Ok(()),
    }
}

async fn targets(
    app: &App,
    project: ProjectId,
    environment: &str,
    asked: &RollingBack,
) -> Result<Vec<Workload>, AppError> {
    let all = workloads::list(app.db.pool(), project, Some(environment), None).await?;
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
