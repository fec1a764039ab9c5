//! The start page: what waits for the visitor, what runs where, what was released last.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::Response;

use super::projects::topics;
use super::rows::Rows;
use super::waiting::{self, Item};
use crate::app::App;
use crate::clusters::{self, Cluster};
use crate::error::AppError;
use crate::identity::{Actor, Permission, ProjectId, Scope};
use crate::projects::{self, Project};
use crate::releases::{self, Filter, Release, Standing};
use crate::requests::{self, Request};
use crate::runs;
use crate::terminals;
use crate::web::extract::{Ctx, IsPart};
use crate::web::layout::{Chrome, Nav, page};
use crate::web::parts::{self, Tone};

/// Projects shown; the rest is a link away.
const PROJECTS: i64 = 10;
/// Releases shown.
const RELEASES: i64 = 8;

#[derive(Template)]
#[template(path = "home/home.html")]
struct HomePage {
    c: Chrome,
    part: HomePart,
}

#[derive(Template)]
#[template(path = "home/home_part.html")]
struct HomePart {
    c: Chrome,
    topics: String,
    count: i64,
    waiting: Vec<Item>,
    more_wait: bool,
    rows: Rows,
    /// Whether the rows are the visitor's own projects.
    are_mine: bool,
    may_ask: bool,
    releases: Vec<(Release, parts::State)>,
    mine: Vec<Request>,
    clusters: Vec<Cluster>,
    /// Runs that need an operator's hand.
    stuck: i64,
}

impl HtmlSafe for HomePart {}

impl HomePart {
    fn title(&self, request: &Request) -> String {
        self.c.w(&requests::web::title(request))
    }

    fn state(&self, request: &Request) -> parts::State {
        requests::web::state(&self.c, request)
    }

    fn health(&self, cluster: &Cluster) -> (Tone, String) {
        match &cluster.health {
            Some(o) if o.report.ok => (Tone::Ok, o.report.version.clone().unwrap_or_default()),
            Some(o) => (Tone::Fail, self.c.w(&o.report.words)),
            None => (Tone::Idle, self.c.t("health-unknown")),
        }
    }
}

/// `GET /`
pub async fn home(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    IsPart(is_part): IsPart,
) -> Result<Response, AppError> {
    let part = home_part(&app, &actor, &ctx).await?;
    if is_part {
        return page(&part);
    }
    page(&HomePage {
        c: part.c.clone(),
        part,
    })
}

async fn home_part(app: &App, actor: &Actor, ctx: &Ctx) -> Result<HomePart, AppError> {
    let (projects, are_mine) = shown(app, actor).await?;
    let latest = latest(app, actor).await?;
    let standings = standings(app, &projects, &latest).await?;
    let waits = waiting::all(app, actor, ctx.waiting.get().map(Vec::as_slice)).await?;
    let topics = {
        let mut topics = topics(&projects);
        topics.extend(["requests", terminals::TOPIC].map(str::to_owned));
        topics
    };
    let c = Chrome::new(ctx, Nav::Home).listening(&app.events, &topics);
    let subs = projects.iter().map(|p| sub(&c, actor, p)).collect();
    let (clusters, stuck) = platform(app, actor).await?;
    let listed = waits.requests.len();
    Ok(HomePart {
        topics: topics.join(" "),
        count: c.waiting.max(whole(listed)) + whole(waits.besides()),
        more_wait: c.waiting > whole(listed),
        waiting: waiting::items(&c, &waits),
        rows: Rows::of(&c, &projects, &standings, subs),
        are_mine,
        may_ask: projects::must_ask(actor).is_ok(),
        releases: latest
            .into_iter()
            .map(|r| told(&c, &standings, r))
            .collect(),
        mine: waiting::mine(app, actor).await?,
        clusters,
        stuck,
        c,
    })
}

/// The clusters, and how many runs need a hand, for those who look after the platform.
async fn platform(app: &App, actor: &Actor) -> Result<(Vec<Cluster>, i64), AppError> {
    if !actor.may(Permission::ViewPlatform, Scope::Platform) {
        return Ok((Vec::new(), 0));
    }
    let (stuck, _) = runs::count_stuck(app).await?;
    Ok((clusters::list(app).await?, stuck))
}

/// The visitor's own projects; for who sees all and is a member of none, the first of all.
async fn shown(app: &App, actor: &Actor) -> Result<(Vec<Project>, bool), AppError> {
    let mine = projects::mine(app, actor, PROJECTS).await?;
    if mine.is_empty() && actor.sees_all_projects() {
        return Ok((projects::first(app, PROJECTS).await?, false));
    }
    Ok((mine, true))
}

/// The last releases of all projects that the visitor may see.
async fn latest(app: &App, actor: &Actor) -> Result<Vec<Release>, AppError> {
    let filter = Filter {
        visible: (!actor.sees_all_projects()).then(|| actor.project_ids()),
        limit: RELEASES,
        ..Filter::default()
    };
    Ok(releases::list(app.db.pool(), &filter).await?)
}

/// How all projects stand that are shown or were released last.
async fn standings(
    app: &App,
    projects: &[Project],
    latest: &[Release],
) -> Result<BTreeMap<ProjectId, Standing>, AppError> {
    let shown = projects.iter().map(|p| p.id);
    let mut ids: Vec<ProjectId> = shown.chain(latest.iter().map(|r| r.project_id)).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(releases::standings(app, &ids).await?)
}

fn told(
    c: &Chrome,
    standings: &BTreeMap<ProjectId, Standing>,
    release: Release,
) -> (Release, parts::State) {
    let lanes = standings.get(&release.project_id).map(|s| &s.lanes);
    let lanes = lanes.map_or(&[][..], Vec::as_slice);
    let state = releases::web::state(c, lanes, &release);
    (release, state)
}

/// The language, and what the visitor is in the project.
fn sub(c: &Chrome, actor: &Actor, project: &Project) -> String {
    let roles = actor.memberships.get(&project.id).into_iter().flatten();
    let roles = roles.map(|r| c.t(&format!("role-{r}")));
    let words: Vec<String> = std::iter::once(project.language.clone())
        .chain(roles)
        .collect();
    words.join(" · ")
}

fn whole(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
