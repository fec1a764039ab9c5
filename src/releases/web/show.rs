//! One release as a vertical story, with the button of its next step.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;

use super::brings::{self, Brings};
use super::deeds::{self, Deed};
use super::desk::{self, Back, Confirm, Next};
use super::story::{Body, StepView, story};
use super::words;
use crate::app::App;
use crate::clusters::Tier;
use crate::error::{AppError, Words};
use crate::identity::Permission;
use crate::projects::web::{Frame, Tab};
use crate::projects::{self, ProjectAccess};
use crate::releases::setbacks::SetbackKind;
use crate::releases::tale::Tale;
use crate::releases::{self, ConfirmationKind, DeploymentState, Origin, Release, State};
use crate::web::extract::{Ctx, IsPart, Path};
use crate::web::form::Summary;
use crate::web::layout::{Chrome, Nav, page};
use crate::web::marks::{Chip, short_commit};
use crate::web::parts;

#[derive(Template)]
#[template(path = "releases/show.html")]
pub struct ShowPage {
    c: Chrome,
    f: Frame,
    part: ShowPart,
}

#[derive(Template)]
#[template(path = "releases/show_part.html")]
pub struct ShowPart {
    c: Chrome,
    f: Frame,
    topics: String,
    release: Release,
    title: String,
    commit: String,
    /// What everybody should know of an image that was not built here.
    mark: Option<String>,
    state: parts::State,
    chip: Option<Chip>,
    lede: Option<String>,
    failure: Option<String>,
    /// Where the evidence of a failed deployment is folded, on this page.
    evidence: Option<String>,
    /// The rules that refused the image: where each is explained, and its title.
    refused: Vec<(String, String)>,
    /// Whether a failed build's log is the evidence.
    has_log: bool,
    may_open: bool,
    steps: Vec<StepView>,
    confirm: Option<Confirm>,
    next: Option<Next>,
    backs: Vec<Back>,
    deeds: Vec<Deed>,
    brings: Option<Brings>,
    rebuild: Option<Deed>,
    summary: Option<Summary>,
    note: String,
}

impl HtmlSafe for ShowPart {}

impl ShowPart {
    /// # Errors
    /// 404 without such a release.
    pub async fn of(
        app: &App,
        access: &ProjectAccess,
        ctx: &Ctx,
        number: i32,
    ) -> Result<Self, AppError> {
        let tale = releases::tale(app, access, number).await?;
        let topics = [
            releases::topic(tale.release().id),
            projects::topic(access.project.id),
        ];
        let c = Chrome::new(ctx, Nav::Projects).listening(&app.events, &topics);
        let release = tale.release().clone();
        Ok(Self {
            f: Frame::new(&access.project, Tab::Releases),
            topics: topics.join(" "),
            title: words::title(&release).to_owned(),
            commit: short_commit(&release.commit).to_owned(),
            mark: words::mark_of(&c, &release),
            state: words::state(&c, &tale.lanes, &release).pill(),
            chip: release.artifact.as_ref().map(|a| c.chip(&a.digest)),
            lede: lede(&tale).map(|w| c.w(&w)),
            failure: release.failure.as_ref().map(|w| c.w(w)),
            evidence: evidence(&tale),
            refused: refused(&c, &release),
            has_log: release.artifact.is_none() && !tale.lines.is_empty(),
            may_open: access.may(Permission::OpenRelease),
            steps: story(&c, &tale),
            confirm: desk::confirm(&c, access, &tale),
            next: desk::next(&c, access, &tale),
            backs: desk::backs(&c, access, &tale),
            deeds: deeds::deeds(&c, access, &tale),
            brings: release
                .since
                .as_ref()
                .map(|s| Brings::of(&access.project, s, &release.commit)),
            rebuild: deeds::rebuild(&c, access, &tale),
            summary: None,
            note: String::new(),
            release,
            c,
        })
    }

    fn is_imported(&self) -> bool {
        self.release.origin == Origin::Imported
    }

    fn brings_head(&self, brings: &Brings) -> String {
        brings::head(&self.c, brings)
    }

    /// The same after a button was refused: why, and what was typed.
    #[must_use]
    pub fn with_refusal(mut self, why: &Words, note: &str) -> Self {
        self.summary = Some(Summary::sentence(&self.c, why));
        note.clone_into(&mut self.note);
        self
    }

