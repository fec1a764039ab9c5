//! Waves: a changed layer on its way to the workloads that it reaches, so many at a time, as
//! ordinary deployments of kind `parameters`.
//!
//! Invariants: nothing new begins once one of them has failed, until operations go on; and no
//! change reaches a workload that an older one still owes something, since it would carry along
//! what stopped the older one. A newer revision of the same layer takes the place of an older
//! one: so a bad change is mended.

mod affected;
pub mod api;
mod plan;
mod request;
mod steps;
mod store;
pub mod web;

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

pub use request::LayerChange;

use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::jobs::{self, NewRun, NewStep, Step};
use crate::releases::RolloutOutcome;
use crate::standards::layers::{Name, Pace};

crate::id! { WaveRunId }

crate::words! {
    pub enum State as WaveState {
        Rolling = "rolling",
        /// One has failed, or somebody stopped it.
        Stopped = "stopped",
        Done = "done",
        /// Its layer has a newer revision, which brings what the workloads still lack.
        Replaced = "replaced",
    }

    pub enum ItemState as WaveItemState {
        Waiting = "waiting",
        Rolling = "rolling",
        Done = "done",
        Failed = "failed",
        /// Nothing had to be deployed; its note says why.
        Kept = "kept",
    }
}

/// What pages of waves listen to.
pub const TOPIC: &str = "waves";

/// A change of a layer on its way.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WaveRun {
    pub id: WaveRunId,
    pub layer: Name,
    /// The layer's revision.
    pub number: i32,
    pub request: i64,
    #[serde(skip)]
    pub request_id: Uuid,
    #[serde(skip)]
    pub author_id: Uuid,
    pub by: String,
    pub pace: Pace,
    pub state: State,
    pub stopped: Option<Words>,
    pub state_since: Timestamp,
    pub created_at: Timestamp,
    /// How many workloads it is for, and how many of them are through.
    pub workloads: i64,
    pub through: i64,
}

/// One workload in its wave.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = WaveItem)]
pub struct Item {
    #[serde(skip)]
    pub workload: Uuid,
    pub wave: i32,
    pub project: String,
    pub environment: String,
    pub cluster: String,
    pub component: String,
    pub state: ItemState,
    pub note: Option<Words>,
    pub at: Option<Timestamp>,
}

impl ItemState {
    /// How a workload stands, by its rollout's outcome or the note of why there is none. What a
    /// newer deployment overtook has this change in it too.
    #[must_use]
    pub const fn of(rollout: bool, outcome: Option<RolloutOutcome>, noted: bool) -> Self {
        match (rollout, outcome) {
            (true, None) => Self::Rolling,
            (true, Some(RolloutOutcome::Succeeded | RolloutOutcome::Superseded)) => Self::Done,
            (true, Some(RolloutOutcome::Failed | RolloutOutcome::Aborted)) => Self::Failed,
            (false, _) if noted => Self::Kept,
            (false, _) => Self::Waiting,
        }
    }
}

#[must_use]
pub fn steps(app: &App) -> Vec<Arc<dyn Step>> {
    vec![Arc::new(steps::Advance(app.clone()))]
}

/// The durable work of one, from where its rows say that it stands.
async fn start_run(tx: &mut Tx, id: WaveRunId, request: Uuid) -> Result<(), DbError> {
    let run = NewRun {
        kind: "wave",
        subject: id.0,
        project: None,
        parent: None,
    };
    let input = json!({ "request": request });
    jobs::start_run(tx, &run, &NewStep::new("wave.advance", "portal", input)).await?;
    tx.event(TOPIC, None).await
}

/// The older change that a change waits for: it still owes something to one of the same workloads.
///
/// # Errors
/// No answer from the database.
pub async fn ahead_of(app: &App, run: &WaveRun) -> Result<Option<WaveRun>, DbError> {
    match store::ahead(app.db.pool(), run.id).await? {
        Some(id) if run.state == State::Rolling => store::find(app.db.pool(), id).await,
        _ => Ok(None),
    }
}

/// A change on its way, with its workloads in their waves.
///
/// # Errors
/// 403 without the right to look, 404 for none.
pub async fn get(
    app: &App,
    actor: &Actor,
    id: WaveRunId,
) -> Result<(WaveRun, Vec<Item>), AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let run = store::find(app.db.pool(), id).await?;
    let run = run.ok_or(AppError::NotFound)?;
    Ok((run, store::items(app.db.pool(), id).await?))
}

/// The newest changes, of one layer or of all.
///
/// # Errors
/// 403 without the right to look.
pub async fn list(
    app: &App,
    actor: &Actor,
    layer: Option<&Name>,
) -> Result<Vec<WaveRun>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    Ok(store::list(app.db.pool(), layer).await?)
}

/// Goes on after a stop: what failed is tried again first.
///
/// # Errors
/// 403 without the right, 404, 409 unless it has stopped and its layer has no newer revision.
pub async fn resume(app: &App, actor: &Actor, id: WaveRunId) -> Result<(), AppError> {
    actor.must(Permission::HandleRequests, Scope::Platform)?;
    let (run, _) = get(app, actor, id).await?;
    let mut tx = app.db.begin().await?;
    if !store::resume(tx.connection(), id).await? {
        return Err(AppError::conflict("wave-not-stopped"));
    }
    start_run(&mut tx, id, run.request_id).await?;
    let entry = Entry::done("wave.resume", "wave", id);
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(())
}

/// Stops by hand: what is on its way ends by itself, nothing new begins.
///
/// # Errors
/// 403 without the right, 404, 409 unless it is on its way.
pub async fn stop(app: &App, actor: &Actor, id: WaveRunId) -> Result<(), AppError> {
    actor.must(Permission::HandleRequests, Scope::Platform)?;
    get(app, actor, id).await?;
    let mut tx = app.db.begin().await?;
    let why = Words::new("wave-stopped-by").with("who", &actor.display_name);
    if !store::stop(tx.connection(), id, &why).await? {
        return Err(AppError::conflict("wave-not-rolling"));
    }
    jobs::wake_subject(&mut tx, id.0).await?;
    let entry = Entry::done("wave.stop", "wave", id);
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.event(TOPIC, None).await?;
    tx.commit().await?;
    Ok(())
}
