//! Setbacks: what people take back or break off on a release's way, each with who, when and why.
//!
//! Invariant: a setback ends the durable work that it stops in its own transaction, so a worker
//! that goes on with it records nothing; what may still reach the outside is taken back by a
//! durable step of its own.

mod abort;
mod cancel;
mod rebuild;
mod reject;
mod retest;
mod store;
mod withdraw;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

pub use abort::{abort, abortable};
pub use cancel::{cancel, cancellable};
pub use rebuild::{is_refused, rebuild, rebuildable};
pub use reject::{Rejecting, reject, rejectable};
pub use retest::{Retesting, retest, retestable};
pub use store::{aborted, of_release, rolled_back};
pub use withdraw::{may_withdraw, withdraw};

use super::{DeploymentId, Release, ReleaseId};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::{Actor, ProjectId};
use crate::jobs;

/// More rounds than this against workers that keep starting things are a fault of ours.
const ROUNDS: usize = 5;
const MAX_REASON: usize = 2000;

crate::words! {
    pub enum SetbackKind {
        Cancelled = "cancelled",
        Rejected = "rejected",
        Rebuilt = "rebuilt",
        Withdrawn = "withdrawn",
        Aborted = "aborted",
        Retested = "retested",
        RolledBack = "rolled_back",
    }
}

/// One of them, as stored.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Setback {
    pub kind: SetbackKind,
    pub deployment: Option<DeploymentId>,
    pub by: String,
    pub display_name: String,
    pub note: String,
    pub at: Timestamp,
}

/// Why somebody does it.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    #[serde(default)]
    pub reason: String,
}

impl Reason {
    /// # Errors
    /// 400 for a text that is too long.
    pub fn optional(&self) -> Result<&str, AppError> {
        checked("reason", &self.reason)
    }

    /// # Errors
    /// 400 for none, or one that is too long.
    fn required(&self) -> Result<&str, AppError> {
        said("reason", &self.reason)
    }
}

/// A reason as it is stored.
fn checked<'a>(field: &str, text: &'a str) -> Result<&'a str, AppError> {
    if text.chars().count() > MAX_REASON {
        return Err(AppError::field(field, "field-too-long"));
    }
    Ok(text.trim())
}

/// A reason that may not be left out.
fn said<'a>(field: &str, text: &'a str) -> Result<&'a str, AppError> {
    match checked(field, text)? {
        "" => Err(AppError::field(field, "setback-says-why")),
        text => Ok(text),
    }
}

/// What is about to be recorded.
struct New<'a> {
    kind: SetbackKind,
    project: ProjectId,
    release: Option<ReleaseId>,
    deployment: Option<DeploymentId>,
    actor: &'a Actor,
    note: &'a str,
}

impl<'a> New<'a> {
    fn of(kind: SetbackKind, release: &Release, actor: &'a Actor, note: &'a str) -> Self {
        Self {
            kind,
            project: release.project_id,
            release: Some(release.id),
            deployment: None,
            actor,
            note,
        }
    }

    /// The row and its audit entry, in the transaction of what happened.
    async fn record(&self, tx: &mut Tx) -> Result<(), AppError> {
        store::insert(tx.connection(), self).await?;
        let (target, id) = match (self.deployment, self.release) {
            (Some(id), _) => ("deployment", id.to_string()),
            (None, Some(id)) => ("release", id.to_string()),
            (None, None) => ("project", self.project.to_string()),
        };
        let entry = Entry::done(self.kind.action(), target, id)
            .in_project(self.project)
            .after(json!({ "reason": self.note }));
        audit::record(tx, &entry, &Origin::from(self.actor)).await?;
        Ok(())
    }
}

impl SetbackKind {
    /// What the audit trail calls it.
    const fn action(self) -> &'static str {
        match self {
            Self::Cancelled => "release.cancel",
            Self::Rejected => "release.reject",
            Self::Rebuilt => "release.build_again",
            Self::Withdrawn => "release.withdraw_confirmation",
            Self::Aborted => "release.abort",
            Self::Retested => "release.test_again",
            Self::RolledBack => "release.roll_back",
        }
    }
}

/// The refusal for whoever comes second: who did it before, and when.
async fn done_before(
    app: &App,
    id: ReleaseId,
    kind: SetbackKind,
    otherwise: &str,
) -> Result<AppError, DbError> {
    let all = store::of_release(app.db.pool(), id).await?;
    let last = all.iter().rev().find(|s| s.kind == kind);
    Ok(last.map_or_else(|| AppError::conflict(otherwise), before))
}

fn before(setback: &Setback) -> AppError {
    AppError::Conflict(
        Words::new(&format!("setback-{}-before", setback.kind))
            .with("who", &setback.display_name)
            .with("at", super::second(setback.at)),
    )
}

/// Ends the active runs about these subjects. Their steps are locked before the rows that
/// workers change under them, in the workers' own order.
async fn halt(tx: &mut Tx, subjects: &[Uuid], actor: &Actor) -> Result<(), DbError> {
    let words = Words::new("step-overtaken").with("who", &actor.display_name);
    jobs::abandon_all(tx, subjects, &words).await
}
