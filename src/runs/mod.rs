//! Operators' hands on durable work: see runs, retry a step, look now, give it up.
//!
//! Invariant: everybody who sees the platform reads runs; only those who operate touch them.

pub mod api;
mod store;
mod view;
pub mod web;

pub use view::{
    About, Attempt, Effect, Filter, Run, STUCK, Step, Story, Wanted, count_stuck, lanes, list,
    story,
};

use crate::app::{self, App};
use crate::audit::{self, Entry, Origin};
use crate::db::Tx;
use crate::error::AppError;
use crate::identity::{Actor, Permission, ProjectId, Scope};
use crate::jobs::{self, Operated, RunId, StepId};

/// What an operator wants of a step.
#[derive(Debug, Clone)]
pub enum Wish {
    Retry,
    LookNow,
    Abandon { reason: String },
}

impl Wish {
    const fn action(&self) -> &'static str {
        match self {
            Self::Retry => "step.retry",
            Self::LookNow => "step.look_now",
            Self::Abandon { .. } => "step.abandon",
        }
    }
}

/// The run that a step belongs to, for those who may see it.
///
/// # Errors
/// 403 without the right, 404 for no such step.
pub async fn run_of(app: &App, actor: &Actor, step: StepId) -> Result<RunId, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let found = store::run_of_step(app.db.pool(), step).await?;
    found.map(|(run, _)| run).ok_or(AppError::NotFound)
}

/// Does it, on record.
///
/// # Errors
/// 403 without the right, 404 for no such step, 409 when the step is over or held by a worker.
pub async fn operate(app: &App, actor: &Actor, step: StepId, wish: &Wish) -> Result<(), AppError> {
    actor.must(Permission::OperateRuns, Scope::Platform)?;
    if let Wish::Abandon { reason } = wish
        && !(1..=500).contains(&reason.trim().chars().count())
    {
        return Err(AppError::field("reason", "field-required"));
    }
    let found = store::run_of_step(app.db.pool(), step).await?;
    let (_, project) = found.ok_or(AppError::NotFound)?;
    let mut tx = app.db.begin().await?;
    match perform(app, &mut tx, step, wish).await? {
        Operated::Done => {}
        Operated::NotFound => return Err(AppError::NotFound),
        Operated::NotNow => return Err(AppError::conflict("step-not-now")),
    }
    let entry = Entry::done(wish.action(), "step", step);
    let entry = match wish {
        Wish::Abandon { reason } => entry.after(serde_json::json!({ "reason": reason })),
        Wish::Retry | Wish::LookNow => entry,
    };
    let entry = match project {
        Some(id) => entry.in_project(ProjectId(id)),
        None => entry,
    };
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(())
}

async fn perform(app: &App, tx: &mut Tx, step: StepId, wish: &Wish) -> Result<Operated, AppError> {
    Ok(match wish {
        Wish::Retry => jobs::retry(tx, step).await?,
        Wish::LookNow => jobs::look_now(tx, step).await?,
        Wish::Abandon { reason } => {
            jobs::abandon(&app::engine(app), tx, step, reason.trim()).await?
        }
    })
}
