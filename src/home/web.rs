//! The start page: what waits for the visitor, their projects, what they asked for.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::Actor;
use crate::projects::{self, Project};
use crate::requests::{self, Narrowed, Request, State as RequestState, View};
use crate::web::extract::{Ctx, IsPart};
use crate::web::layout::{Chrome, Nav, page};
use crate::web::paging::Page;
use crate::web::parts;

/// Lines of each list; the rest is a link away.
const SHOWN: i64 = 10;

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
    count: i64,
    waiting: Vec<Request>,
    more_wait: bool,
    projects: Vec<Project>,
    /// Operations see projects that they are no member of.
    sees_all: bool,
    may_ask: bool,
    mine: Vec<Request>,
    roles: Vec<String>,
}

impl HtmlSafe for HomePart {}

impl HomePart {
    fn title(&self, request: &Request) -> String {
        self.c.w(&requests::web::title(request))
    }

    fn state(&self, request: &Request) -> parts::State {
        requests::web::state(&self.c, request)
    }

    fn asked(&self, request: &Request) -> String {
        let words = Words::new("home-asked-by").with("who", &request.author.display_name);
        self.c.w(&words)
    }

    fn roles(&self, index: &usize) -> &str {
        self.roles.get(*index).map_or("", String::as_str)
    }
}

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
    let listed = async |view, state| {
        let narrowed = Narrowed {
            view: Some(view),
            state,
            page: Page {
                limit: Some(SHOWN),
                after: None,
            },
        };
        requests::list(app, actor, &narrowed).await.map(|l| l.items)
    };
    let waiting = listed(View::Me, None).await?;
    let mine = listed(View::Mine, Some(RequestState::Open)).await?;
    let projects = projects::mine(app, actor, SHOWN).await?;
    let counted = i64::try_from(waiting.len()).unwrap_or(SHOWN);
    let topics = ["requests".to_owned(), "projects".to_owned()];
    let c = Chrome::new(ctx, Nav::Home).listening(&app.events, &topics);
    Ok(HomePart {
        count: c.waiting.max(counted),
        more_wait: c.waiting > counted,
        roles: projects.iter().map(|p| roles(&c, actor, p)).collect(),
        sees_all: actor.sees_all_projects(),
        may_ask: projects::must_ask(actor).is_ok(),
        waiting,
        projects,
        mine,
        c,
    })
}

fn roles(c: &Chrome, actor: &Actor, project: &Project) -> String {
    let roles = actor.memberships.get(&project.id).into_iter().flatten();
    let words: Vec<String> = roles.map(|r| c.t(&format!("role-{r}"))).collect();
    words.join(" · ")
}
