//! Drift: what lives in a cluster, held against what the portal last put there.
//!
//! Invariant: a look stores nothing, neither here nor there: the cluster itself says by a dry run
//! what an apply would make of what it has. What waits for the next deployment is no drift.

pub mod api;
mod compare;
mod outside;
mod reading;
mod said;
pub mod web;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use outside::{Wanted, compared};

use crate::app::App;
use crate::clock;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, ProjectId, Scope};
use crate::releases::setbacks::Reason;
use crate::releases::{self, Removal, RolloutId};
use crate::requests::{self, Filing};
use crate::workloads::{self, Workload, WorkloadId};

crate::words! {
    /// Why a line stands there.
    pub enum Sort as DriftSort {
        /// A field of ours is not what was deployed.
        Changed = "changed",
        /// The whole object is not there any more.
        Gone = "gone",
        /// Somebody else's field beside ours.
        Beside = "beside",
    }
}

/// One difference between what was deployed and what is there.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = DriftLine)]
pub struct Line {
    pub kind: String,
    pub name: String,
    /// Its path in the object; empty for the whole of it.
    pub field: String,
    pub sort: Sort,
    /// Null where nothing is wanted.
    pub wanted: Value,
    /// Null where nothing is.
    pub live: Value,
    /// The manager that wrote it, where the cluster knows.
    pub by: Option<String>,
    pub at: Option<Timestamp>,
    /// The same in parameters' words; empty where they have none.
    pub said: Vec<Said>,
}

/// A parameter by its JSON pointer.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = DriftParameter)]
pub struct Said {
    pub parameter: String,
    pub wanted: Value,
    /// Null where it would say nothing any more.
    pub live: Value,
}

/// What a workload was held against.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = DriftDeployed)]
pub struct Deployed {
    pub sequence: i64,
    pub parameters_revision: i32,
    pub done_at: Timestamp,
    /// A revision that goes there with the next deployment, which is no drift.
    pub waiting_revision: Option<i32>,
    /// A later deployment was applied and did not succeed.
    pub tried_since: bool,
    /// Who is bringing something there; nothing is compared meanwhile.
    pub under_way: Option<String>,
}

/// A workload as it lives, held against what was deployed.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Drift {
    pub workload: WorkloadId,
    pub cluster: String,
    pub namespace: String,
    pub looked_at: Timestamp,
    /// `None` where nothing was ever deployed.
    pub deployed: Option<Deployed>,
    pub lines: Vec<Line>,
    /// What the cluster would refuse now, object by object.
    pub refused: Vec<Words>,
    /// Who else moves it, beside every field of ours.
    pub notes: Vec<Words>,
    /// What a request to take it into the parameters would ask for.
    pub adopts: Vec<Said>,
    /// The mark of what others set beside ours; a restoring that is to take it away names it. None
    /// for what was taken over, which others have written to from the start.
    pub beside: Option<String>,
    #[serde(skip)]
    removals: Vec<Removal>,
}

/// How to put back what was deployed.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DriftRestoring)]
pub struct Restoring {
    #[serde(default)]
    pub reason: String,
    /// The mark of what others set beside it, as it was seen: it is taken away too.
    #[serde(default)]
    pub beside: Option<String>,
}

/// What of a difference to take into the parameters.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DriftAdopting)]
pub struct Adopting {
    #[serde(default)]
    pub reason: String,
    /// Pointers among those that a look named in `adopts`; all of them where none are given.
    #[serde(default)]
    pub parameters: Option<Vec<String>>,
}

/// Puts back what was deployed. Returns the rollout.
///
/// # Errors
/// As [`releases::restore`]; 409 where what others set is not what was seen any more, 503 when the
/// cluster does not answer.
pub async fn restore(
    app: &App,
    actor: &Actor,
    workload: &Workload,
    asked: Restoring,
) -> Result<RolloutId, AppError> {
    let scope = Scope::Project(workload.project_id);
    actor.must(releases::right_to_restart(workload.tier), scope)?;
    let removals = match asked.beside.as_deref() {
        None | Some("") => Vec::new(),
        Some(mark) => {
            let seen = look(app, workload).await?;
            let rests = |d: &Deployed| d.under_way.is_none();
            // While nothing is compared, the restoring itself says why it cannot be.
            if seen.deployed.as_ref().is_some_and(rests) && seen.beside.as_deref() != Some(mark) {
                return Err(AppError::conflict("drift-beside-moved"));
            }
            seen.removals
        }
    };
    let reason = Reason {
        reason: asked.reason,
    };
    releases::restore(app, actor, workload.id, &reason, &removals).await
}