    #[must_use]
    pub fn whole(self) -> ShowPage {
        ShowPage {
            c: self.c.clone(),
            f: self.f.clone(),
            part: self,
        }
    }
}

/// The answer to the question of the page; a failure has a place of its own.
fn lede(tale: &Tale) -> Option<Words> {
    let release = tale.release();
    if release.state == State::Failed {
        return None;
    }
    if words::is_replaced(&tale.lanes, release) {
        return Some(Words::new("release-lede-replaced"));
    }
    if words::is_baseline_still(&tale.lanes, release) {
        return Some(Words::new("release-lede-baseline"));
    }
    if let Some(words) = rolling(tale) {
        return Some(words);
    }
    let confirmed = release.confirmation.as_ref();
    let confirmed = confirmed.map(|w| w.display_name.as_str());
    let taken = release.taken_back.as_ref();
    let who = taken.map(|s| s.display_name.as_str()).or(confirmed);
    let who = who.unwrap_or_default();
    let places = words::places(&tale.lanes, release).join(", ");
    if release.state == State::AwaitingConfirmation && !tale.test_runs_it() {
        let code = match places_in_test(tale) {
            true => "confirm-test-moved-on",
            false => "confirm-no-test-place",
        };
        return Some(Words::new(code));
    }
    let word = release.confirmation.as_ref().map(|w| w.kind);
    let is_back = taken.is_some_and(|s| s.kind == SetbackKind::RolledBack);
    let code = match (release.state, word) {
        (State::Confirmed, _) if is_back => "release-lede-rolled-back".to_owned(),
        (State::Confirmed, Some(ConfirmationKind::Waiver)) => "release-lede-waived".to_owned(),
        (state, _) => format!("release-lede-{state}"),
    };
    Some(Words::new(&code).with("who", who).with("places", places))
}

fn places_in_test(tale: &Tale) -> bool {
    let mut lanes = tale.lanes.iter();
    lanes.any(|l| l.tier == Tier::Test && l.prepared)
}

fn refused(c: &Chrome, release: &Release) -> Vec<(String, String)> {
    let rules = release.remarks.iter().filter(|remark| remark.refused);
    let link = |rail: &str| (format!("/help/rails/{rail}"), c.t(&format!("rail-{rail}")));
    match release.artifact {
        None => rules.map(|remark| link(&remark.rail)).collect(),
        Some(_) => Vec::new(),
    }
}

/// The newest deployment that failed, if it left something behind.
fn evidence(tale: &Tale) -> Option<String> {
    let mut all = tale.story.deployments.iter().rev();
    let failed = all.find(|d| d.state == DeploymentState::Failed)?;
    crate::releases::tale::evidence(failed).map(|_| format!("proof-{}", failed.id))
}

/// Where a rollout stands: the cluster that is under way, and those before it.
fn rolling(tale: &Tale) -> Option<Words> {
    let all = &tale.story.deployments;
    let now = all.iter().find(|d| d.ended_at.is_none())?;
    let count = super::waves::count(now.observed.as_ref(), now.state);
    let before = all
        .iter()
        .filter(|d| d.rollout == now.rollout && d.ended_at.is_some());
    let done: Vec<&str> = before.map(|d| d.cluster.as_str()).collect();
    let code = match (count.all(), done.is_empty()) {
        (0, _) => "release-lede-starting",
        (_, true) => "release-lede-rolling",
        (_, false) => "release-lede-rolling-after",
    };
    let words = Words::new(code)
        .with("environment", &now.environment)
        .with("cluster", &now.cluster);
    Some(match code {
        "release-lede-starting" => words,
        _ => words
            .with("ready", count.ready)
            .with("all", count.all())
            .with("done", done.join(", ")),
    })
}

#[derive(Deserialize)]
pub struct NumberPath {
    pub n: i32,
}

/// `GET /projects/{key}/releases/{n}`
pub async fn release(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    IsPart(is_part): IsPart,
    Path(path): Path<NumberPath>,
) -> Result<Response, AppError> {
    let part = ShowPart::of(&app, &access, &ctx, path.n).await?;
    if is_part {
        page(&part)
    } else {
        page(&part.whole())
    }
}
