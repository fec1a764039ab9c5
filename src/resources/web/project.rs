//! The resources of one project: what it owns, what it uses of others.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::Table;
use crate::app::App;
use crate::error::AppError;
use crate::identity::Permission;
use crate::projects::ProjectAccess;
use crate::projects::web::{Frame, Tab};
use crate::web::extract::Ctx;
use crate::web::layout::{Chrome, Nav, page};

#[derive(Template)]
#[template(path = "resources/project.html")]
struct OfProject {
    c: Chrome,
    f: Frame,
    own: Table,
    shared: Table,
    /// Why this reader may not ask for one, and who may.
    may_not_ask: Option<String>,
}

/// `GET /projects/{key}/resources`
pub async fn of_project(
    State(app): State<App>,
    access: ProjectAccess,
    ctx: Ctx,
) -> Result<Response, AppError> {
    let project = access.project.id;
    let c = Chrome::new(&ctx, Nav::Projects);
    let all = crate::resources::of_project(&app, project).await?;
    let (own, shared) = all.into_iter().partition(|r| r.project_id == project);
    let may = access.must(Permission::FileRequest);
    page(&OfProject {
        f: Frame::new(&access.project, Tab::Resources),
        own: Table::of(&c, own),
        shared: Table::of(&c, shared),
        may_not_ask: may.err().map(|e| c.w(&e.words())),
        c,
    })
}
