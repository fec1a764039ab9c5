//! The pages of terminals: asking for one, being in one, and what others showed.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::files::{Direction, Moved, Outcome};
use super::recording::Mark as Told;
use super::{Ending, Opening, Terminal, TerminalId, Wanted, files, open};
use crate::app::App;
use crate::clusters::Tier;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::parse::some;
use crate::web::extract::{Ctx, Form, Path, Query};
use crate::web::form::Summary;
use crate::web::layout::{Chrome, Nav, page, see_other};
use crate::web::marks as sizes;
use crate::web::paging::{List, link};
use crate::web::parts::{State as Mark, Tone};
use crate::web::problem::shown;
use crate::workloads::{self, Workload, WorkloadId};

/// What the page of a terminal says as things happen.
const SAID: &[&str] = &[
    "terminal-says-starting",
    "terminal-says-debug-starting",
    "terminal-says-lost",
    "terminal-says-lost-long",
    "terminal-says-away",
    "terminal-says-minutes",
    "terminal-says-seconds",
    "terminal-says-refused",
    "terminal-says-replaced",
    "terminal-says-not-taken",
    "terminal-says-skipped",
    "terminal-says-idle-soon",
    "terminal-says-left",
    "terminal-says-paste",
    "terminal-says-paste-line",
    "terminal-says-paste-text",
    "terminal-says-paste-controls",
    "terminal-says-paste-more",
    "terminal-says-paste-refused",
    "terminal-says-paste-nothing",
    "terminal-says-copied",
    "terminal-says-copied-screen",
    "terminal-says-copied-not",
    "terminal-says-size",
    "terminal-says-alone",
    "terminal-says-invited",
    "terminal-says-watches",
    "terminal-says-types",
    "terminal-says-you-watch",
    "terminal-says-you-type",
    "terminal-says-dismissed",
    "terminal-says-file-coming",
    "terminal-says-file-came",
    "terminal-says-file-there",
    "terminal-says-file-broke",
];

#[derive(Template)]
#[template(path = "terminals/new.html")]
struct NewPage {
    c: Chrome,
    workload: Workload,
    pod: String,
    /// Empty for the workload's own.
    container: String,
    reason: String,
    /// Empty where no debug container is asked for.
    debug_image: String,
    /// What one may be made of.
    images: Vec<String>,
    summary: Option<Summary>,
    /// How long, and how many.
    limits: String,
}

#[derive(Template)]
#[template(path = "terminals/show.html")]
struct TerminalPage {
    c: Chrome,
    terminal: Terminal,
    /// Somebody else's, which this person was let into.
    as_guest: bool,
    /// What a debug container may be made of.
    images: Vec<String>,
    /// Whether files go in and out here, and how many MiB the biggest may have.
    may_move: bool,
    most: u64,
    /// All that this person has open, this one too.
    open: Vec<Terminal>,
    /// Texts by their codes, and endings by theirs, as JSON.
    words: String,
    endings: String,
}

#[derive(Template)]
#[template(path = "terminals/recordings.html")]
struct ListPage {
    c: Chrome,
    wanted: Wanted,
    rows: List<Terminal>,
    older: Option<String>,
}

#[derive(Template)]
#[template(path = "terminals/recording.html")]
struct RecordingPage {
    c: Chrome,
    terminal: Terminal,
    state: Mark,
    /// What its marks say, by their codes, as JSON.
    marks: String,
    /// How long recordings are kept, where this one was longer ago.
    gone: Option<i32>,
    /// What was moved through it.
    files: Vec<Moved>,
    /// Whether this person was let into it, and may go there.
    is_guest: bool,
    /// Whether this person may open another one there.
    may_open: bool,
    /// What a debug container may be made of.
    images: Vec<String>,
}

impl NewPage {
    fn is_production(&self) -> bool {
        self.workload.tier == Tier::Production
    }
}

impl ListPage {
    fn state(&self, terminal: &Terminal) -> Mark {
        state(&self.c, terminal)
    }

    fn lasted(&self, terminal: &Terminal) -> String {
        lasted(&self.c, terminal)
    }
}

impl RecordingPage {
    fn lasted(&self) -> String {
        lasted(&self.c, &self.terminal)
    }

