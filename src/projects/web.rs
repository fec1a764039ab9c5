//! Pages of projects: the list, and asking for a new one. A project's own page shows what other
//! domains know of it, so it is not made here.

mod frame;
mod onboarding;
mod settings;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

pub use frame::{Frame, Tab};
pub use onboarding::{ask, form};
pub use settings::{save, settings};

use super::Project;
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Person, ProjectId};
use crate::web::extract::{Ctx, Query};
use crate::web::layout::{Chrome, Nav, page};
use crate::web::paging::{List, Page, link};

#[derive(Template)]
#[template(path = "projects/list.html")]
struct ListPage {
    c: Chrome,
    q: String,
    projects: List<Project>,
    owners: BTreeMap<ProjectId, Vec<Person>>,
    more: Option<String>,
    /// Why this person may not ask for a project, and who may.
    may_not_ask: Option<String>,
}

impl ListPage {
    fn owners(&self, project: &Project) -> &[Person] {
        self.owners.get(&project.id).map_or(&[], Vec::as_slice)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(default)]
    q: String,
    after: Option<String>,
}

pub async fn list(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Response, AppError> {
    let asked = Page {
        limit: None,
        after: query.after,
    };
    let projects = super::list(&app, &actor, &query.q, &asked).await?;
    let owners = super::owners(&app, &projects.items).await?;
    let more = |next: &String| link("/projects", &[("q", &query.q), ("after", next)]);
    let refused = super::must_ask(&actor).err();
    page(&ListPage {
        c: Chrome::new(&ctx, Nav::Projects),
        more: projects.next.as_ref().map(more),
        may_not_ask: refused.map(|e| ctx.locale.words(&e.words())),
        q: query.q,
        projects,
        owners,
    })
}
