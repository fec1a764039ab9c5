//! Taking back and breaking off, over the API and by the buttons of a release's page.

use axum::Json;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::press::{address, refused};
use super::show::NumberPath;
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::projects::ProjectAccess;
use crate::releases::setbacks::{self, Reason, Rejecting};
use crate::releases::{self, DeploymentId, ReleaseId};
use crate::web::extract::{Ctx, Form, Json as Body, Path};
use crate::web::layout::see_other;

/// The release as it stands afterwards.
async fn told(
    app: &App,
    actor: &Actor,
    id: ReleaseId,
    status: StatusCode,
) -> Result<Response, AppError> {
    let release = releases::get(app, actor, id).await?;
    let story = releases::story(app, release).await?;
    Ok((status, Json(story)).into_response())
}

/// `POST /api/v1/releases/{id}/cancellation`
pub async fn api_cancel(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<ReleaseId>,
    Body(reason): Body<Reason>,
) -> Result<Response, AppError> {
    setbacks::cancel(&app, &actor, id, &reason).await?;
    told(&app, &actor, id, StatusCode::CREATED).await
}

/// `POST /api/v1/releases/{id}/rejection`
pub async fn api_reject(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<ReleaseId>,
    Body(rejecting): Body<Rejecting>,
) -> Result<Response, AppError> {
    setbacks::reject(&app, &actor, id, &rejecting).await?;
    told(&app, &actor, id, StatusCode::CREATED).await
}

/// `POST /api/v1/releases/{id}/builds`
pub async fn api_rebuild(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<ReleaseId>,
) -> Result<Response, AppError> {
    setbacks::rebuild(&app, &actor, id).await?;
    told(&app, &actor, id, StatusCode::CREATED).await
}

/// `DELETE /api/v1/releases/{id}/confirmation`
pub async fn api_withdraw(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<ReleaseId>,
    Body(reason): Body<Reason>,
) -> Result<Response, AppError> {
    setbacks::withdraw(&app, &actor, id, &reason).await?;
    told(&app, &actor, id, StatusCode::OK).await
}

/// `POST /api/v1/deployments/{id}/abort`
pub async fn api_abort(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<DeploymentId>,
    Body(reason): Body<Reason>,
) -> Result<(StatusCode, Json<Value>), AppError> {
    setbacks::abort(&app, &actor, id, &reason).await?;
    let body = json!({ "deployment": id, "state": "aborted" });
    Ok((StatusCode::CREATED, Json(body)))
}

/// Back to the release's page, or the page with the refusal and what was typed.
async fn back(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    number: i32,
    (done, typed): (Result<(), AppError>, &str),
) -> Result<Response, AppError> {
    match done {
        Ok(()) => Ok(see_other(&address(access, number))),
        Err(error) => refused(app, access, ctx, number, (&error, typed)).await,
    }
}

/// `POST /projects/{key}/releases/{n}/cancellation`
pub async fn cancel(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(path): Path<NumberPath>,
    Form(form): Form<Reason>,
) -> Result<Response, AppError> {
    let release = releases::by_number(&app, access.project.id, path.n).await?;
    let done = setbacks::cancel(&app, &access.actor, release.id, &form).await;
    back(&app, &access, &ctx, path.n, (done, "")).await
}

/// `POST /projects/{key}/releases/{n}/rejection`
pub async fn reject(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(path): Path<NumberPath>,
    Form(form): Form<Rejecting>,
) -> Result<Response, AppError> {
    let release = releases::by_number(&app, access.project.id, path.n).await?;
    let done = setbacks::reject(&app, &access.actor, release.id, &form).await;
    back(&app, &access, &ctx, path.n, (done, &form.note)).await
}

/// `POST /projects/{key}/releases/{n}/builds`
pub async fn rebuild(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(path): Path<NumberPath>,
) -> Result<Response, AppError> {
    let release = releases::by_number(&app, access.project.id, path.n).await?;
    let done = setbacks::rebuild(&app, &access.actor, release.id).await;
    back(&app, &access, &ctx, path.n, (done, "")).await
}

/// `POST /projects/{key}/releases/{n}/withdrawal`
pub async fn withdraw(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(path): Path<NumberPath>,
    Form(form): Form<Reason>,
) -> Result<Response, AppError> {
    let release = releases::by_number(&app, access.project.id, path.n).await?;
    let done = setbacks::withdraw(&app, &access.actor, release.id, &form).await;
    back(&app, &access, &ctx, path.n, (done, "")).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbortForm {
    deployment: DeploymentId,
    #[serde(default)]
    reason: String,
}

/// `POST /projects/{key}/releases/{n}/aborts`
pub async fn abort(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(path): Path<NumberPath>,
    Form(form): Form<AbortForm>,
) -> Result<Response, AppError> {
    let reason = Reason {
        reason: form.reason,
    };
    let done = setbacks::abort(&app, &access.actor, form.deployment, &reason).await;
    back(&app, &access, &ctx, path.n, (done, "")).await
}