    const fn way(&self, file: &Moved) -> &'static str {
        match file.direction {
            Direction::In => "recording-file-way-in",
            Direction::Out => "recording-file-way-out",
        }
    }

    fn size(&self, file: &Moved) -> String {
        sizes::bytes(file.bytes)
    }

    fn came_of(&self, file: &Moved) -> Mark {
        let Some(outcome) = file.outcome else {
            let word = self.c.t("recording-file-under-way");
            return self.c.state(Tone::Idle, word, None);
        };
        let tone = match outcome {
            Outcome::Done => Tone::Ok,
            Outcome::Refused | Outcome::BrokenOff => Tone::Hold,
            Outcome::Failed => Tone::Fail,
        };
        let word = self.c.t(&format!("recording-file-outcome-{outcome}"));
        self.c.state(tone, word, None)
    }

    fn offers_debug(&self) -> bool {
        self.may_open && self.terminal.ending == Some(Ending::NoShell)
    }

    fn new_one(&self) -> String {
        address(&self.terminal)
    }
}

/// Where another terminal in the same container is asked for.
fn address(terminal: &Terminal) -> String {
    let workload = terminal.workload.to_string();
    let pairs = [("workload", workload.as_str()), ("pod", &terminal.pod)];
    link("/terminals/new", &pairs)
}

fn lasted(c: &Chrome, terminal: &Terminal) -> String {
    let end = terminal.ended_at.unwrap_or(c.now);
    c.lasted(&terminal.opened_at, &end)
}

fn state(c: &Chrome, terminal: &Terminal) -> Mark {
    let Some(ending) = terminal.ending else {
        return c.state(Tone::Run, c.t("terminal-open"), None);
    };
    let word = c.t(&format!("ending-{ending}"));
    c.state(tone(ending, terminal.exit_code), word, None)
}

const fn tone(ending: Ending, exit_code: Option<i32>) -> Tone {
    match (ending, exit_code) {
        (Ending::Exited | Ending::Closed, _) => Tone::Ok,
        (Ending::Unused | Ending::Idle | Ending::Abandoned | Ending::TooLong, _) => Tone::Idle,
        (Ending::SignedOut | Ending::RightLost | Ending::PortalStopped, _) => Tone::Hold,
        (
            Ending::Killed
            | Ending::NoShell
            | Ending::Gone
            | Ending::PodReplaced
            | Ending::Unreachable
            | Ending::Failed
            | Ending::Lost
            | Ending::RightUnknown
            | Ending::NoRecorder
            | Ending::PortalLost
            | Ending::DebugNoImage
            | Ending::DebugNotStarted
            | Ending::DebugRefused,
            _,
        ) => Tone::Fail,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    workload: WorkloadId,
    pod: String,
    #[serde(default)]
    container: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    debug_image: String,
}

/// `GET /terminals/new?workload=…&pod=…`
pub async fn new(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    page(&new_page(&app, &actor, &ctx, asked).await?)
}

async fn new_page(app: &App, actor: &Actor, ctx: &Ctx, asked: Asked) -> Result<NewPage, AppError> {
    let workload = workloads::get(app, asked.workload).await?;
    let workload = workload.ok_or(AppError::NotFound)?;
    let scope = Scope::Project(workload.project_id);
    if !actor.may(Permission::ViewProject, scope) {
        return Err(AppError::NotFound);
    }
    open::must_open(app, actor, &workload).await?;
    let c = Chrome::new(ctx, Nav::Projects);
    let settings = &app.settings.terminals;
    Ok(NewPage {
        limits: c.w(&open::limits(app, actor).await?),
        c,
        workload,
        pod: asked.pod,
        container: asked.container,
        reason: asked.reason,
        debug_image: asked.debug_image,
        images: settings.debug_images.clone(),
        summary: None,
    })
}

/// `POST /terminals`
pub async fn create(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Form(asked): Form<Asked>,
) -> Result<Response, AppError> {
    let opening = Opening {
        workload: asked.workload,
        pod: asked.pod.clone(),
        container: some(&asked.container),
        debug_image: some(&asked.debug_image),
        reason: asked.reason.clone(),
    };
    // The page takes a pass of its own, so that none is ever in a page.
    let error = match super::open(&app, &actor, &opening).await {
        Ok(way) => return Ok(see_other(&format!("/terminals/{}", way.terminal.id))),
        Err(error) => error,
    };
    let words = match &error {
        AppError::Invalid(fields) => fields.first().map(|f| f.words.clone()),
        AppError::Conflict(words) | AppError::Unavailable(words) => Some(words.clone()),
        AppError::Unauthorized
        | AppError::NotFound
        | AppError::Forbidden(_)
        | AppError::TooMany { .. }
        | AppError::TooLarge
        | AppError::Internal(_) => None,
    };
    let words = words.ok_or_else(|| error.clone())?;
    let mut again = new_page(&app, &actor, &ctx, asked).await?;
    again.summary = Some(Summary::sentence(&again.c, &words));
    Ok(shown(page(&again)?, &error))
}

/// `GET /terminals/{id}`: one's own, or one that one was let into, while it is open; else what it
/// showed.
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<TerminalId>,
) -> Result<Response, AppError> {
    let terminal = super::get(&app, &actor, id).await?;
    let as_guest = terminal.is_guest(&actor);
    if terminal.ended_at.is_some() || (terminal.account_id != actor.id && !as_guest) {
        return Ok(see_other(&format!("/recordings/{id}")));
    }
    let mine = Wanted {
        user: actor.name.clone(),
        state: "open".to_owned(),
        ..Wanted::default()
    };
    let mut open = super::list(&app, &actor, &mine).await?.items;
    open.reverse();
    if as_guest {
        open.push(terminal.clone());
    }
    let c = Chrome::new(&ctx, Nav::Nowhere);
    let texts: BTreeMap<_, _> = SAID.iter().map(|code| (*code, c.t(code))).collect();
    let over = |ending: &Ending| Words::new("terminal-over").with("ending", ending);
    let endings = Ending::ALL.iter().map(|e| (e.as_str(), c.w(&over(e))));
    let endings: BTreeMap<_, _> = endings.collect();
    page(&TerminalPage {
        images: app.settings.terminals.debug_images.clone(),
        may_move: !as_guest && actor.may(files::right(terminal.tier), terminal.scope()),
        most: app.settings.terminals.file_bytes / (1024 * 1024),
        words: serde_json::to_string(&texts).unwrap_or_default(),
        endings: serde_json::to_string(&endings).unwrap_or_default(),
        c,
        terminal,
        as_guest,
        open,
    })
}

