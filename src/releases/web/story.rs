//! The story of a release: its steps from top to bottom, each with what came of it.

use jiff::Timestamp;

use super::waves::{Wave, waves};
use super::words::{deployment_tone, stage_tone};
use crate::builds::{Build, Line, Outcome, Stage};
use crate::clusters::Tier;
use crate::error::Words;
use crate::identity::{Permission, Scope};
use crate::releases::setbacks::{Setback, SetbackKind};
use crate::releases::tale::Tale;
use crate::releases::{ConfirmationKind, Deployment, Kind, Origin, Release, State};
use crate::requests::{self, Request};
use crate::standards::images::Remark;
use crate::web::layout::Chrome;
use crate::web::marks::{Chip, bytes, short_commit};
use crate::web::parts::{Icon, Time, Tone};

pub struct StepView {
    pub id: String,
    pub tone: Tone,
    pub icon: Icon,
    pub title: String,
    pub said: String,
    pub at: Option<Time>,
    pub lasted: Option<String>,
    /// What it waits for, or what is in its way.
    pub says: Option<String>,
    pub quote: String,
    /// What the rules found of the image.
    pub remarks: Vec<Remarked>,
    pub body: Body,
}

/// What a rule found of an image: the rule with its help, the words, and who let it pass.
pub struct Remarked {
    pub href: String,
    pub title: String,
    pub says: String,
    pub severity: String,
    pub overruled: Option<String>,
}

pub enum Body {
    Nothing,
    Log(LogView),
    Digest(Chip),
    Waves(Vec<Wave>),
    /// The page's own form or shut button stands here.
    Confirm,
    Request(i64, String),
    /// Where somebody has to decide before it goes on.
    Link(String, String),
}

/// The end of a build's log, with its stages.
pub struct LogView {
    pub stages: Vec<(Tone, Icon, String)>,
    pub lines: Vec<Line>,
    pub count: i64,
    /// Open while it runs and where it failed.
    pub open: bool,
}

/// All steps, those to come too.
#[must_use]
pub fn story(c: &Chrome, tale: &Tale) -> Vec<StepView> {
    let mut steps = match tale.release().origin {
        Origin::Built => vec![
            requested(c, tale.release()),
            tagged(c, tale),
            built(c, tale),
        ],
        Origin::Imported => vec![imported(c, tale.release())],
    };
    steps.extend(artifact(c, tale));
    steps.extend(rollouts(c, tale, Tier::Test));
    steps.extend(each(c, tale, SetbackKind::Withdrawn, "story-withdrawn"));
    steps.push(confirmed(c, tale));
    steps.extend(approved(c, tale));
    steps.extend(rollouts(c, tale, Tier::Production));
    steps.extend(each(c, tale, SetbackKind::RolledBack, "story-rolled-back"));
    steps.extend(taken_back(c, tale));
    steps
}

fn step(c: &Chrome, id: &str, tone: Tone, title: &str) -> StepView {
    let icon = match tone {
        Tone::Ok => c.i("check"),
        Tone::Run => c.turning(),
        Tone::Fail => c.i("x"),
        Tone::Wait | Tone::Hold | Tone::Idle => c.i(tone.icon()),
    };
    StepView {
        id: format!("step-{id}"),
        tone,
        icon,
        title: c.t(title),
        said: String::new(),
        at: None,
        lasted: None,
        says: None,
        quote: String::new(),
        remarks: Vec::new(),
        body: Body::Nothing,
    }
}

impl StepView {
    fn at(mut self, c: &Chrome, at: Option<Timestamp>) -> Self {
        self.at = at.map(|at| c.at_clock(&at));
        self
    }

    fn lasted(mut self, c: &Chrome, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        if let (Some(from), Some(to)) = (from, to) {
            self.lasted = Some(c.lasted(&from, &to));
        }
        self
    }

    fn waits(mut self, c: &Chrome, words: Option<&Words>) -> Self {
        self.says = words.map(|w| c.w(w));
        self
    }
}

