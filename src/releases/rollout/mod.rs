//! Rollouts: one artifact through all clusters of an environment, in order, one deployment each.
//!
//! Invariant: a workload has one unfinished deployment at most; a rollback ends the unfinished
//! one in its own transaction, and the number that each deployment writes into the cluster keeps
//! a worker that slept through it from undoing it.

mod advance;
mod apply;
mod before;
mod evidence;
mod last;
mod outcome;
mod scale;
mod seen;
mod store;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ArtifactId, ConfirmationId, DeploymentId, Kind, ReleaseId, RolloutId};
use crate::app::App;
use crate::clusters::{EnvironmentId, Tier};
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::halt::{self, Motion};
use crate::identity::ProjectId;
use crate::integrations::kubernetes::path::Path;
use crate::jobs::{self, Claim, NewRun, NewStep, Step, StepResult};
use crate::requests::{self, RequestId};
use crate::workloads::objects::Stamp;
use crate::workloads::{StepError, Workload};

pub use evidence::{Evidence, Happened};
pub use last::{Last, last};
pub use seen::{SeenPod, pods_at};
pub use store::{Running, ended, lock_running, of_request, supersede, unfinished_in};
pub use watch::trouble_words;

/// Rollouts decide from our own rows alone; nothing outside holds them up.
const LANE: &str = "portal";
/// Lifting the switch wakes whoever it held; this is for the case that the wake-up was lost.
const HELD_AGAIN: Duration = Duration::from_secs(60);

pub fn steps(app: &App) -> Vec<Arc<dyn Step>> {
    vec![
        Arc::new(advance::Advance(app.clone())),
        Arc::new(apply::Apply(app.clone())),
        Arc::new(before::Before(app.clone())),
        Arc::new(scale::ScaleUp(app.clone())),
        Arc::new(watch::Watch(app.clone())),
    ]
}

/// A rollout to be started. Production's confirmation is a foreign key, not an argument's word.
pub struct NewRollout<'a> {
    pub project: ProjectId,
    pub environment: EnvironmentId,
    pub tier: Tier,
    pub kind: Kind,
    pub artifact: ArtifactId,
    pub release: Option<ReleaseId>,
    pub confirmation: Option<ConfirmationId>,
    pub request: Option<RequestId>,
    pub author: uuid::Uuid,
    pub reason: &'a str,
    /// In the environment's order of clusters.
    pub workloads: &'a [Workload],
    /// What others set beside ours, to go first; only a restoring takes anything away.
    pub takes_away: &'a [Removal],
}

/// A field of an object that somebody else set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Removal {
    /// Of the object; its name is the workload's.
    pub kind: String,
    pub place: Path,
}

/// Stores a rollout and starts its run, in the caller's transaction.
///
/// # Errors
/// A violated constraint, which the caller translates, or no database.
pub async fn start(tx: &mut Tx, new: &NewRollout<'_>) -> Result<RolloutId, DbError> {
    let id = RolloutId::new();
    store::insert(tx.connection(), id, new).await?;
    let run = NewRun {
        kind: "rollout",
        subject: id.0,
        project: Some(new.project.0),
        parent: None,
    };
    jobs::start_run(
        tx,
        &run,
        &NewStep::new("rollout.advance", LANE, json!({ "rollout": id })),
    )
    .await?;
    Ok(id)
}

/// Starts a release's artifact on its way to every environment of test that has a place for it.
/// Returns how many there are.
///
/// # Errors
/// No answer from the database.
pub async fn start_tests(
    tx: &mut Tx,
    (project, release): (ProjectId, ReleaseId),
    artifact: ArtifactId,
    author: uuid::Uuid,
) -> Result<usize, DbError> {
    let tier = Some(Tier::Test);
    let all = crate::workloads::list(tx.connection(), project, None, tier).await?;
    let places = by_environment(all);
    for (environment, workloads) in &places {
        let new = NewRollout {
            project,
            environment: *environment,
            tier: Tier::Test,
            kind: Kind::Deploy,
            artifact,
            release: Some(release),
            confirmation: None,
            request: None,
            author,
            reason: "",
            workloads,
            takes_away: &[],
        };
        start(tx, &new).await?;
    }
    Ok(places.len())
}

/// Workloads by environment, each in the order of its clusters.
#[must_use]
pub fn by_environment(all: Vec<Workload>) -> BTreeMap<EnvironmentId, Vec<Workload>> {
    let mut environments = BTreeMap::<_, Vec<Workload>>::new();
    for workload in all.into_iter().filter(|w| w.prepared_at.is_some()) {
        environments
            .entry(workload.environment_id)
            .or_default()
            .push(workload);
    }
    environments
}

