//! Shells for a while: asked for with a reason, given by a yes, over by themselves.
//!
//! Invariant: what was given counts in one environment of one project, for hours, and only while
//! its holder sees the project; a terminal that hangs on it closes with it.

pub mod api;
mod request;
mod store;
pub mod web;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

pub use request::ShellRequest;

use super::TOPIC;
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::error::AppError;
use crate::identity::{AccountId, Actor, Permission, Person, ProjectId, Scope};
use crate::projects;

crate::id! { ShellAccessId }

/// As many of a project's as a page shows, those that count first.
const SHOWN: i64 = 50;

/// A shell that was given to somebody.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ShellAccess {
    pub id: ShellAccessId,
    /// Number of the request that asked for it.
    pub request: i64,
    #[serde(skip)]
    pub account_id: AccountId,
    pub person: Person,
    pub environment: String,
    /// Whether files may be moved through it as well.
    pub files: bool,
    pub begins_at: Timestamp,
    pub expires_at: Timestamp,
    /// When somebody ended it before its time, and who.
    pub ended_at: Option<Timestamp>,
    pub ended_by: Option<Person>,
    /// Whether it counts now.
    pub counts: bool,
}

/// What was given in a project: first what counts, then the newest.
///
/// # Errors
/// No answer from the database.
pub async fn list(app: &App, project: ProjectId) -> Result<Vec<ShellAccess>, AppError> {
    Ok(store::select(app.db.pool(), project.0, None, SHOWN).await?)
}

/// Whether this person may end it before its time: its holder, or who could have said yes.
#[must_use]
pub fn may_end(actor: &Actor, project: ProjectId, given: &ShellAccess) -> bool {
    let approves = actor.may(Permission::ApproveProduction, Scope::Project(project));
    given.counts && (given.account_id == actor.id || approves)
}

/// Ends one before its time; terminals that hang on it close within seconds. One that is over
/// stays as it is.
///
/// # Errors
/// 404 for none of this project, 403 for whom it does not concern.
pub async fn end(
    app: &App,
    actor: &Actor,
    project: ProjectId,
    id: ShellAccessId,
) -> Result<(), AppError> {
    let found = store::select(app.db.pool(), project.0, Some(id.0), 1).await?;
    let given = found.into_iter().next().ok_or(AppError::NotFound)?;
    if given.account_id != actor.id {
        actor.must(Permission::ApproveProduction, Scope::Project(project))?;
    }
    let mut tx = app.db.begin().await?;
    if !store::end(tx.connection(), id.0, actor.id.0).await? {
        return Ok(());
    }
    let entry = Entry::done("shell.end", "shell-access", id)
        .in_project(project)
        .after(json!({
            "person": given.person.name, "environment": given.environment,
            "request": given.request,
        }));
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    announce(&mut tx, project.0).await?;
    tx.commit().await?;
    Ok(())
}

/// Pages of the project's containers and of terminals look again.
async fn announce(tx: &mut crate::db::Tx, project: Uuid) -> Result<(), crate::db::DbError> {
    tx.event(&projects::topic(ProjectId(project)), Some(project))
        .await?;
    tx.event(TOPIC, Some(project)).await
}
