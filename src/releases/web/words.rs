//! How a release and a deployment are, in the words and tones of pages.

use crate::builds::Stage;
use crate::clusters::Tier;
use crate::releases::setbacks::SetbackKind;
use crate::releases::{ConfirmationKind, DeploymentState, Lane, Origin, Release, State};
use crate::web::layout::Chrome;
use crate::web::parts::{self, Tone};

#[must_use]
pub const fn tone(state: State) -> Tone {
    match state {
        State::Requested
        | State::Tagging
        | State::Building
        | State::DeployingTest
        | State::DeployingProduction => Tone::Run,
        State::AwaitingConfirmation | State::Confirmed | State::AwaitingApproval => Tone::Wait,
        State::Released => Tone::Ok,
        State::Failed | State::Rejected => Tone::Fail,
        State::Cancelled => Tone::Idle,
    }
}

#[must_use]
pub const fn deployment_tone(state: DeploymentState) -> Tone {
    match state {
        DeploymentState::Pending | DeploymentState::Applying | DeploymentState::Rolling => {
            Tone::Run
        }
        DeploymentState::Succeeded => Tone::Ok,
        DeploymentState::Failed => Tone::Fail,
        DeploymentState::Aborted | DeploymentState::Superseded => Tone::Idle,
    }
}

/// How a pipeline's stage is, in the server's word for it.
#[must_use]
pub fn stage_tone(stage: &Stage, running: bool) -> Tone {
    match stage.status.as_str() {
        "SUCCESS" => Tone::Ok,
        "IN_PROGRESS" if running => Tone::Run,
        "FAILED" | "ABORTED" | "UNSTABLE" => Tone::Fail,
        _ => Tone::Idle,
    }
}

/// The same beside a stage's name, with how long it took.
#[must_use]
pub fn stage(c: &Chrome, stage: &Stage, running: bool) -> parts::State {
    let seconds = i64::try_from(stage.seconds).unwrap_or(i64::MAX);
    c.state(stage_tone(stage, running), c.seconds(seconds), None)
}

/// What runs a release's image by our record, as `environment cluster`.
#[must_use]
pub fn places(lanes: &[Lane], release: &Release) -> Vec<String> {
    let Some(artifact) = &release.artifact else {
        return Vec::new();
    };
    let here = lanes.iter().filter(|l| l.runs_digest(&artifact.digest));
    here.map(|l| format!("{} {}", l.environment, l.cluster))
        .collect()
}

/// Whether a release that reached production is no longer what runs there.
#[must_use]
pub fn is_replaced(lanes: &[Lane], release: &Release) -> bool {
    release.state == State::Released
        && places(lanes, release).is_empty()
        && !is_baseline_still(lanes, release)
}

/// Whether production still runs what it ran before the portal came: it has put nothing there.
#[must_use]
pub fn is_baseline_still(lanes: &[Lane], release: &Release) -> bool {
    let kind = release.confirmation.as_ref().map(|c| c.kind);
    let production = lanes.iter().filter(|l| l.tier == Tier::Production);
    kind == Some(ConfirmationKind::Baseline)
        && release.state == State::Released
        && production.clone().count() > 0
        && production.into_iter().all(|l| l.runs.is_none())
}

/// What everybody should know of an image that the portal did not build.
#[must_use]
pub fn mark(c: &Chrome, origin: Origin, word: Option<ConfirmationKind>) -> Option<String> {
    let code = match (origin, word) {
        (Origin::Built, _) => return None,
        (Origin::Imported, Some(ConfirmationKind::Waiver)) => "artifact-waived",
        (Origin::Imported, Some(ConfirmationKind::Baseline)) => "artifact-baseline",
        (Origin::Imported, Some(ConfirmationKind::Tested) | None) => "artifact-imported",
    };
    Some(c.t(code))
}

/// The same of a release's image.
#[must_use]
pub fn mark_of(c: &Chrome, release: &Release) -> Option<String> {
    mark(
        c,
        release.origin,
        release.confirmation.as_ref().map(|w| w.kind),
    )
}

/// Icon, word and time of a release; one that newer ones have replaced says so.
#[must_use]
pub fn state(c: &Chrome, lanes: &[Lane], release: &Release) -> parts::State {
    if is_replaced(lanes, release) {
        return c.state(Tone::Idle, c.t("release-state-replaced"), None);
    }
    let taken = release.taken_back.as_ref().map(|s| s.kind);
    if taken == Some(SetbackKind::RolledBack) {
        let word = c.t("release-state-rolled-back");
        return c.state(Tone::Idle, word, Some(&release.state_since));
    }
    let word = c.t(&format!("release-state-{}", release.state));
    c.state(tone(release.state), word, Some(&release.state_since))
}

/// The title of a release: its commit's, or what it was opened of.
#[must_use]
pub fn title(release: &Release) -> &str {
    if release.commit_title.is_empty() {
        &release.reference
    } else {
        &release.commit_title
    }
}

/// Why it goes no further: its failure, or who said so and what they said.
#[must_use]
pub fn why(c: &Chrome, release: &Release) -> Option<String> {
    if let Some(failure) = &release.failure {
        return Some(c.w(failure));
    }
    let taken = release.taken_back.as_ref()?;
    Some(match taken.note.as_str() {
        "" => c.t1("story-by", "who", &taken.display_name),
        note => c.t2("release-why", ("who", &taken.display_name), ("note", &note)),
    })
}