/// A deployment with everything that its steps need.
pub struct Facts {
    pub id: DeploymentId,
    pub sequence: i64,
    pub generation: i64,
    pub ended: bool,
    pub tier: Tier,
    pub kind: Kind,
    pub workload: Workload,
    /// `host/repository:tag@digest`, with the cluster's own name of the registry.
    pub image: String,
    /// When the workload was last restarted by hand, this deployment included.
    pub restarted_at: Option<String>,
    pub takes_away: Vec<Removal>,
}

impl Facts {
    /// What the deployment puts into its objects.
    fn stamp(&self) -> Stamp {
        Stamp {
            deployment: self.id.to_string(),
            sequence: self.sequence,
            image: self.image.clone(),
            restarted_at: self.restarted_at.clone(),
        }
    }
}

/// Reads a deployment's facts from our own rows, with the parameters of its own revision.
///
/// # Errors
/// A row that is gone, or no database.
pub async fn facts(app: &App, claim: &Claim) -> Result<Facts, StepError> {
    let found = facts_of(app, DeploymentId(claim.subject)).await?;
    found.ok_or_else(|| StepError::Fail(Words::new("release-gone")))
}

async fn facts_of(app: &App, id: DeploymentId) -> Result<Option<Facts>, DbError> {
    let pool = app.db.pool();
    let Some(row) = store::find(pool, id).await? else {
        return Ok(None);
    };
    let Some(mut workload) = crate::workloads::find(pool, row.workload).await? else {
        return Ok(None);
    };
    let revision = row.parameters_revision;
    let Some(parameters) = crate::workloads::parameters(pool, row.workload, revision).await? else {
        return Ok(None);
    };
    workload.parameters = parameters;
    let image = format!(
        "{}/{}:{}@{}",
        workload.registry_host, row.repository, row.tag, row.digest
    );
    Ok(Some(Facts {
        id,
        sequence: row.sequence,
        generation: row.generation.unwrap_or(0),
        ended: row.ended,
        tier: row.tier,
        kind: row.kind,
        workload,
        image,
        restarted_at: row.restarted_at.map(|at| at.to_jiff().to_string()),
        takes_away: row.takes_away.0,
    }))
}

/// The one gate before anything begins in production: what a step waits for while operations have
/// stopped it. A step that has begun goes on to its end.
///
/// # Errors
/// No answer from the database.
async fn held(app: &App, tier: Tier, kind: Kind) -> Result<Option<StepResult>, DbError> {
    let motion = match (tier, kind) {
        (Tier::Test, _) => return Ok(None),
        (Tier::Production, Kind::Rollback) => Motion::Rollback,
        (Tier::Production, Kind::Deploy | Kind::Parameters | Kind::Restart | Kind::Restore) => {
            Motion::Forward
        }
    };
    let words = halt::held(&app.db, motion).await?;
    Ok(words.map(|for_what| StepResult::Wait {
        after: HELD_AGAIN,
        for_what,
        seen: json!(null),
    }))
}

/// Ends a deployment from outside of its run; false if it was over.
///
/// # Errors
/// No answer from the database.
pub async fn end_deployment(
    tx: &mut Tx,
    id: DeploymentId,
    state: super::DeploymentState,
) -> Result<bool, DbError> {
    let ended = store::end(tx.connection(), id, state, None).await?;
    Ok(ended.is_some())
}

/// Ends a rollout from outside of its run; false if it was over.
///
/// # Errors
/// No answer from the database.
pub async fn end_rollout(
    tx: &mut Tx,
    id: RolloutId,
    outcome: super::RolloutOutcome,
) -> Result<bool, DbError> {
    store::end_rollout(tx.connection(), id, outcome).await
}

/// Ends a deployment and wakes its rollout.
///
/// # Errors
/// No answer from the database.
async fn end(
    tx: &mut Tx,
    claim: &Claim,
    state: super::DeploymentState,
    failure: Option<&Words>,
) -> Result<(), DbError> {
    let id = DeploymentId(claim.subject);
    if let Some(rollout) = store::end(tx.connection(), id, state, failure).await? {
        jobs::wake_subject(tx, rollout.0).await?;
        let succeeded = state == super::DeploymentState::Succeeded;
        // What it had is free once nothing serves it any more.
        if succeeded && store::left_a_host(tx.connection(), id).await? {
            requests::look_again(tx, None).await?;
        }
    }
    announce(tx, claim).await
}

/// Pages of the release and of the project look again.
async fn announce(tx: &mut Tx, claim: &Claim) -> Result<(), DbError> {
    let Some(project) = claim.project.map(ProjectId) else {
        return Ok(());
    };
    let release = store::release_of(tx.connection(), claim.subject).await?;
    match release {
        Some(release) => super::announce(tx, release, project).await,
        None => {
            tx.event(&crate::projects::topic(project), Some(project.0))
                .await
        }
    }
}