/// `POST /terminals/{id}/end`
pub async fn end(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<TerminalId>,
) -> Result<Response, AppError> {
    super::close(&app, &actor, id).await?;
    Ok(see_other(&format!("/recordings/{id}")))
}

/// `GET /recordings`
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let rows = super::list(&app, &actor, &wanted).await?;
    let older = |next: &String| {
        let mut pairs = wanted.pairs().to_vec();
        pairs.push(("after", next));
        link("/recordings", &pairs)
    };
    let topic = super::TOPIC.to_owned();
    page(&ListPage {
        c: Chrome::new(&ctx, Nav::Recordings).listening(&app.events, &[topic]),
        older: rows.next.as_ref().map(older),
        wanted,
        rows,
    })
}

/// `GET /recordings/{id}`
pub async fn recording(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<TerminalId>,
) -> Result<Response, AppError> {
    let terminal = super::get(&app, &actor, id).await?;
    let c = Chrome::new(&ctx, Nav::Recordings);
    page(&RecordingPage {
        state: state(&c, &terminal).pill(),
        gone: gone(&app, &terminal),
        marks: marks(&c),
        files: files::list(&app, &actor, id).await?,
        is_guest: terminal.is_guest(&actor),
        may_open: actor.may(terminal.right(), terminal.scope()),
        images: app.settings.terminals.debug_images.clone(),
        c,
        terminal,
    })
}

fn gone(app: &App, terminal: &Terminal) -> Option<i32> {
    let days = app.settings.terminals.recording_days?;
    let kept = jiff::SignedDuration::from_hours(24 * i64::from(days));
    let was_kept = terminal.started_at.is_some() && terminal.recorded_ms.is_none();
    let is_old = terminal.opened_at + kept < crate::clock::now();
    (was_kept && is_old).then_some(days)
}

fn marks(c: &Chrome) -> String {
    let told = Told::ALL
        .iter()
        .map(|mark| mark.as_str())
        .chain(["omitted"]);
    let told = told.map(|code| (code, c.t(&format!("replay-mark-{code}"))));
    let over = Ending::ALL.iter().map(|ending| ending.as_str());
    let over = over.map(|code| (code, c.t(&format!("ending-{code}"))));
    let all: BTreeMap<_, _> = told.chain(over).collect();
    serde_json::to_string(&all).unwrap_or_default()
}
