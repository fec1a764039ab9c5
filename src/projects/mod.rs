//! Projects: services that teams own. Repository, people, workloads and releases hang on them.
//!
//! Invariant: a project exists only through an approved onboarding request, and is seen only by
//! its members and the platform's roles.

mod access;
pub mod api;
pub mod members;
mod request;
mod settings;
mod steps;
mod store;
pub mod tokens;
pub mod web;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

pub use access::{Access, ProjectAccess};
pub use request::{Asked as NewProject, Callbacks, Onboarding, is_repository, make, must_ask};
pub use settings::{Changing, change};
pub use steps::{Bind, trouble};
pub use store::{Choices, Member, Outside, environment_by_key, registry_of};

use crate::app::App;
use crate::connections::ConnectionId;
use crate::db::{DbError, Tx};
use crate::error::AppError;
use crate::identity::tokens as tokens_of;
use crate::identity::{Actor, Permission, Person, ProjectId, Scope};
use crate::web::paging::{List, Page};

/// A project's key: also its Jenkins job, its image's path, its objects' names in Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ProjectKey(String);

impl ProjectKey {
    /// `[a-z][a-z0-9-]{0,38}[a-z0-9]`, the grammar of a DNS label that begins with a letter.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        let ends = bytes.first().is_some_and(u8::is_ascii_lowercase)
            && bytes
                .last()
                .is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let fits = (2..=40).contains(&bytes.len());
        (fits && ends && bytes.iter().all(inner)).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Project {
    pub id: ProjectId,
    pub key: String,
    pub description: String,
    pub language: String,
    pub repository: String,
    pub web_url: Option<String>,
    pub default_branch: Option<String>,
    pub deploy_path: String,
    pub log_path: String,
    pub health_path: String,
    pub port: i32,
    pub may_confirm_own: bool,
    pub created_at: Timestamp,
    /// When its off-boarding was approved; nothing new begins in it since.
    pub leaving_at: Option<Timestamp>,
    /// When everything that was made for it was gone. Its history stays.
    pub left_at: Option<Timestamp>,
    #[serde(skip)]
    pub gitlab: ConnectionId,
    #[serde(skip)]
    pub registry: ConnectionId,
    /// GitLab's number and clone address, once the repository was seen.
    #[serde(skip)]
    pub bound: Option<Bound>,
}

/// The repository as GitLab knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    pub number: i64,
    pub clone_url: String,
}

/// A project that this person may see.
///
/// # Errors
/// 404 otherwise.
pub async fn get(app: &App, actor: &Actor, key: &str) -> Result<Project, AppError> {
    let project = store::find(app.db.pool(), key)
        .await?
        .ok_or(AppError::NotFound)?;
    if actor.may(Permission::ViewProject, Scope::Project(project.id)) {
        Ok(project)
    } else {
        Err(AppError::NotFound)
    }
}

/// One page of the projects that this person may see, by key: those that are there, or those
/// that were off-boarded.
///
/// # Errors
/// A page that makes no sense.
pub async fn list(
    app: &App,
    actor: &Actor,
    search: &str,
    left: bool,
    page: &Page,
) -> Result<List<Project>, AppError> {
    let limit = page.limit()?;
    let after = page.after.as_deref().unwrap_or_default();
    let mine = actor.project_ids();
    let visible = (!actor.sees_all_projects()).then_some(mine.as_slice());
    let narrowed = (search.trim(), after);
    let rows = store::list(app.db.pool(), visible, narrowed, left, limit + 1).await?;
    Ok(List::cut(rows, limit, |p| p.key.clone()))
}

/// The projects that this person is a member of, by key, as many as a page shows.
///
/// # Errors
/// No answer from the database.
pub async fn mine(app: &App, actor: &Actor, limit: i64) -> Result<Vec<Project>, AppError> {
    let mine = actor.project_ids();
    Ok(store::list(app.db.pool(), Some(&mine), ("", ""), false, limit).await?)
}