/// What tells one set of places from another.
fn mark(removals: &[Removal]) -> Option<String> {
    let text = json!(removals).to_string();
    (!removals.is_empty()).then(|| hex::encode(digest(&SHA256, text.as_bytes())))
}

/// A workload of a project that stays.
///
/// # Errors
/// 404 where it has no such workload.
pub async fn workload_of(
    app: &App,
    project: ProjectId,
    id: WorkloadId,
) -> Result<Workload, AppError> {
    let all = workloads::list(app.db.pool(), project, None, None).await?;
    let found = all.into_iter().find(|w| w.id == id);
    found.ok_or(AppError::NotFound)
}

/// Asks for the parameters of a workload to say what lives, for its cluster alone. Returns the
/// request's number.
///
/// # Errors
/// 403 without the right, 409 where parameters cannot say what differs or what was chosen does not
/// differ any more, 400 where nothing was chosen, 503 when the cluster does not answer; what the
/// request refuses.
pub async fn adopt(
    app: &App,
    actor: &Actor,
    workload: &Workload,
    asked: Adopting,
) -> Result<i64, AppError> {
    actor.must(Permission::FileRequest, Scope::Project(workload.project_id))?;
    let reason = Reason {
        reason: asked.reason,
    };
    let note = reason.optional()?.to_owned();
    let mut seen = look(app, workload).await?;
    if seen.adopts.is_empty() {
        return Err(AppError::conflict("drift-nothing-to-adopt"));
    }
    if let Some(chosen) = asked.parameters {
        seen.adopts.retain(|said| chosen.contains(&said.parameter));
        if chosen.is_empty() {
            return Err(AppError::field("parameters", "drift-choose"));
        }
        if seen.adopts.len() != chosen.len() {
            return Err(AppError::conflict("drift-adopts-moved"));
        }
    }
    let parameters = json!({ "component": workload.component, "clusters": [workload.cluster],
        "parameters": said::adopted(&workload.own, &seen.adopts) });
    let filing = Filing {
        project: Some(workload.project.clone()),
        environment: Some(workload.environment.clone()),
        note,
        ..Filing::of("parameters", parameters)
    };
    requests::file(app, actor, filing).await
}

/// Asks the cluster, and holds what it says against what was deployed.
///
/// # Errors
/// 503 with the cluster's name when it does not answer in time.
pub async fn look(app: &App, workload: &Workload) -> Result<Drift, AppError> {
    let last = releases::last(app, workload.id).await?;
    let mut drift = Drift {
        workload: workload.id,
        cluster: workload.cluster.clone(),
        namespace: workload.namespace.clone(),
        looked_at: clock::now(),
        deployed: None,
        lines: Vec::new(),
        refused: Vec::new(),
        notes: Vec::new(),
        adopts: Vec::new(),
        beside: None,
        removals: Vec::new(),
    };
    let Some(last) = last else {
        return Ok(drift);
    };
    let desired = workload.parameters_revision;
    drift.deployed = Some(Deployed {
        sequence: last.sequence,
        parameters_revision: last.revision,
        done_at: last.done_at,
        waiting_revision: (desired > last.revision).then_some(desired),
        tried_since: last.tried_since,
        under_way: last.under_way.clone(),
    });
    if last.under_way.is_none() {
        let found = Box::pin(outside::ask(app, &last)).await?;
        drift.lines = found.lines;
        drift.refused = found.refused;
        drift.notes = found.notes;
        drift.adopts = found.adopts;
        drift.beside = mark(&found.beside);
        drift.removals = found.beside;
    }
    Ok(drift)
}
