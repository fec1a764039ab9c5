//! Drift over the API.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{Adopting, Drift, Restoring};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Permission;
use crate::projects::ProjectAccess;
use crate::releases;
use crate::releases::web::Begun;
use crate::web::extract::{Json as Body, Path};
use crate::workloads::WorkloadId;

#[derive(Deserialize)]
pub struct Of {
    id: WorkloadId,
}

/// A workload as it lives, held against what was deployed there.
#[utoipa::path(
    get,
    path = "/projects/{key}/workloads/{id}/drift",
    operation_id = "show_drift",
    tag = "workloads",
    params(
        ("key" = String, Path, description = "The project's key"),
        ("id" = WorkloadId, Path),
    ),
    responses((status = 200, body = Drift, description = "As it is now")),
)]
pub async fn show(
    State(app): State<App>,
    access: ProjectAccess,
    Path(of): Path<Of>,
) -> Result<Json<Drift>, AppError> {
    let workload = super::workload_of(&app, access.project.id, of.id).await?;
    super::look(&app, &workload).await.map(Json)
}

/// A request that was filed.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = DriftRequest)]
pub struct Asked {
    /// Its number.
    request: i64,
}

/// Asks for the parameters to say what lives on this cluster.
#[utoipa::path(
    post,
    path = "/projects/{key}/workloads/{id}/drift/adopt",
    operation_id = "adopt_drift",
    tag = "workloads",
    params(
        ("key" = String, Path, description = "The project's key"),
        ("id" = WorkloadId, Path),
    ),
    request_body = Adopting,
    responses((status = 201, body = Asked, description = "Done")),
)]
pub async fn adopt(
    State(app): State<App>,
    access: ProjectAccess,
    Path(of): Path<Of>,
    Body(asked): Body<Adopting>,
) -> Result<(StatusCode, Json<Asked>), AppError> {
    let workload = super::workload_of(&app, access.project.id, of.id).await?;
    access.must(Permission::FileRequest)?;
    let request = super::adopt(&app, &access.actor, &workload, asked).await?;
    Ok((StatusCode::CREATED, Json(Asked { request })))
}

/// Puts back what was deployed.
#[utoipa::path(
    post,
    path = "/projects/{key}/workloads/{id}/drift/restore",
    operation_id = "restore_drift",
    tag = "workloads",
    params(
        ("key" = String, Path, description = "The project's key"),
        ("id" = WorkloadId, Path),
    ),
    request_body = Restoring,
    responses((status = 201, body = Begun, description = "Done")),
)]
pub async fn restore(
    State(app): State<App>,
    access: ProjectAccess,
    Path(of): Path<Of>,
    Body(asked): Body<Restoring>,
) -> Result<(StatusCode, Json<Begun>), AppError> {
    let workload = super::workload_of(&app, access.project.id, of.id).await?;
    access.must(releases::right_to_restart(workload.tier))?;
    let rollout = super::restore(&app, &access.actor, &workload, asked).await?;
    Ok((StatusCode::CREATED, Json(Begun { rollout })))
}
