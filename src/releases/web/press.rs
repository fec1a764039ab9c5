//! The buttons of a release's page. A refusal comes back on the page in words.

use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;

use super::show::{NumberPath, ShowPart};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::Permission;
use crate::projects::ProjectAccess;
use crate::releases::{self, ArtifactId, Back, Confirming, RollingBack, Started};
use crate::web::extract::{Ctx, Form, Path};
use crate::web::layout::{page, see_other};
use crate::web::problem::shown;

/// `POST /projects/{key}/releases/{n}/confirmation`
pub async fn confirm(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(path): Path<NumberPath>,
    Form(form): Form<Confirming>,
) -> Result<Response, AppError> {
    let release = releases::by_number(&app, access.project.id, path.n).await?;
    match releases::confirm(&app, &access.actor, release.id, &form).await {
        Ok(()) => Ok(see_other(&address(&access, path.n))),
        Err(error) => refused(&app, &access, &ctx, path.n, (&error, &form.note)).await,
    }
}

/// `POST /projects/{key}/releases/{n}/waiver`
pub async fn waive(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(path): Path<NumberPath>,
    Form(form): Form<Confirming>,
) -> Result<Response, AppError> {
    let release = releases::by_number(&app, access.project.id, path.n).await?;
    match releases::waive(&app, &access.actor, release.id, &form).await {
        Ok(()) => Ok(see_other(&address(&access, path.n))),
        Err(error) => refused(&app, &access, &ctx, path.n, (&error, &form.note)).await,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeployForm {
    environment: String,
}

/// `POST /projects/{key}/releases/{n}/deployments`
pub async fn deploy(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(path): Path<NumberPath>,
    Form(form): Form<DeployForm>,
) -> Result<Response, AppError> {
    let release = releases::by_number(&app, access.project.id, path.n).await?;
    match releases::deploy(&app, &access.actor, release.id, &form.environment).await {
        Ok(Started::Rollout) => Ok(see_other(&address(&access, path.n))),
        Ok(Started::Request(number)) => Ok(see_other(&format!("/requests/{number}"))),
        Err(error) => refused(&app, &access, &ctx, path.n, (&error, "")).await,
    }
}

#[derive(Deserialize)]
pub struct EnvironmentPath {
    env: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackForm {
    artifact: ArtifactId,
    /// The release on whose page the button was.
    release: i32,
    /// One cluster, or all of them.
    #[serde(default)]
    cluster: String,
    #[serde(default)]
    reason: String,
}

/// `POST /projects/{key}/environments/{env}/rollbacks`
pub async fn roll_back(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(path): Path<EnvironmentPath>,
    Form(form): Form<BackForm>,
) -> Result<Response, AppError> {
    let asked = RollingBack {
        artifact: form.artifact,
        clusters: (!form.cluster.is_empty()).then(|| vec![form.cluster.clone()]),
        reason: form.reason.clone(),
    };
    let done = match access.must(Permission::RollBack) {
        Ok(proof) => releases::roll_back(&app, &proof, &path.env, &asked).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(Back::Request(number)) => Ok(see_other(&format!("/requests/{number}"))),
        Ok(Back::Rollout(_)) => Ok(see_other(&format!("/projects/{}", access.project.key))),
        Err(error) => refused(&app, &access, &ctx, form.release, (&error, &form.reason)).await,
    }
}

pub(super) fn address(access: &ProjectAccess, number: i32) -> String {
    format!("/projects/{}/releases/{number}", access.project.key)
}

/// The page once more, with why on top and what was typed.
pub(super) async fn refused(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    number: i32,
    (error, typed): (&AppError, &str),
) -> Result<Response, AppError> {
    let why: Words = match error {
        AppError::Conflict(_) | AppError::Forbidden(_) | AppError::Unavailable(_) => error.words(),
        AppError::Invalid(fields) => match fields.first() {
            Some(first) => first.words.clone(),
            None => error.words(),
        },
        AppError::Unauthorized
        | AppError::NotFound
        | AppError::TooMany { .. }
        | AppError::TooLarge
        | AppError::Internal(_) => return Err(error.clone()),
    };
    let part = ShowPart::of(app, access, ctx, number).await?;
    let whole = part.with_refusal(&why, typed).whole();
    Ok(shown(page(&whole)?, error))
}
