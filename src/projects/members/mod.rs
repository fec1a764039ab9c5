//! Who works on a project, in which role, until when.
//!
//! Invariant: a project keeps an owner whose membership does not end by itself.

pub mod api;
mod request;
mod store;
pub mod web;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use request::Membership;

use super::{Access, topic};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::Tx;
use crate::error::{AppError, FieldError};
use crate::identity::{Permission, ProjectId, ProjectRole};

/// Somebody's role as asked for; a repeat sets another end.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMember)]
pub struct Joining {
    pub user: String,
    pub role: ProjectRole,
    /// For good if left out.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

impl Joining {
    /// # Errors
    /// 400 for nobody's name or a time that is over, with the fields' path before their names.
    fn check(&self, path: &str) -> Result<(), AppError> {
        let mut errors = Vec::new();
        let wrong = |field: &str, code: &str| FieldError::new(&format!("{path}{field}"), code);
        if self.user.trim().is_empty() {
            errors.push(wrong("user", "field-required"));
        }
        if self.expires_at.is_some_and(|at| at <= crate::clock::now()) {
            errors.push(wrong("expires_at", "members-over"));
        }
        match errors.is_empty() {
            true => Ok(()),
            false => Err(AppError::Invalid(errors)),
        }
    }
}

/// Gives somebody a role, or another end to the one they have.
///
/// # Errors
/// 400 for nobody of this name or a time that is over, 409 when no owner would stay.
pub async fn put(app: &App, access: &Access<'_>, joining: &Joining) -> Result<(), AppError> {
    debug_assert_eq!(access.permission(), Permission::ManageMembers);
    joining.check("")?;
    let mut tx = app.db.begin().await?;
    let origin = Origin::from(access.actor);
    give(&mut tx, access.project.id, joining, &origin).await?;
    tx.commit().await?;
    Ok(())
}

/// The same in the transaction of a yes.
async fn give(
    tx: &mut Tx,
    project: ProjectId,
    joining: &Joining,
    origin: &Origin,
) -> Result<(), AppError> {
    let user = joining.user.trim();
    store::lock(tx.connection(), project).await?;
    if !store::put(tx.connection(), project, user, joining).await? {
        return Err(AppError::field("user", "people-unknown"));
    }
    if store::lasting_owners(tx.connection(), project).await? == 0 {
        return Err(AppError::conflict("members-last-owner"));
    }
    let entry = Entry::done("membership.add", "account", user)
        .in_project(project)
        .after(json!({ "role": joining.role, "expires_at": joining.expires_at }));
    audit::record(tx, &entry, origin).await?;
    tx.event(&topic(project), Some(project.0)).await?;
    Ok(())
}

/// Takes a role away.
///
/// # Errors
/// 404 for a role that nobody of this name has, 409 for the last owner.
pub async fn remove(
    app: &App,
    access: &Access<'_>,
    user: &str,
    role: ProjectRole,
) -> Result<(), AppError> {
    debug_assert_eq!(access.permission(), Permission::ManageMembers);
    let project = access.project.id;
    let mut tx = app.db.begin().await?;
    store::lock(tx.connection(), project).await?;
    if !store::remove(tx.connection(), project, user, role).await? {
        return Err(AppError::NotFound);
    }
    if store::lasting_owners(tx.connection(), project).await? == 0 {
        return Err(AppError::conflict("members-last-owner"));
    }
    let entry = Entry::done("membership.remove", "account", user)
        .in_project(project)
        .before(json!({ "role": role }));
    audit::record(&mut tx, &entry, &Origin::from(access.actor)).await?;
    tx.event(&topic(project), Some(project.0)).await?;
    tx.commit().await?;
    Ok(())
}
