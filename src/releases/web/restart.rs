//! Restarting, from the containers' page and over the API.

use axum::Json;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::projects::ProjectAccess;
use crate::releases;
use crate::releases::setbacks::Reason;
use crate::releases::web::Begun;
use crate::web::extract::{Ctx, Form, Json as Body, Path};
use crate::web::form::Typed;
use crate::web::layout::see_other;
use crate::web::paging::link;
use crate::workloads::web::containers_refused;
use crate::workloads::{self, WorkloadId};

/// Starts the pods of a workload anew, one after the other.
#[utoipa::path(
    post,
    path = "/workloads/{id}/restart",
    operation_id = "restart_workload",
    tag = "workloads",
    params(("id" = WorkloadId, Path)),
    request_body = Reason,
    responses((status = 201, body = Begun, description = "Done")),
)]
pub async fn api_restart(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<WorkloadId>,
    Body(reason): Body<Reason>,
) -> Result<(StatusCode, Json<Begun>), AppError> {
    let id = releases::restart(&app, &actor, id, &reason).await?;
    Ok((StatusCode::CREATED, Json(Begun { rollout: id })))
}

#[derive(Deserialize)]
pub struct WorkloadPath {
    id: WorkloadId,
}

/// `POST /projects/{key}/workloads/{id}/restart`
pub async fn restart(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(path): Path<WorkloadPath>,
    Form(form): Form<Reason>,
) -> Result<Response, AppError> {
    let workload = workloads::get(&app, path.id).await?;
    let workload = workload.filter(|w| w.project_id == access.project.id);
    let workload = workload.ok_or(AppError::NotFound)?;
    match releases::restart(&app, &access.actor, path.id, &form).await {
        Ok(_) => {
            let page = format!("/projects/{}/containers", access.project.key);
            Ok(see_other(&link(
                &page,
                &[("environment", &workload.environment)],
            )))
        }
        Err(error) => {
            let typed = Typed::from([("reason".to_owned(), form.reason)]);
            containers_refused(&app, &access, &ctx, (&workload, typed, &error)).await
        }
    }
}
