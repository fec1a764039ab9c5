//! A project's settings: what its owners and operations may change, and what it is bound to.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::{Frame, Tab};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Permission;
use crate::projects::{self, Changing, Project, ProjectAccess};
use crate::web::extract::{Ctx, Form, Query};
use crate::web::layout::{Chrome, Nav, page, see_other};

#[derive(Template)]
#[template(path = "projects/settings.html")]
struct SettingsPage {
    c: Chrome,
    f: Frame,
    project: Project,
    /// Why this person may only read.
    shut: Option<String>,
    saved: bool,
    /// Whether this person may give the project's programs tokens.
    programs: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    #[serde(default)]
    saved: bool,
}

/// `GET /projects/{key}/settings`
pub async fn settings(
    access: ProjectAccess,
    ctx: Ctx,
    Query(shown): Query<Shown>,
) -> Result<Response, AppError> {
    let c = Chrome::new(&ctx, Nav::Projects);
    let refused = access.must(Permission::EditProject).err();
    page(&SettingsPage {
        f: Frame::new(&access.project, Tab::Settings),
        shut: refused.map(|e| c.w(&e.words())),
        programs: access.may(Permission::ManageProjectTokens),
        project: access.project,
        saved: shown.saved,
        c,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typed {
    may_confirm_own: String,
}

/// `POST /projects/{key}/settings`
pub async fn save(
    State(app): State<App>,
    access: ProjectAccess,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let proof = access.must(Permission::EditProject)?;
    let wrong = |_| AppError::field("may_confirm_own", "query-wrong");
    let changing = Changing {
        may_confirm_own: Some(typed.may_confirm_own.parse().map_err(wrong)?),
    };
    let project = projects::change(&app, &proof, &changing).await?;
    let here = format!("/projects/{}/settings?saved=true", project.key);
    Ok(see_other(&here))
}
