//! The pages of waves: all changes of standards on their way, and one with its waves live.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State as Shared;
use axum::response::Response;

use super::{Item, ItemState, State, TOPIC, WaveRun, WaveRunId};
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::web::extract::{Ctx, IsPart, Path};
use crate::web::layout::{Chrome, Nav, page, see_other};
use crate::web::parts::{self, Tone};

#[derive(Template)]
#[template(path = "waves/list.html")]
struct ListPage {
    c: Chrome,
    part: ListPart,
}

#[derive(Template)]
#[template(path = "waves/list_part.html")]
struct ListPart {
    c: Chrome,
    runs: Vec<WaveRun>,
}

impl HtmlSafe for ListPart {}

impl ListPart {
    fn state(&self, run: &WaveRun) -> parts::State {
        state(&self.c, run)
    }

    fn title(&self, run: &WaveRun) -> String {
        title(&self.c, run)
    }
}

/// "Language java, revision 8".
fn title(c: &Chrome, run: &WaveRun) -> String {
    let layer = c.w(&run.layer.words());
    c.t2("wave-title", ("layer", &layer), ("n", &run.number))
}

fn state(c: &Chrome, run: &WaveRun) -> parts::State {
    let tone = match run.state {
        State::Rolling => Tone::Run,
        State::Stopped => Tone::Fail,
        State::Done => Tone::Ok,
        State::Replaced => Tone::Idle,
    };
    let word = c.t(&format!("wave-state-{}", run.state));
    c.state(tone, word, Some(&run.state_since))
}

/// `GET /waves`
pub async fn list(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    IsPart(is_part): IsPart,
) -> Result<Response, AppError> {
    let c = Chrome::new(&ctx, Nav::Standards).listening(&app.events, &[TOPIC.to_owned()]);
    let runs = super::list(&app, &actor, None).await?;
    let part = ListPart { c, runs };
    if is_part {
        return page(&part);
    }
    page(&ListPage {
        c: part.c.clone(),
        part,
    })
}

#[derive(Template)]
#[template(path = "waves/show.html")]
struct ShowPage {
    c: Chrome,
    title: String,
    part: ShowPart,
}

#[derive(Template)]
#[template(path = "waves/show_part.html")]
struct ShowPart {
    c: Chrome,
    run: WaveRun,
    title: String,
    layer: String,
    through: String,
    pace: String,
    state: parts::State,
    /// Workloads by wave.
    waves: Vec<Wave>,
    /// The change that it waits for, with its title.
    ahead: Option<(String, WaveRun)>,
    /// Why this person may not stop it or go on.
    shut: Option<String>,
}

impl HtmlSafe for ShowPart {}

impl ShowPart {
    fn through_of(&self, wave: &Wave) -> String {
        let all = wave.rows.len();
        self.c
            .t2("wave-through", ("through", &wave.through), ("all", &all))
    }
}

struct Wave {
    number: i32,
    through: usize,
    rows: Vec<(Item, parts::State)>,
}

impl Wave {
    /// A wave opens while it moves, or once something in it has failed.
    fn is_open(&self) -> bool {
        let moves = |s: ItemState| matches!(s, ItemState::Rolling | ItemState::Failed);
        self.rows.iter().any(|(item, _)| moves(item.state))
    }
}

/// `GET /waves/{id}`
pub async fn show(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    IsPart(is_part): IsPart,
    Path(id): Path<WaveRunId>,
) -> Result<Response, AppError> {
    let (run, items) = super::get(&app, &actor, id).await?;
    let c = Chrome::new(&ctx, Nav::Standards).listening(&app.events, &[TOPIC.to_owned()]);
    let may = actor.must(Permission::HandleRequests, Scope::Platform);
    let ahead = super::ahead_of(&app, &run).await?;
    let part = ShowPart {
        ahead: ahead.map(|older| (title(&c, &older), older)),
        title: title(&c, &run),
        layer: c.w(&run.layer.words()),
        through: c.t2(
            "wave-through",
            ("through", &run.through),
            ("all", &run.workloads),
        ),
        pace: c.t2(
            "wave-pace",
            ("size", &run.pace.size),
            ("seconds", &run.pace.pause_seconds),
        ),
        state: state(&c, &run).pill(),
        waves: by_wave(&c, items),
        shut: may.err().map(|e| c.w(&e.words())),
        run,
        c,
    };
    if is_part {
        return page(&part);
    }
    page(&ShowPage {
        c: part.c.clone(),
        title: part.title.clone(),
        part,
    })
}

fn by_wave(c: &Chrome, items: Vec<Item>) -> Vec<Wave> {
    let mut waves: Vec<Wave> = Vec::new();
    for item in items {
        let state = item_state(c, &item);
        let through = usize::from(matches!(item.state, ItemState::Done | ItemState::Kept));
        match waves.last_mut().filter(|w| w.number == item.wave) {
            Some(wave) => {
                wave.through += through;
                wave.rows.push((item, state));
            }
            None => waves.push(Wave {
                number: item.wave,
                through,
                rows: vec![(item, state)],
            }),
        }
    }
    waves
}

fn item_state(c: &Chrome, item: &Item) -> parts::State {
    let tone = match item.state {
        ItemState::Waiting => Tone::Wait,
        ItemState::Rolling => Tone::Run,
        ItemState::Done => Tone::Ok,
        ItemState::Failed => Tone::Fail,
        ItemState::Kept => Tone::Idle,
    };
    let word = c.t(&format!("wave-item-{}", item.state));
    c.state(tone, word, item.at.as_ref())
}

/// `POST /waves/{id}/resumption`
pub async fn resume(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<WaveRunId>,
) -> Result<Response, AppError> {
    super::resume(&app, &actor, id).await?;
    Ok(see_other(&format!("/waves/{id}")))
}

/// `POST /waves/{id}/stop`
pub async fn stop(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<WaveRunId>,
) -> Result<Response, AppError> {
    super::stop(&app, &actor, id).await?;
    Ok(see_other(&format!("/waves/{id}")))
}
