//! Workloads over the API; their pages are in the modules beneath.

mod asking;
mod containers;
mod document;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

pub use asking::{ask, form};
pub use containers::{containers, containers_refused};

use super::{Current, Live, Workload, WorkloadId};
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::projects::ProjectAccess;
use crate::web::extract::Path;

/// A list that fits one answer; `next` is always null.
#[derive(Serialize)]
pub struct Items<T> {
    items: Vec<T>,
    next: Option<String>,
}

#[derive(Serialize)]
pub struct WorkloadView {
    #[serde(flatten)]
    workload: Workload,
    current: Option<Current>,
}

/// `GET /api/v1/projects/{key}/workloads`
pub async fn api_list(
    State(app): State<App>,
    access: ProjectAccess,
) -> Result<Json<Items<WorkloadView>>, AppError> {
    let items = super::with_current(&app, access.project.id).await?;
    let view = |(workload, current)| WorkloadView { workload, current };
    Ok(Json(Items {
        items: items.into_iter().map(view).collect(),
        next: None,
    }))
}

/// `GET /api/v1/workloads/{id}/pods`
pub async fn api_pods(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<WorkloadId>,
) -> Result<Json<Live>, AppError> {
    let workload = super::get(&app, id).await?.ok_or(AppError::NotFound)?;
    if !actor.may(Permission::ViewProject, Scope::Project(workload.project_id)) {
        return Err(AppError::NotFound);
    }
    super::live(&app, &workload).await.map(Json)
}
