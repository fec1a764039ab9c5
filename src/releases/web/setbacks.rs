//! Taking back and breaking off, over the API and by the buttons of a release's page.

use axum::Json;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::press::{address, refused};
use super::show::NumberPath;
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::projects::ProjectAccess;
use crate::releases::setbacks::{self, Reason, Rejecting};
use crate::releases::{self, DeploymentId, DeploymentState, ReleaseId, Story};
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

/// Ends a release before production began; the build is stopped, the tag stays.
#[utoipa::path(
    post,
    path = "/releases/{id}/cancellation",
    operation_id = "cancel_release",
    tag = "releases",
    params(("id" = ReleaseId, Path)),
    request_body = Reason,
    responses((status = 201, body = Story, description = "Done")),
)]
pub async fn api_cancel(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<ReleaseId>,
    Body(reason): Body<Reason>,
) -> Result<Response, AppError> {
    setbacks::cancel(&app, &actor, id, &reason).await?;
    told(&app, &actor, id, StatusCode::CREATED).await
}

/// A tester's no to what runs in test.
#[utoipa::path(
    post,
    path = "/releases/{id}/rejection",
    operation_id = "reject_release",
    tag = "releases",
    params(("id" = ReleaseId, Path)),
    request_body = Rejecting,
    responses((status = 201, body = Story, description = "Done")),
)]
pub async fn api_reject(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<ReleaseId>,
    Body(rejecting): Body<Rejecting>,
) -> Result<Response, AppError> {
    setbacks::reject(&app, &actor, id, &rejecting).await?;
    told(&app, &actor, id, StatusCode::CREATED).await
}

/// Builds the same commit and tag again, while the registry lacks the image; where rules refused
/// the image, looks at it again.
#[utoipa::path(
    post,
    path = "/releases/{id}/builds",
    operation_id = "rebuild_release",
    tag = "releases",
    params(("id" = ReleaseId, Path)),
    responses((status = 201, body = Story, description = "Done")),
)]
pub async fn api_rebuild(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<ReleaseId>,
) -> Result<Response, AppError> {
    setbacks::rebuild(&app, &actor, id).await?;
    told(&app, &actor, id, StatusCode::CREATED).await
}

/// Takes a confirmation back while production does not stand on it.
#[utoipa::path(
    delete,
    path = "/releases/{id}/confirmation",
    operation_id = "withdraw_confirmation",
    tag = "releases",
    params(("id" = ReleaseId, Path)),
    request_body = Reason,
    responses((status = 200, body = Story, description = "As it is now")),
)]
pub async fn api_withdraw(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<ReleaseId>,
    Body(reason): Body<Reason>,
) -> Result<Response, AppError> {
    setbacks::withdraw(&app, &actor, id, &reason).await?;
    told(&app, &actor, id, StatusCode::OK).await
}

/// Breaks a deployment off; the cluster is left as it is.
#[utoipa::path(
    post,
    path = "/deployments/{id}/abort",
    operation_id = "abort_deployment",
    tag = "releases",
    params(("id" = DeploymentId, Path)),
    request_body = Reason,
    responses((status = 201, body = Aborted, description = "Done")),
)]
pub async fn api_abort(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<DeploymentId>,
    Body(reason): Body<Reason>,
) -> Result<(StatusCode, Json<Aborted>), AppError> {
    setbacks::abort(&app, &actor, id, &reason).await?;
    let state = DeploymentState::Aborted;
    let deployment = id;
    Ok((StatusCode::CREATED, Json(Aborted { deployment, state })))
}

/// A deployment that was broken off.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Aborted {
    deployment: DeploymentId,
    state: DeploymentState,
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
