//! Shells in containers, opened by people who may, recorded for those who must know.
//!
//! Invariant: the shell lives in the portal's process, not in anybody's connection; whoever comes
//! needs a pass that is good once, and whoever may no longer be there is out within seconds.

pub mod access;
pub mod api;
mod debug;
mod enter;
pub mod files;
mod guests;
mod hall;
pub mod inner;
mod open;
mod outside;
mod pass;
mod pods;
mod recording;
pub mod replay;
mod session;
mod settle;
mod store;
pub mod stream;
pub mod untrusted;
mod wanted;
pub mod web;

pub use guests::{Invitation, invitations};

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

pub use debug::DebugContainer;
pub use guests::{dismiss, hand_over, invite};
pub use hall::{Hall, stop};
pub use open::{Opening, Way, close, open, resume};
pub use session::company::Guest;
pub use wanted::Wanted;

use crate::app::App;
use crate::clusters::{ClusterId, EnvironmentId, Tier};
use crate::error::AppError;
use crate::identity::{AccountId, Actor, Permission, Person, ProjectId, Scope, ShellPlace};
use crate::jobs::Timer;
use crate::web::paging::List;
use crate::workloads::WorkloadId;

crate::id! { TerminalId }

/// What lists of terminals listen to.
pub const TOPIC: &str = "terminals";

crate::words! {
    /// Why a terminal is over.
    pub enum Ending {
        /// The shell ended by itself, with a code.
        Exited = "exited",
        Killed = "killed",
        NoShell = "no-shell",
        /// There was no such pod any more.
        Gone = "gone",
        /// It was there, and was replaced or told to go while the shell was open.
        PodReplaced = "pod-replaced",
        /// The cluster did not answer.
        Unreachable = "unreachable",
        Failed = "failed",
        /// The connection to the cluster broke.
        Lost = "lost",
        /// Somebody who may has ended it.
        Closed = "closed",
        Idle = "idle",
        TooLong = "too-long",
        /// Nobody came back to it.
        Abandoned = "abandoned",
        /// Nobody ever came with the pass.
        Unused = "unused",
        SignedOut = "signed-out",
        RightLost = "right-lost",
        /// Nobody could look up who may be there.
        RightUnknown = "right-unknown",
        NoRecorder = "no-recorder",
        PortalStopped = "portal-stopped",
        /// The portal's process died.
        PortalLost = "portal-lost",
        DebugNoImage = "debug-no-image",
        /// It took too long, or ended at once.
        DebugNotStarted = "debug-not-started",
        /// The portal lacks the right to one, or the cluster admits none like it.
        DebugRefused = "debug-refused",
    }
}

/// A terminal with where it is, whose it is, and how it ended.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Terminal {
    pub id: TerminalId,
    #[serde(skip)]
    pub account_id: AccountId,
    pub person: Person,
    #[serde(skip)]
    pub project_id: ProjectId,
    pub project: String,
    pub workload: WorkloadId,
    pub component: String,
    #[serde(skip)]
    pub environment_id: EnvironmentId,
    pub environment: String,
    /// Whether a role is not enough for a shell there, as of now.
    #[serde(skip)]
    pub by_request: bool,
    pub tier: Tier,
    #[serde(skip)]
    pub cluster_id: ClusterId,
    pub cluster: String,
    pub site: String,
    pub namespace: String,
    pub pod: String,
    #[serde(skip)]
    pub pod_uid: Option<String>,
    /// The one that its shell runs in: the debug container, where there is one.
    pub container: String,
    pub debug: Option<DebugContainer>,
    pub reason: String,
    /// Whether there is no shell without its recording.
    pub strict: bool,
    pub opened_at: Timestamp,
    pub started_at: Option<Timestamp>,
    /// No later than this, whatever happens.
    pub ends_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub ending: Option<Ending>,
    pub exit_code: Option<i32>,
    /// Who was let in beside its owner, while it is open.
    pub guest: Option<Guest>,
    pub output_bytes: i64,
    /// SHA-256 of all output that is recorded, one piece after another, once it is over. None for
    /// one that could not be recorded to its end.
    pub output_sha256: Option<String>,
    /// How long the recording is.
    pub recorded_ms: Option<i64>,
    #[serde(skip)]
    pub replica: Uuid,
}