fn requested(c: &Chrome, release: &Release) -> StepView {
    let done = step(c, "requested", Tone::Ok, "story-requested");
    let who = &release.author.display_name;
    StepView {
        said: c.t1("story-by", "who", who),
        quote: release.note.clone(),
        ..done.at(c, Some(release.created_at))
    }
}

/// Who named the image, and why.
fn imported(c: &Chrome, release: &Release) -> StepView {
    let (image, who) = (&release.reference, &release.author.display_name);
    StepView {
        said: c.t2("story-imported-as", ("image", image), ("who", who)),
        quote: release.note.clone(),
        ..step(c, "imported", Tone::Ok, "story-imported").at(c, Some(release.created_at))
    }
}

fn tagged(c: &Chrome, tale: &Tale) -> StepView {
    let release = tale.release();
    let (tone, title) = match (release.tagged_at, release.state) {
        (Some(_), _) => (Tone::Ok, "story-tagged"),
        (None, State::Failed) => (Tone::Fail, "story-not-tagged"),
        (None, _) => (Tone::Run, "story-tagging"),
    };
    let commit = short_commit(&release.commit);
    let view = StepView {
        said: c.t2("story-tag-at", ("tag", &release.tag), ("commit", &commit)),
        ..step(c, "tagged", tone, title)
    };
    let view = view.at(c, release.tagged_at);
    if tone == Tone::Run {
        view.waits(c, tale.waits_for())
    } else {
        view
    }
}

fn built(c: &Chrome, tale: &Tale) -> StepView {
    let release = tale.release();
    let (Some(build), true) = (tale.build(), release.tagged_at.is_some()) else {
        return step(c, "built", Tone::Idle, "story-build");
    };
    let (tone, title) = match (build.result, release.state) {
        (Some(Outcome::Success), _) => (Tone::Ok, "story-built"),
        (Some(_), State::Cancelled) | (None, State::Cancelled) => {
            (Tone::Idle, "story-build-stopped")
        }
        (Some(_), _) | (None, State::Failed) => (Tone::Fail, "story-not-built"),
        (None, _) => (Tone::Run, "story-building"),
    };
    let said = match (build.number, build.stages.len()) {
        (None, _) => String::new(),
        (Some(number), 0) => c.t1("story-build-number", "number", &number),
        (Some(number), n) => c.t2("story-build-stages", ("number", &number), ("n", &n)),
    };
    let body = if build.log_lines > 0 || !build.stages.is_empty() {
        Body::Log(log(c, tale, build, tone != Tone::Ok))
    } else {
        Body::Nothing
    };
    let waits = tale.waits_for().filter(|_| tone == Tone::Run);
    let body = waits.and_then(|w| decision(c, release, w)).unwrap_or(body);
    let view = StepView {
        said,
        body,
        ..step(c, "built", tone, title)
    };
    let until = build.ended_at.or((tone == Tone::Run).then_some(c.now));
    view.at(c, build.ended_at.or(build.started_at))
        .lasted(c, build.started_at, until)
        .waits(c, waits)
}

/// The way to the page on which operations decide about somebody else's job.
fn decision(c: &Chrome, release: &Release, waits: &Words) -> Option<Body> {
    let me = c.me.as_ref()?;
    let may = me.may(Permission::OperateRuns, Scope::Platform);
    (may && waits.code == "waits-job-foreign").then(|| {
        let href = format!(
            "/projects/{}/releases/{}/job",
            release.project, release.number
        );
        Body::Link(href, c.t("story-job-decide"))
    })
}

fn log(c: &Chrome, tale: &Tale, build: &Build, open: bool) -> LogView {
    let stage = |s: &Stage| {
        let tone = stage_tone(s, build.result.is_none() && open);
        let icon = match tone {
            Tone::Ok => c.i("check"),
            Tone::Run => c.turning(),
            Tone::Fail => c.i("x"),
            Tone::Wait | Tone::Hold | Tone::Idle => c.i("circle-minus"),
        };
        let seconds = i64::try_from(s.seconds).unwrap_or(i64::MAX);
        let words = format!("{} · {}", s.name, c.seconds(seconds));
        (tone, icon, words)
    };
    LogView {
        stages: build.stages.iter().map(stage).collect(),
        lines: tale.lines.clone(),
        count: build.log_lines,
        open,
    }
}

