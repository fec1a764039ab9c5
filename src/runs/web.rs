//! The pages of runs: the list, one run's story, and what operators press there.

mod story;
mod words;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;

use super::{Run, STUCK, Wanted, Wish};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::jobs::{self, RunId, RunState, StepId};
use crate::web::extract::{Ctx, Form, IsPart, Path, Query};
use crate::web::form::shown_by_form;
use crate::web::layout::{Chrome, Nav, page, see_other};
use crate::web::paging::{List, link};
use crate::web::parts;
use crate::web::problem::shown;
use story::StoryPart;

/// Lines of those in trouble that stand above everything else.
const TROUBLED: i64 = 10;

#[derive(Template)]
#[template(path = "runs/list.html")]
struct ListPage {
    c: Chrome,
    part: ListPart,
}

#[derive(Template)]
#[template(path = "runs/list_part.html")]
struct ListPart {
    c: Chrome,
    here: String,
    wanted: Wanted,
    lanes: Vec<(String, String)>,
    /// What needs a hand, on the first page of a list that is not narrowed.
    stuck: Option<Table>,
    more_stuck: bool,
    table: Table,
    older: Option<String>,
}

/// Rows of runs.
#[derive(Template)]
#[template(path = "runs/table_part.html")]
struct Table {
    c: Chrome,
    runs: Vec<Run>,
}

impl HtmlSafe for ListPart {}
impl HtmlSafe for Table {}

impl ListPart {
    fn is_state(&self, state: &str) -> bool {
        self.wanted.state == state
    }

    fn is_lane(&self, lane: &str) -> bool {
        self.wanted.lane == lane
    }
}

impl Table {
    fn title(&self, run: &Run) -> String {
        self.c.w(&words::title(run))
    }

    fn state(&self, run: &Run) -> parts::State {
        words::state(&self.c, run)
    }

    /// The step at which it stands; how long it took once everything went well.
    fn step(&self, run: &Run) -> Option<String> {
        if let (RunState::Done, Some(end)) = (run.state, run.ended_at) {
            let took = self.c.lasted(&run.created_at, &end);
            return Some(self.c.t1("run-took-so-long", "time", &took));
        }
        run.now().map(|s| words::step_name(&self.c, &s.name))
    }

    /// A release's run has it in its title.
    fn tag<'a>(&self, run: &'a Run) -> Option<&'a str> {
        let tag = run.about.tag.as_deref();
        tag.filter(|_| run.kind != "release")
    }

    fn says(&self, run: &Run) -> Option<String> {
        words::says(run).map(|w| self.c.w(w))
    }
}

pub async fn list(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    IsPart(is_part): IsPart,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let part = list_part(&app, &actor, &ctx, wanted).await?;
    if is_part {
        return page(&part);
    }
    page(&ListPage {
        c: part.c.clone(),
        part,
    })
}

async fn list_part(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    wanted: Wanted,
) -> Result<ListPart, AppError> {
    let c = Chrome::new(ctx, Nav::Runs).listening(&app.events, &[jobs::TOPIC.to_owned()]);
    let runs = super::list(app, actor, &wanted).await?;
    let is_first = wanted.is_all() && wanted.after.is_none();
    let stuck = if is_first {
        troubled(app, actor).await?
    } else {
        List::cut(Vec::new(), TROUBLED, |_| String::new())
    };
    let address = |after: &str| {
        let pairs = [
            ("state", wanted.state.as_str()),
            ("lane", &wanted.lane),
            ("name", &wanted.name),
            ("project", &wanted.project),
            ("after", after),
        ];
        link("/runs", &pairs)
    };
    let table = |runs| Table { c: c.clone(), runs };
    Ok(ListPart {
        here: address(wanted.after.as_deref().unwrap_or_default()),
        older: runs.next.as_deref().map(address),
        lanes: super::lanes(app).await?,
        more_stuck: stuck.next.is_some(),
        stuck: (!stuck.items.is_empty()).then(|| table(stuck.items)),
        table: table(runs.items),
        wanted,
        c,
    })
}

async fn troubled(app: &App, actor: &Actor) -> Result<List<Run>, AppError> {
    let wanted = Wanted {
        state: STUCK.to_owned(),
        limit: Some(TROUBLED),
        ..Wanted::default()
    };
    super::list(app, actor, &wanted).await
}

#[derive(Template)]
#[template(path = "runs/run.html")]
struct RunPage {
    c: Chrome,
    part: StoryPart,
}

pub async fn run(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    IsPart(is_part): IsPart,
    Path(id): Path<RunId>,
) -> Result<Response, AppError> {
    let part = StoryPart::of(&app, &actor, &ctx, id).await?;
    if is_part {
        return page(&part);
    }
    page(&whole(part))
}

fn whole(part: StoryPart) -> RunPage {
    RunPage {
        c: part.c.clone(),
        part,
    }
}

/// A press of a button on the run's page, which is shown again with what was refused.
async fn press(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    step: StepId,
    wish: &Wish,
) -> Result<Response, AppError> {
    let run = super::run_of(app, actor, step).await?;
    let Err(error) = super::operate(app, actor, step, wish).await else {
        return Ok(see_other(&format!("/runs/{run}")));
    };
    let (errors, sentence) = shown_by_form(&error, "")?;
    let part = StoryPart::of(app, actor, ctx, run).await?;
    let typed = match wish {
        Wish::Abandon { reason } => reason.as_str(),
        Wish::Retry | Wish::LookNow => "",
    };
    let part = part.with_refusal(typed, &errors, sentence.as_ref());
    Ok(shown(page(&whole(part))?, &error))
}

pub async fn retry(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(step): Path<StepId>,
) -> Result<Response, AppError> {
    press(&app, &actor, &ctx, step, &Wish::Retry).await
}

pub async fn look_now(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(step): Path<StepId>,
) -> Result<Response, AppError> {
    press(&app, &actor, &ctx, step, &Wish::LookNow).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbandonForm {
    #[serde(default)]
    reason: String,
}

pub async fn abandon(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(step): Path<StepId>,
    Form(form): Form<AbandonForm>,
) -> Result<Response, AppError> {
    let wish = Wish::Abandon {
        reason: form.reason,
    };
    press(&app, &actor, &ctx, step, &wish).await
}
