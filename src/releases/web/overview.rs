//! What releases add to a project's overview: what runs now, the next step, the last releases.

use askama::Template;
use askama::filters::HtmlSafe;

use super::list::Table;
use super::waves::count;
use super::words::{deployment_tone, mark, title};
use crate::app::App;
use crate::clusters::Tier;
use crate::error::{AppError, Words};
use crate::identity::Permission;
use crate::projects::ProjectAccess;
use crate::releases::tale::seen;
use crate::releases::{self, DeploymentState, Lane, Ran, Release, State};
use crate::web::layout::Chrome;
use crate::web::marks::{Chip, Count, Pips, short_digest};
use crate::web::parts;
use crate::web::parts::Tone;

/// Releases that the overview shows.
const SHOWN: i64 = 5;

#[derive(Template)]
#[template(path = "projects/runs_now_part.html")]
pub struct RunsNow {
    c: Chrome,
    key: String,
    next: Option<NextStep>,
    lanes: Vec<LaneView>,
    /// How the lanes stand: with the gate between test and production, or side by side.
    shape: &'static str,
    /// Why this person may not ask for containers, and who may.
    may_not_request: Option<String>,
}

#[derive(Template)]
#[template(path = "projects/releases_part.html")]
pub struct LastReleases {
    c: Chrome,
    key: String,
    table: Table,
    may_open: bool,
    /// The new release is the page's one primary button where nothing else is to be done.
    primary: bool,
}

impl HtmlSafe for RunsNow {}
impl HtmlSafe for LastReleases {}

/// What the project's newest release waits for, with its one button.
pub struct NextStep {
    title: String,
    said: String,
    button: String,
    href: String,
    /// Cluster, what runs there, what would.
    changes: Vec<(String, String, String)>,
    /// The commits that it brings, and what becomes of the parameters.
    commits: String,
    parameters: Vec<String>,
}

struct LaneView {
    id: String,
    environment: String,
    place: String,
    /// The gate stands before the first lane of production.
    gate: bool,
    state: parts::State,
    runs: Option<Ran>,
    /// The tag that is on its way here, where another runs.
    coming: Option<String>,
    mark: Option<String>,
    chip: Option<Chip>,
    pips: Pips,
    ready: String,
    scaling: String,
    /// What is said where the portal has deployed nothing.
    nothing: String,
}

/// Both parts, in two statements.
///
/// # Errors
/// No answer from the database.
pub async fn parts(
    app: &App,
    c: &Chrome,
    access: &ProjectAccess,
) -> Result<(RunsNow, LastReleases), AppError> {
    let project = &access.project;
    let lanes = releases::lanes(app, project.id).await?;
    let last = releases::page(app, project.id, None, None, SHOWN).await?;
    let next = leading(&last.items).and_then(|r| next(c, access, &lanes, r));
    let may_open = access.may(Permission::OpenRelease);
    let releases = LastReleases {
        c: c.clone(),
        key: project.key.clone(),
        table: Table::of(c, &project.key, &lanes, last.items),
        may_open,
        primary: next.is_none() && !lanes.is_empty(),
    };
    let refused = access.must(Permission::FileRequest).err();
    let runs = RunsNow {
        c: c.clone(),
        key: project.key.clone(),
        next,
        shape: shape(&lanes),
        lanes: views(c, &lanes),
        may_not_request: refused.map(|e| c.w(&e.words())),
    };
    Ok((runs, releases))
}

/// One lane of test before one or two of production stand in the picture's grid.
fn shape(lanes: &[Lane]) -> &'static str {
    let test = lanes.iter().filter(|l| l.tier == Tier::Test).count();
    match (test, lanes.len() - test) {
        (1, 2) => "",
        (1, 1) => " lanes-pair",
        _ => " lanes-many",
    }
}

fn views(c: &Chrome, lanes: &[Lane]) -> Vec<LaneView> {
    let first = lanes.iter().position(|l| l.tier == Tier::Production);
    let gated = first.filter(|at| *at > 0 && shape(lanes) != " lanes-many");
    let view = |(at, lane): (usize, &Lane)| view(c, at, lane, gated == Some(at));
    lanes.iter().enumerate().map(view).collect()
}

fn view(c: &Chrome, at: usize, lane: &Lane, gate: bool) -> LaneView {
    let place = match lane.component.as_str() {
        "main" => format!("{} · {}", lane.site, lane.cluster),
        component => format!("{} · {} · {component}", lane.site, lane.cluster),
    };
    let shown = lane.under_way().or(lane.runs.as_ref());
    let (ready, wanted, count) = shown.map_or((0, 0, Count::default()), counted);
    let (min, max) = lane.replicas;
    LaneView {
        id: format!("lane-{at}"),
        environment: lane.environment.clone(),
        place,
        gate,
        state: state(c, lane),
        chip: lane.runs.as_ref().map(|r| c.chip(&r.digest)),
        ready: c.t2("pips-ready", ("ready", &ready), ("all", &wanted)),
        pips: c.pips(count),
        scaling: if max > min {
            c.t2("lane-range", ("min", &min), ("max", &max))
        } else {
            c.t1("lane-fixed", "n", &min)
        },
        mark: lane.runs.as_ref().and_then(|r| mark(c, r.origin, r.word)),
        coming: coming(lane),
        nothing: match lane.taken_over {
            true => c.t("lane-found-yet"),
            false => c.t("lane-nothing-yet"),
        },
        runs: lane.runs.clone(),
    }
}

