//! The list of projects, with what runs where.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::resources::{Elsewhere, elsewhere};
use super::rows::Rows;
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::projects::{self, Project};
use crate::releases;
use crate::resources::web::Table;
use crate::resources::{self, Wanted};
use crate::web::extract::{Ctx, IsPart, Query};
use crate::web::layout::{Chrome, Nav, page};
use crate::web::paging::{Page, link};

/// Resources that a search for projects shows; the rest is a link away.
const FOUND_BESIDE: i64 = 10;

#[derive(Template)]
#[template(path = "projects/list.html")]
struct ListPage {
    c: Chrome,
    q: String,
    /// Why this person may not ask for a project, and who may.
    may_not_ask: Option<String>,
    part: ListPart,
    /// What the search finds besides projects: most who search for an address do so here.
    resources: Option<Table>,
    elsewhere: Vec<Elsewhere>,
    /// The same search among resources.
    all: String,
}

#[derive(Template)]
#[template(path = "projects/list_part.html")]
struct ListPart {
    c: Chrome,
    q: String,
    here: String,
    /// What the page listens to.
    topics: String,
    rows: Rows,
    more: Option<String>,
    /// Whether these are those that were off-boarded; who sees all projects finds them.
    left: bool,
    sees_left: bool,
    /// Why this person may not ask for a project, and who may.
    may_not_ask: Option<String>,
}

impl HtmlSafe for ListPart {}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(default)]
    q: String,
    /// Those that were off-boarded, instead of those that are there.
    #[serde(default)]
    left: bool,
    after: Option<String>,
}

/// `GET /projects`
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    IsPart(is_part): IsPart,
    Query(query): Query<ListQuery>,
) -> Result<Response, AppError> {
    let part = list_part(&app, &actor, &ctx, query).await?;
    if is_part {
        return page(&part);
    }
    let (resources, elsewhere) = beside(&app, &actor, &part).await?;
    page(&ListPage {
        c: part.c.clone(),
        q: part.q.clone(),
        may_not_ask: part.may_not_ask.clone(),
        all: link("/resources", &[("q", &part.q)]),
        part,
        resources,
        elsewhere,
    })
}

/// Resources and systems of a search; the list without a search is of projects alone.
async fn beside(
    app: &App,
    actor: &Actor,
    part: &ListPart,
) -> Result<(Option<Table>, Vec<Elsewhere>), AppError> {
    if part.q.trim().is_empty() {
        return Ok((None, Vec::new()));
    }
    let wanted = Wanted {
        q: part.q.clone(),
        limit: Some(FOUND_BESIDE),
        ..Wanted::default()
    };
    let found = resources::list(app, actor, &wanted).await?;
    let elsewhere = match wanted.place() {
        Some(place) => elsewhere(app, actor, &place).await?,
        None => Vec::new(),
    };
    let table = Table::of(&part.c, found.items);
    Ok(((!table.is_empty()).then_some(table), elsewhere))
}

async fn list_part(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    query: ListQuery,
) -> Result<ListPart, AppError> {
    let left = if query.left { "true" } else { "" };
    let address = |after: &str| {
        link(
            "/projects",
            &[("q", &query.q), ("left", left), ("after", after)],
        )
    };
    let here = address(query.after.as_deref().unwrap_or_default());
    let asked = Page {
        limit: None,
        after: query.after.clone(),
    };
    let found = projects::list(app, actor, &query.q, query.left, &asked).await?;
    let owners = projects::owners(app, &found.items).await?;
    let ids: Vec<_> = found.items.iter().map(|p| p.id).collect();
    let standings = releases::standings(app, &ids).await?;
    let topics = topics(&found.items);
    let c = Chrome::new(ctx, Nav::Projects).listening(&app.events, &topics);
    let subs = found.items.iter().map(sub).collect();
    Ok(ListPart {
        rows: Rows::of(&c, &found.items, &standings, subs).with_owners(&found.items, &owners),
        more: found.next.as_deref().map(address),
        may_not_ask: projects::must_ask(actor).err().map(|e| c.w(&e.words())),
        topics: topics.join(" "),
        here,
        q: query.q,
        left: query.left,
        sees_left: actor.sees_all_projects(),
        c,
    })
}

/// The topics of a list of projects: each one's own, and that the list itself changed.
#[must_use]
pub fn topics(projects: &[Project]) -> Vec<String> {
    let each = projects.iter().map(|p| projects::topic(p.id));
    std::iter::once("projects".to_owned()).chain(each).collect()
}

fn sub(project: &Project) -> String {
    if project.description.is_empty() {
        project.language.clone()
    } else {
        format!("{} · {}", project.language, project.description)
    }
}