/// The first projects of all by key, for who sees them all.
///
/// # Errors
/// No answer from the database.
pub async fn first(app: &App, limit: i64) -> Result<Vec<Project>, AppError> {
    Ok(store::list(app.db.pool(), None, ("", ""), false, limit).await?)
}

/// Who is in a project, with what role.
///
/// # Errors
/// No answer from the database.
pub async fn members(app: &App, id: ProjectId) -> Result<Vec<Member>, AppError> {
    Ok(store::members(app.db.pool(), id).await?)
}

/// The same as a transaction sees it.
///
/// # Errors
/// No answer from the database.
pub async fn members_in(tx: &mut Tx, id: ProjectId) -> Result<Vec<Member>, DbError> {
    store::members(tx.connection(), id).await
}

/// Lets nothing new begin in a project. False if it was leaving already.
///
/// # Errors
/// No answer from the database.
pub async fn leave(tx: &mut Tx, id: ProjectId) -> Result<bool, DbError> {
    store::leave(tx.connection(), id).await
}

/// Takes [`leave`] back.
///
/// # Errors
/// No answer from the database.
pub async fn stay(tx: &mut Tx, id: ProjectId) -> Result<(), DbError> {
    store::stay(tx.connection(), id).await
}

/// Who worked on a project that was off-boarded.
pub struct Former {
    pub key: String,
    pub members: Vec<String>,
}

/// Ends a project: nobody is in it any more, and its programs' tokens are worth nothing.
///
/// # Errors
/// No answer from the database.
pub async fn close(tx: &mut Tx, id: ProjectId) -> Result<Former, DbError> {
    tokens_of::revoke_all_of_project(tx, id).await?;
    store::close(tx.connection(), id).await
}

/// The owners of projects.
///
/// # Errors
/// No answer from the database.
pub async fn owners(
    app: &App,
    projects: &[Project],
) -> Result<BTreeMap<ProjectId, Vec<Person>>, AppError> {
    let ids: Vec<_> = projects.iter().map(|p| p.id.0).collect();
    Ok(store::owners(app.db.pool(), &ids).await?)
}

/// What an onboarding form offers to choose from.
///
/// # Errors
/// No answer from the database.
pub async fn choices(app: &App) -> Result<Choices, AppError> {
    Ok(store::choices(app.db.pool()).await?)
}

/// A project by id, for steps.
///
/// # Errors
/// No answer from the database.
pub async fn by_id(app: &App, id: ProjectId) -> Result<Option<Project>, crate::db::DbError> {
    store::find_by_id(app.db.pool(), id).await
}

/// A project by key that nobody off-boards meanwhile: its row is held.
///
/// # Errors
/// No answer from the database.
pub async fn hold(tx: &mut Tx, key: &str) -> Result<Option<Project>, DbError> {
    store::lock(tx.connection(), key).await?;
    store::find(tx.connection(), key).await
}

/// A project by key, as it is now.
///
/// # Errors
/// No answer from the database.
pub async fn by_key(tx: &mut Tx, key: &str) -> Result<Option<Project>, DbError> {
    store::find(tx.connection(), key).await
}

/// The topic of everything about a project.
#[must_use]
pub fn topic(id: ProjectId) -> String {
    format!("project:{id}")
}

#[cfg(test)]
mod tests {
    use super::ProjectKey;

    #[test]
    fn keys_have_one_grammar() {
        for key in ["ab", "pay-gateway", "a1", &"a".repeat(40)] {
            assert!(ProjectKey::parse(key).is_some(), "{key}");
        }
        let long = "a".repeat(41);
        for key in [
            "", "a", "Pay", "1a", "-a", "a-", "a_b", "a b", "a\nb", "..", "-x", "$(id)", "é",
            "😀a", "a.b", &long,
        ] {
            assert!(ProjectKey::parse(key).is_none(), "{key}");
        }
    }
}
