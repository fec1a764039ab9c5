//! A project's releases as a table, on a page of its own and on the overview.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;

use super::words;
use crate::app::App;
use crate::error::AppError;
use crate::identity::Permission;
use crate::projects::web::{Frame, Tab};
use crate::projects::{self, Project, ProjectAccess};
use crate::releases::{self, Lane, Release, ReleaseId, State};
use crate::web::extract::{Ctx, IsPart, Query};
use crate::web::layout::{Chrome, Nav, page};
use crate::web::marks::short_commit;
use crate::web::paging::{Page, link};
use crate::web::parts;

#[derive(Template)]
#[template(path = "releases/history.html")]
struct HistoryPage {
    c: Chrome,
    f: Frame,
    part: HistoryPart,
}

#[derive(Template)]
#[template(path = "releases/history_part.html")]
struct HistoryPart {
    c: Chrome,
    f: Frame,
    topic: String,
    here: String,
    state: Option<State>,
    may_open: bool,
    may_import: bool,
    table: Table,
    older: Option<String>,
}

/// Rows of releases.
#[derive(Template)]
#[template(path = "releases/table_part.html")]
pub struct Table {
    c: Chrome,
    key: String,
    rows: Vec<Row>,
}

struct Row {
    release: Release,
    commit: String,
    mark: Option<String>,
    state: parts::State,
    failure: Option<String>,
    places: Vec<String>,
}

impl HtmlSafe for HistoryPart {}

impl HistoryPart {
    fn shows(&self, state: &State) -> bool {
        self.state == Some(*state)
    }
}

impl HtmlSafe for Table {}

impl Table {
    #[must_use]
    pub fn of(c: &Chrome, key: &str, lanes: &[Lane], releases: Vec<Release>) -> Self {
        let row = |release: Release| Row {
            commit: short_commit(&release.commit).to_owned(),
            mark: words::mark_of(c, &release),
            state: words::state(c, lanes, &release),
            failure: words::why(c, &release),
            places: words::places(lanes, &release),
            release,
        };
        Self {
            c: c.clone(),
            key: key.to_owned(),
            rows: releases.into_iter().map(row).collect(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Row {
    fn title(&self) -> &str {
        words::title(&self.release)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryQuery {
    state: Option<String>,
    limit: Option<i64>,
    after: Option<String>,
}

impl HistoryQuery {
    /// The filter; "any" is what the form sends for none.
    fn state(&self) -> Result<Option<State>, AppError> {
        let text = self.state.as_deref().filter(|s| !s.is_empty());
        let wrong = || AppError::field("state", "query-wrong");
        text.map(|s| State::ALL.iter().find(|k| k.as_str() == s).copied())
            .map(|found| found.ok_or_else(wrong))
            .transpose()
    }

    fn after(&self) -> Result<Option<ReleaseId>, AppError> {
        let wrong = |_| AppError::field("after", "query-wrong");
        let text = self.after.as_deref().filter(|a| !a.is_empty());
        text.map(|a| a.parse().map(ReleaseId).map_err(wrong))
            .transpose()
    }
}

/// `GET /projects/{key}/releases`
pub async fn history(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    IsPart(is_part): IsPart,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, AppError> {
    let part = history_part(&app, &access, &ctx, &query).await?;
    if is_part {
        return page(&part);
    }
    page(&HistoryPage {
        c: part.c.clone(),
        f: part.f.clone(),
        part,
    })
}

async fn history_part(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    query: &HistoryQuery,
) -> Result<HistoryPart, AppError> {
    let project: &Project = &access.project;
    let (state, after) = (query.state()?, query.after()?);
    let wanted = Page {
        limit: query.limit,
        after: None,
    };
    let found = releases::page(app, project.id, state, after, wanted.limit()?).await?;
    let lanes = releases::lanes(app, project.id).await?;
    let topic = projects::topic(project.id);
    let c = Chrome::new(ctx, Nav::Projects).listening(&app.events, std::slice::from_ref(&topic));
    let path = format!("/projects/{}/releases", project.key);
    let address = |after: &str| {
        let state = state.map_or("", State::as_str);
        link(&path, &[("state", state), ("after", after)])
    };
    Ok(HistoryPart {
        here: address(query.after.as_deref().unwrap_or_default()),
        older: found.next.as_deref().map(address),
        table: Table::of(&c, &project.key, &lanes, found.items),
        f: Frame::new(project, Tab::Releases),
        topic,
        state,
        may_open: access.may(Permission::OpenRelease),
        may_import: access.may(Permission::ImportImages),
        c,
    })
}
