//! Everything that a release's page tells, gathered in a small number of statements.

use serde_json::Value;

use super::rollback::Candidate;
use super::rollout::{Evidence, trouble_words};
use super::{Deployment, DeploymentState, Lane, Release, State, Story, by_number, story};
use crate::app::App;
use crate::builds::{self, Build, Line};
use crate::clusters::Tier;
use crate::error::{AppError, Words};
use crate::identity::ProjectRole;
use crate::integrations::kubernetes::Trouble;
use crate::jobs::StepState;
use crate::progress::{RunRow, StepRow};
use crate::projects::{self, Member, ProjectAccess};
use crate::requests::{self, Request};

/// Lines of the build's log that the page shows.
const LINES_SHOWN: usize = 40;

pub struct Tale {
    pub story: Story,
    pub lanes: Vec<Lane>,
    pub lines: Vec<Line>,
    pub testers: Vec<Member>,
    pub approval: Option<Request>,
    pub ways_back: Vec<WayBack>,
}

/// Where an environment can go instead of, or back to, this release.
pub struct WayBack {
    pub environment: String,
    pub clusters: Vec<String>,
    /// Whether it leads away from this release, which is there or on its way.
    pub away: bool,
    pub to: Vec<Candidate>,
}

/// # Errors
/// 404 without such a release.
pub async fn tale(app: &App, access: &ProjectAccess, number: i32) -> Result<Tale, AppError> {
    let project = access.project.id;
    let release = by_number(app, project, number).await?;
    let story = story(app, release).await?;
    let lanes = super::lanes(app, project).await?;
    let pool = app.db.pool();
    let lines = match story.builds.last() {
        Some(build) => builds::last_lines(pool, build.id, LINES_SHOWN).await?,
        None => Vec::new(),
    };
    let mut testers = projects::members(app, project).await?;
    testers.retain(|m| m.role == ProjectRole::Tester);
    let approval = requests::of_release(app, story.release.id.0).await?;
    let ways_back = ways_back(app, &story, &lanes).await?;
    Ok(Tale {
        story,
        lanes,
        lines,
        testers,
        approval,
        ways_back,
    })
}

/// One for each environment that this release has been to, production first.
async fn ways_back(app: &App, story: &Story, lanes: &[Lane]) -> Result<Vec<WayBack>, AppError> {
    let Some(artifact) = &story.release.artifact else {
        return Ok(Vec::new());
    };
    let mut ways = Vec::new();
    for tier in [Tier::Production, Tier::Test] {
        for environment in super::environments(lanes, tier) {
            let been = story
                .deployments
                .iter()
                .any(|d| d.environment == environment);
            if !been {
                continue;
            }
            let here: Vec<&Lane> = lanes
                .iter()
                .filter(|l| l.environment == environment)
                .collect();
            let away = here
                .iter()
                .any(|l| l.took(&artifact.digest) || l.runs_digest(&artifact.digest));
            let found =
                super::rollback_candidates(app, story.release.project_id, &environment).await?;
            let lawful = |c: &Candidate| tier == Tier::Test || c.confirmation.is_some();
            let wanted = |c: &Candidate| (c.artifact.digest == artifact.digest) != away;
            let to: Vec<Candidate> = found
                .into_iter()
                .filter(|c| lawful(c) && wanted(c))
                .collect();
            if !to.is_empty() {
                ways.push(WayBack {
                    clusters: here.iter().map(|l| l.cluster.clone()).collect(),
                    environment,
                    away,
                    to,
                });
            }
        }
    }
    Ok(ways)
}

impl Tale {
    #[must_use]
    pub fn release(&self) -> &Release {
        &self.story.release
    }

    #[must_use]
    pub fn build(&self) -> Option<&Build> {
        self.story.builds.last()
    }

    /// What the release's own durable step waits for, or what keeps it from going on.
    #[must_use]
    pub fn waits_for(&self) -> Option<&Words> {
        let own = self.release().id.0;
        let runs = self.story.runs.iter();
        runs.filter(|r| r.subject == own).find_map(waiting)
    }

    /// The same for one deployment.
    #[must_use]
    pub fn deployment_waits(&self, deployment: &Deployment) -> Option<&Words> {
        let runs = self.story.runs.iter();
        runs.filter(|r| r.subject == deployment.id.0)
            .find_map(waiting)
    }

    /// Whether every place in test runs this release's digest by our record.
    #[must_use]
    pub fn test_runs_it(&self) -> bool {
        let digest = self.release().artifact.as_ref().map(|a| a.digest.as_str());
        let test = self.lanes.iter();
        let test: Vec<_> = test
            .filter(|l| l.tier == Tier::Test && l.prepared)
            .collect();
        let runs = |digest| test.iter().all(|l| l.runs_digest(digest));
        !test.is_empty() && digest.is_some_and(runs)
    }

    /// Environments of production that this release may be put into by its button.
    #[must_use]
    pub fn targets(&self) -> Vec<String> {
        let release = self.release();
        let open = matches!(
            release.state,
            State::Confirmed | State::Released | State::Failed
        );
        if !open || release.confirmation.is_none() {
            return Vec::new();
        }
        let been = |key: &String| {
            let mut there = self.story.deployments.iter();
            there.any(|d| &d.environment == key && d.state == DeploymentState::Succeeded)
        };
        let mut keys = super::environments(&self.lanes, Tier::Production);
        keys.retain(|key| !been(key) || release.state != State::Released);
        keys
    }
}

/// What keeps a run from going on: its trouble first, then what it waits for.
fn waiting(run: &RunRow) -> Option<&Words> {
    let step: &StepRow = run.steps.iter().find(|s| s.ended_at.is_none())?;
    match (step.errors > 0, step.state) {
        (true, _) | (false, StepState::Errored) => step.last_error.as_ref(),
        (
            false,
            StepState::Ready
            | StepState::Running
            | StepState::Waiting
            | StepState::Done
            | StepState::Failed
            | StepState::Abandoned,
        ) => step.waits_for.as_ref(),
    }
}

/// What the cluster last said is wrong, in words.
#[must_use]
pub fn trouble(deployment: &Deployment) -> Option<Words> {
    let trouble = trouble_kind(deployment)?;
    Some(trouble_words(
        &trouble,
        &deployment.cluster,
        &deployment.site,
    ))
}

/// What the pod in trouble has left behind, as it was gathered at the time.
#[must_use]
pub fn evidence(deployment: &Deployment) -> Option<Evidence> {
    let seen = deployment.observed.as_ref()?.get("evidence")?.clone();
    serde_json::from_value(seen).ok()
}

/// The kind of trouble that the cluster last told of.
#[must_use]
pub fn trouble_kind(deployment: &Deployment) -> Option<Trouble> {
    let seen = deployment.observed.as_ref()?.get("trouble")?.clone();
    serde_json::from_value(seen).ok()
}

/// A counter of what the cluster was last seen to say.
#[must_use]
pub fn seen(observed: Option<&Value>, name: &str) -> i32 {
    let number = observed.and_then(|o| o.get(name)?.as_i64());
    number.and_then(|n| i32::try_from(n).ok()).unwrap_or(0)
}