impl Terminal {
    /// The container that it is about: the one that a debug container was put beside.
    #[must_use]
    pub fn target(&self) -> &str {
        let debug = self.debug.as_ref();
        debug.map_or(&self.container, |debug| &debug.target)
    }

    /// The right that it takes to be in it.
    #[must_use]
    pub const fn right(&self) -> Permission {
        right(self.tier)
    }

    /// Where that right is asked for.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        Scope::Shell(ShellPlace {
            project: self.project_id,
            environment: self.environment_id.0,
            by_request: self.by_request,
        })
    }

    /// Whether this person was let into it.
    #[must_use]
    pub fn is_guest(&self, actor: &Actor) -> bool {
        let guest = self.guest.as_ref();
        guest.is_some_and(|guest| guest.account == actor.id)
    }

    /// The right that it takes for this person to be in it: another one for a guest.
    ///
    /// # Errors
    /// 403 for anybody else, and without the right.
    pub fn must_be_in(&self, actor: &Actor) -> Result<(), AppError> {
        match (self.account_id == actor.id, self.is_guest(actor)) {
            (true, _) => actor.must(self.right(), self.scope()),
            (false, true) => {
                actor.must(Permission::ViewRecordings, Scope::Project(self.project_id))
            }
            (false, false) => Err(AppError::forbidden("terminal-not-yours")),
        }
    }
}

/// The right to a shell where customers are served is another than to one in test.
#[must_use]
pub const fn right(tier: Tier) -> Permission {
    match tier {
        Tier::Test => Permission::OpenTerminalInTest,
        Tier::Production => Permission::OpenTerminalInProduction,
    }
}

/// A terminal that this person may look at: their own, or any of the project by right.
///
/// # Errors
/// 404 where the project may not be seen, 403 without the right.
pub async fn get(app: &App, actor: &Actor, id: TerminalId) -> Result<Terminal, AppError> {
    let terminal = seen(app, actor, id).await?;
    if terminal.account_id != actor.id {
        let scope = Scope::Project(terminal.project_id);
        actor.must(Permission::ViewRecordings, scope)?;
    }
    Ok(terminal)
}

/// A terminal of a project that this person may see.
async fn seen(app: &App, actor: &Actor, id: TerminalId) -> Result<Terminal, AppError> {
    let filter = store::Filter {
        id: Some(id),
        limit: 1,
        ..store::Filter::default()
    };
    let found = store::select(app.db.pool(), &filter).await?.pop();
    let terminal = found.ok_or(AppError::NotFound)?;
    if actor.may(Permission::ViewProject, Scope::Project(terminal.project_id)) {
        Ok(terminal)
    } else {
        Err(AppError::NotFound)
    }
}

/// One page of the terminals that this person may look at, the newest first.
///
/// # Errors
/// A filter that makes no sense.
pub async fn list(app: &App, actor: &Actor, wanted: &Wanted) -> Result<List<Terminal>, AppError> {
    let filter = wanted.filter(visible(actor))?;
    let limit = filter.limit;
    let more = store::Filter {
        limit: limit + 1,
        ..filter
    };
    let rows = store::select(app.db.pool(), &more).await?;
    Ok(List::cut(rows, limit, |t| t.id.to_string()))
}

/// Whose terminals somebody may look at; nothing for everybody's.
fn visible(actor: &Actor) -> Option<(AccountId, Vec<Uuid>)> {
    let right = Permission::ViewRecordings;
    if actor.may(right, Scope::Platform) {
        return None;
    }
    let may = |id: &&Uuid| actor.may(right, Scope::Project(ProjectId(**id)));
    let projects = actor.project_ids().iter().filter(may).copied().collect();
    Some((actor.id, projects))
}

#[must_use]
pub fn timers(app: &App) -> Vec<Arc<dyn Timer>> {
    vec![
        Arc::new(settle::Sweep(app.clone())),
        Arc::new(recording::Retention(app.clone())),
    ]
}
