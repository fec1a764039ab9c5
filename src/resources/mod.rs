//! Resources: what a project has besides its containers. Servers, databases, caches, queues,
//! object stores, domains.
//!
//! Invariant: a resource has one owner and an address by which PostgreSQL finds it; no password
//! is ever kept here, and what is over is retired, never forgotten.

mod address;
pub mod api;
pub mod export;
mod find;
mod keep;
mod request;
mod size;
mod store;
pub mod web;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

pub use address::{Address, Place};
pub use find::Wanted;
pub use keep::{Draft, Making, change, make, register, retire};
pub use request::{Retirement, Supply};
pub use size::{Property, Sort, properties};

use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission, ProjectId, Scope};
use crate::web::paging::List;

crate::id! { ResourceId }

crate::words! {
    pub enum Kind as ResourceKind {
        Server = "server",
        Database = "database",
        Cache = "cache",
        Queue = "queue",
        Objects = "objects",
        Domain = "domain",
        Other = "other",
    }

    pub enum State as ResourceState {
        /// Approved, and waits for operations to make it.
        Asked = "asked",
        Active = "active",
        Retired = "retired",
    }
}

/// What pages that show resources listen to.
pub const TOPIC: &str = "resources";
/// Addresses that are searched for find at most so many.
const MOST_FOUND: i64 = 200;

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Resource {
    pub id: ResourceId,
    pub number: i64,
    pub kind: Kind,
    pub name: String,
    /// Who owns it.
    pub project: String,
    #[serde(skip)]
    pub project_id: ProjectId,
    pub environment: Option<String>,
    pub site: String,
    pub size: Value,
    #[schema(value_type = Vec<String>)]
    pub addresses: Vec<Address>,
    /// Further projects that use it.
    pub used_by: Vec<String>,
    #[serde(skip)]
    pub users: Vec<ProjectId>,
    pub labels: Vec<String>,
    /// Who looks after it.
    pub keeper: String,
    pub note: String,
    pub state: State,
    /// The number of the request that asked for it.
    pub request: Option<i64>,
    pub created_at: Timestamp,
    pub active_at: Option<Timestamp>,
    pub retired_at: Option<Timestamp>,
    pub retired_why: Option<String>,
    /// By which of its addresses a search found it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub matched: Option<Address>,
}

impl Resource {
    /// Members of its owner, of those who use it, and who sees all projects.
    #[must_use]
    pub fn visible_to(&self, actor: &Actor) -> bool {
        let mut all = std::iter::once(&self.project_id).chain(&self.users);
        all.any(|id| actor.may(Permission::ViewProject, Scope::Project(*id)))
    }
}

/// One page of the resources that this person may see, by name; what an address found, the
/// nearest first.
///
/// # Errors
/// 400 for a filter that makes no sense.
pub async fn list(app: &App, actor: &Actor, wanted: &Wanted) -> Result<List<Resource>, AppError> {
    let mut filter = wanted.filter()?;
    filter.visible = (!actor.sees_all_projects()).then(|| actor.project_ids());
    let limit = filter.limit;
    filter.limit = match filter.place {
        Some(_) => MOST_FOUND,
        None => limit + 1,
    };
    let rows = store::list(app.db.pool(), &filter).await?;
    Ok(match &filter.place {
        Some(place) => List {
            items: find::nearest(rows, place),
            next: None,
        },
        None => List::cut(rows, limit, |r| r.number.to_string()),
    })
}

/// All that a project owns or uses, retired ones aside.
///
/// # Errors
/// No answer from the database.
pub async fn of_project(app: &App, project: ProjectId) -> Result<Vec<Resource>, AppError> {
    let filter = store::Filter {
        visible: Some(vec![project.0]),
        limit: MOST_FOUND,
        ..store::Filter::default()
    };
    Ok(store::list(app.db.pool(), &filter).await?)
}

/// What was approved and waits to be made, oldest first, for those who make it.
///
/// # Errors
/// No answer from the database.
pub async fn to_make(app: &App, actor: &Actor, limit: i64) -> Result<Vec<Resource>, AppError> {
    if !actor.may(Permission::KeepResources, Scope::Platform) {
        return Ok(Vec::new());
    }
    let filter = store::Filter {
        state: Some(State::Asked),
        limit,
        ..store::Filter::default()
    };
    Ok(store::list(app.db.pool(), &filter).await?)
}

/// A resource that this person may see, by its number.
///
/// # Errors
/// 404 otherwise.
pub async fn by_number(app: &App, actor: &Actor, number: i64) -> Result<Resource, AppError> {
    let found = store::find_by_number(app.db.pool(), number).await?;
    found
        .filter(|r| r.visible_to(actor))
        .ok_or(AppError::NotFound)
}

/// A resource that this person may see.
///
/// # Errors
/// 404 otherwise.
pub async fn get(app: &App, actor: &Actor, id: ResourceId) -> Result<Resource, AppError> {
    let found = store::find(app.db.pool(), id).await?;
    found
        .filter(|r| r.visible_to(actor))
        .ok_or(AppError::NotFound)
}

/// Keys of environments by rank, and sites, for forms and filters.
///
/// # Errors
/// No answer from the database.
pub async fn choices(app: &App) -> Result<(Vec<String>, Vec<String>), AppError> {
    Ok(store::choices(app.db.pool()).await?)
}