fn artifact(c: &Chrome, tale: &Tale) -> Option<StepView> {
    let built = match tale.release().origin {
        Origin::Built => tale.build()?.result == Some(Outcome::Success),
        Origin::Imported => true,
    };
    let remarks = remarks(c, tale.release());
    match &tale.release().artifact {
        Some(found) => {
            let view = StepView {
                remarks,
                said: c.t1("story-artifact-size", "size", &bytes(found.size_bytes)),
                body: Body::Digest(c.chip(&found.digest)),
                ..step(c, "artifact", Tone::Ok, "story-artifact")
            };
            Some(view.at(c, Some(found.created_at)))
        }
        None if built && tale.release().state == State::Failed => {
            let view = step(c, "artifact", Tone::Fail, "story-no-artifact");
            Some(StepView { remarks, ..view })
        }
        None if built => {
            let view = step(c, "artifact", Tone::Run, "story-artifact-coming");
            Some(view.waits(c, tale.waits_for()))
        }
        None => None,
    }
}

fn remarks(c: &Chrome, release: &Release) -> Vec<Remarked> {
    let view = |remark: &Remark| Remarked {
        href: format!("/help/rails/{}", remark.rail),
        title: c.t(&format!("rail-{}", remark.rail)),
        says: c.w(&remark.words()),
        severity: match remark.refused {
            true => c.t("remark-refused"),
            false => c.t("remark-warned"),
        },
        overruled: remark
            .overruled
            .as_ref()
            .map(|o| c.t2("remark-overruled", ("who", &o.by), ("reason", &o.reason))),
    };
    release.remarks.iter().map(view).collect()
}

/// One step for each rollout of a tier; where there is none yet, one that is to come.
fn rollouts(c: &Chrome, tale: &Tale, tier: Tier) -> Vec<StepView> {
    let mut seen: Vec<&Deployment> = Vec::new();
    for d in tale.story.deployments.iter().filter(|d| d.tier == tier) {
        if !seen.iter().any(|s| s.rollout == d.rollout) {
            seen.push(d);
        }
    }
    if seen.is_empty() {
        let (tone, title) = match (tier, tale.release().state) {
            (Tier::Test, State::DeployingTest) => (Tone::Run, "story-test-coming"),
            (Tier::Test, _) => (Tone::Idle, "story-test"),
            (Tier::Production, State::DeployingProduction) => {
                (Tone::Run, "story-production-coming")
            }
            (Tier::Production, _) => (Tone::Idle, "story-production"),
        };
        return vec![step(c, tier.as_str(), tone, title)];
    }
    seen.into_iter().map(|d| rollout(c, tale, d)).collect()
}

fn rollout(c: &Chrome, tale: &Tale, first: &Deployment) -> StepView {
    let of = |d: &&Deployment| d.rollout == first.rollout;
    let all = || tale.story.deployments.iter().filter(of);
    let worst = all().find(|d| deployment_tone(d.state) != Tone::Ok);
    let under_way = tale.release().state == State::DeployingProduction
        && first.kind == Kind::Deploy
        && first.tier == Tier::Production;
    let tone = match worst {
        Some(d) => deployment_tone(d.state),
        None if under_way => Tone::Run,
        None => Tone::Ok,
    };
    let title = format!("story-{}-{}", first.kind, tone.class());
    let ended = all()
        .filter_map(|d| d.ended_at)
        .max()
        .filter(|_| tone != Tone::Run);
    let view = step(c, &format!("rollout-{}", first.rollout), tone, &title);
    let view = StepView {
        title: c.t1(&title, "environment", &first.environment),
        said: c.t1("story-by", "who", &first.by.display_name),
        quote: first.reason.clone(),
        body: Body::Waves(waves(c, tale, first.rollout.0)),
        ..view
    };
    view.at(c, ended.or(Some(first.created_at))).lasted(
        c,
        Some(first.created_at),
        ended.or(Some(c.now)),
    )
}