fn coming(lane: &Lane) -> Option<String> {
    let coming = lane.under_way()?;
    let same = lane
        .runs
        .as_ref()
        .is_some_and(|r| r.digest == coming.digest);
    (!same).then(|| coming.tag.clone())
}

/// Containers that are ready, those that are wanted, and all of them as marks.
#[must_use]
pub fn counted(ran: &Ran) -> (i32, i32, Count) {
    let count = count(ran.observed.as_ref(), ran.state);
    let wanted = seen(ran.observed.as_ref(), "desired").max(count.all());
    (count.ready, wanted, count)
}

fn state(c: &Chrome, lane: &Lane) -> parts::State {
    match (&lane.newest, lane.prepared) {
        (None, false) => c.state(Tone::Run, c.t("lane-preparing"), None),
        (None, true) if lane.taken_over => c.state(Tone::Idle, c.t("lane-taken-over"), None),
        (None, true) => c.state(Tone::Idle, c.t("lane-empty"), None),
        (Some(newest), _) => {
            let word = match newest.state {
                DeploymentState::Succeeded => c.t("lane-runs"),
                other => c.t(&format!("deployment-state-{other}")),
            };
            c.state(deployment_tone(newest.state), word, Some(&newest.since()))
        }
    }
}

/// The release whose next step is shown: the newest that waits for somebody, unless a newer one
/// has come as far; else the newest.
fn leading(newest_first: &[Release]) -> Option<&Release> {
    let is_far = |r: &&Release| {
        matches!(
            r.state,
            State::AwaitingConfirmation
                | State::Confirmed
                | State::AwaitingApproval
                | State::DeployingProduction
                | State::Released
        )
    };
    let furthest = newest_first.iter().find(is_far);
    let waits = furthest.filter(|r| r.state != State::Released);
    waits.or_else(|| newest_first.first())
}

/// A release's next step, where a person has to take it.
fn next(c: &Chrome, access: &ProjectAccess, lanes: &[Lane], release: &Release) -> Option<NextStep> {
    let may = |p| access.may(p);
    let (code, button) = match release.state {
        State::AwaitingConfirmation if may(Permission::Confirm) => ("confirm", "step-go-confirm"),
        State::AwaitingConfirmation => ("confirm", "step-go-look"),
        State::Confirmed if may(Permission::ReleaseToProduction) => {
            ("confirmed", "step-go-release")
        }
        State::Confirmed => ("confirmed", "step-go-look"),
        State::AwaitingApproval => ("approval", "step-go-look"),
        State::Failed => ("failed", "step-go-why"),
        State::Requested
        | State::Tagging
        | State::Building
        | State::DeployingTest
        | State::DeployingProduction => ("moving", "step-go-watch"),
        State::Released | State::Rejected | State::Cancelled => return None,
    };
    let said = match &release.failure {
        Some(failure) => c.w(failure),
        None => title(release).to_owned(),
    };
    Some(NextStep {
        title: c.t1(&format!("step-{code}"), "n", &release.number),
        said,
        button: c.t1(button, "tag", &release.tag),
        href: format!("/projects/{}/releases/{}", release.project, release.number),
        changes: changes(c, lanes, release),
        commits: commits(c, lanes, release),
        parameters: parameters(c, lanes),
    })
}

/// From what runs in production to this release's image.
fn changes(c: &Chrome, lanes: &[Lane], release: &Release) -> Vec<(String, String, String)> {
    let Some(artifact) = &release.artifact else {
        return Vec::new();
    };
    let production = lanes.iter().filter(|l| l.tier == Tier::Production);
    let change = |l: &Lane| {
        let runs = l.runs.as_ref();
        let from = runs.map_or_else(|| c.t("wave-empty"), |r| short_digest(&r.digest).to_owned());
        let place = format!("{} · {}", l.environment, l.cluster);
        (place, from, short_digest(&artifact.digest).to_owned())
    };
    production.map(change).collect()
}

fn commits(c: &Chrome, lanes: &[Lane], release: &Release) -> String {
    let Some(since) = &release.since else {
        let runs = |l: &Lane| l.tier == Tier::Production && l.runs.is_some();
        return c.t(match lanes.iter().any(runs) {
            true => "next-commits-unknown",
            false => "next-commits-first",
        });
    };
    let words = Words::new("next-commits-by").with("n", since.count);
    let words = words.with("base", since.release);
    c.w(&words.with("who", since.authors.join(", ")))
}

/// Each place in production whose next deployment brings other parameters than it runs with.
fn parameters(c: &Chrome, lanes: &[Lane]) -> Vec<String> {
    let production = lanes
        .iter()
        .filter(|l| l.tier == Tier::Production && l.prepared);
    let change = |l: &Lane| {
        let words = match &l.runs {
            Some(runs) if runs.revision == l.revision => return None,
            Some(runs) => Words::new("next-parameters-new").with("from", runs.revision),
            None => Words::new("next-parameters-first"),
        };
        let words = words.with("cluster", &l.cluster).with("to", l.revision);
        Some(c.w(&words))
    };
    let mut all: Vec<String> = production.filter_map(change).collect();
    all.dedup();
    if all.is_empty() {
        all.push(c.t("next-parameters-same"));
    }
    all
}
