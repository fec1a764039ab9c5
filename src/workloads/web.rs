//! Workloads over the API; their pages are in the modules beneath.

mod also;
mod asking;
mod changing;
mod containers;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

pub use asking::{ask, form};
pub use changing::{ask_change, change_form};
pub use containers::{containers, containers_refused};

use super::{Current, Live, Workload, WorkloadId};
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::projects::ProjectAccess;
use crate::web::extract::Path;
use crate::web::paging::List;

#[derive(Serialize, utoipa::ToSchema)]
pub struct WorkloadView {
    #[serde(flatten)]
    workload: Workload,
    current: Option<Current>,
}

/// Workloads of a project, with what runs there.
#[utoipa::path(
    get,
    path = "/projects/{key}/workloads",
    operation_id = "list_workloads",
    tag = "workloads",
    params(("key" = String, Path, description = "The project's key")),
    responses((status = 200, body = List<WorkloadView>, description = "As it is now")),
)]
pub async fn api_list(
    State(app): State<App>,
    access: ProjectAccess,
) -> Result<Json<List<WorkloadView>>, AppError> {
    let items = super::with_current(&app, access.project.id).await?;
    let view = |(workload, current)| WorkloadView { workload, current };
    let items: Vec<_> = items.into_iter().map(view).collect();
    Ok(Json(items.into()))
}

/// Pods of a workload as its cluster sees them now.
#[utoipa::path(
    get,
    path = "/workloads/{id}/pods",
    operation_id = "list_pods",
    tag = "workloads",
    params(("id" = WorkloadId, Path)),
    responses((status = 200, body = Live, description = "As it is now")),
)]
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