fn confirmed(c: &Chrome, tale: &Tale) -> StepView {
    let release = tale.release();
    match (&release.confirmation, release.state) {
        (Some(word), _) => {
            let (title, said, tone) = match word.kind {
                ConfirmationKind::Tested => ("story-confirmed", "story-confirmed-by", Tone::Ok),
                ConfirmationKind::Waiver => ("story-waived", "story-waived-by", Tone::Wait),
                ConfirmationKind::Baseline => ("story-baseline", "story-baseline-by", Tone::Ok),
            };
            let view = StepView {
                said: c.t1(said, "who", &word.display_name),
                quote: word.note.clone(),
                ..step(c, "confirmed", tone, title)
            };
            view.at(c, Some(word.at))
        }
        (None, State::AwaitingConfirmation) => StepView {
            body: Body::Confirm,
            ..step(c, "confirmed", Tone::Wait, "story-confirm-now")
        },
        (None, _) => step(c, "confirmed", Tone::Idle, "story-confirm"),
    }
}

/// Each word that was taken back, before the one that holds now.
fn each(c: &Chrome, tale: &Tale, kind: SetbackKind, title: &str) -> Vec<StepView> {
    let all = tale.story.setbacks.iter().enumerate();
    let wanted = all.filter(|(_, s)| s.kind == kind);
    wanted
        .map(|(at, s)| {
            let view = setback(c, s, Tone::Idle, title);
            StepView {
                id: format!("step-{kind}-{at}"),
                ..view
            }
        })
        .collect()
}

/// How a release came to its end before production.
fn taken_back(c: &Chrome, tale: &Tale) -> Option<StepView> {
    let release = tale.release();
    let taken = release.taken_back.as_ref()?;
    // A rollback stands among the deployments already.
    if taken.kind == SetbackKind::RolledBack {
        return None;
    }
    Some(match release.state {
        State::Rejected => setback(c, taken, Tone::Fail, "story-rejected"),
        _ => setback(c, taken, Tone::Idle, "story-cancelled"),
    })
}

fn setback(c: &Chrome, setback: &Setback, tone: Tone, title: &str) -> StepView {
    let view = StepView {
        said: c.t1("story-by", "who", &setback.display_name),
        quote: setback.note.clone(),
        ..step(c, setback.kind.as_str(), tone, title)
    };
    view.at(c, Some(setback.at))
}

fn approved(c: &Chrome, tale: &Tale) -> Option<StepView> {
    let request: &Request = tale.approval.as_ref()?;
    let (tone, title) = match request.state {
        requests::State::Open => (Tone::Wait, "story-approval-open"),
        requests::State::Approved | requests::State::Done | requests::State::Failed => {
            (Tone::Ok, "story-approved")
        }
        requests::State::Rejected => (Tone::Fail, "story-approval-refused"),
        requests::State::Withdrawn | requests::State::Expired => {
            (Tone::Idle, "story-approval-none")
        }
        requests::State::Void => (Tone::Idle, "story-approval-void"),
    };
    let names = request.decisions.iter().map(|d| d.display_name.as_str());
    let names: Vec<&str> = names.collect();
    let said = if names.is_empty() {
        c.t1("story-asked-by", "who", &request.author.display_name)
    } else {
        c.t1("story-decided-by", "who", &names.join(", "))
    };
    let view = StepView {
        said,
        body: Body::Request(request.number, c.t1("request-number", "n", &request.number)),
        ..step(c, "approved", tone, title)
    };
    let view = view.at(c, request.decided_at.or(Some(request.created_at)));
    Some(view.lasted(c, Some(request.created_at), request.decided_at))
}
