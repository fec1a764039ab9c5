//! What people are told of releases and rollouts, in the transaction of what happened.

use super::rollout;
use super::{Kind, ReleaseId, RolloutId, RolloutOutcome, State, store};
use crate::clusters::Tier;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::news::{self, Happening, News};
use crate::requests;

/// What a release is called, and whose it is.
pub struct Headline {
    pub project: uuid::Uuid,
    pub project_key: String,
    pub number: i32,
    pub tag: String,
    pub author: String,
}

/// Which states are worth telling, and with which words.
const fn of_state(state: State) -> Option<(Happening, &'static str)> {
    match state {
        State::AwaitingConfirmation => Some((
            Happening::ReleaseAwaitsConfirmation,
            "notice-release-awaits-confirmation",
        )),
        State::AwaitingApproval => Some((
            Happening::ReleaseAwaitsApproval,
            "notice-release-awaits-approval",
        )),
        State::Released => Some((
            Happening::ReleaseInProduction,
            "notice-release-in-production",
        )),
        State::Failed => Some((Happening::ReleaseFailed, "notice-release-failed")),
        State::Requested
        | State::Tagging
        | State::Building
        | State::DeployingTest
        | State::Confirmed
        | State::DeployingProduction
        | State::Rejected
        | State::Cancelled => None,
    }
}

/// A release has come into another state.
///
/// # Errors
/// No answer from the database.
pub async fn moved(
    tx: &mut Tx,
    id: ReleaseId,
    from: State,
    to: State,
    failure: Option<&Words>,
) -> Result<(), DbError> {
    let Some((happening, code)) = of_state(to) else {
        return Ok(());
    };
    let Some(release) = store::headline(tx.connection(), id).await? else {
        return Ok(());
    };
    let what = Words::new(code)
        .with("project", &release.project_key)
        .with("tag", &release.tag);
    let path = format!(
        "/projects/{}/releases/{}",
        release.project_key, release.number
    );
    let news = News::new(happening, what, path)
        .in_project(release.project)
        .of(&release.author);
    let failure = failure.filter(|_| to == State::Failed);
    let request = match to {
        State::AwaitingApproval => requests::open_production_request(tx.connection(), id.0).await?,
        _ => None,
    };
    let news = News {
        request,
        why: failure.cloned(),
        urgent: to == State::Failed && from == State::DeployingProduction,
        ..news
    };
    news::tell(tx, &news).await
}

/// A rollout that is not a release's own way has ended in production: one back, or a restart.
///
/// # Errors
/// No answer from the database.
pub async fn rollout_ended(
    tx: &mut Tx,
    id: RolloutId,
    outcome: RolloutOutcome,
    failure: Option<&Words>,
) -> Result<(), DbError> {
    let Some(ended) = rollout::ended(tx.connection(), id).await? else {
        return Ok(());
    };
    let Some((happening, code)) = of_rollout(ended.tier, ended.kind, outcome) else {
        return Ok(());
    };
    let what = Words::new(code)
        .with("project", &ended.project_key)
        .with("environment", &ended.environment)
        .with("tag", &ended.tag);
    let path = format!("/projects/{}", ended.project_key);
    let reason = news::typed(&ended.reason);
    let news = News::new(happening, what, path).in_project(ended.project);
    let news = News {
        why: failure.cloned().or(reason),
        urgent: outcome == RolloutOutcome::Failed,
        ..news.of(&ended.author)
    };
    news::tell(tx, &news).await
}

const fn of_rollout(
    tier: Tier,
    kind: Kind,
    outcome: RolloutOutcome,
) -> Option<(Happening, &'static str)> {
    use RolloutOutcome as O;
    match (tier, kind, outcome) {
        (Tier::Production, Kind::Rollback, O::Succeeded) => {
            Some((Happening::RolledBack, "notice-rolled-back"))
        }
        (Tier::Production, Kind::Rollback, O::Failed) => {
            Some((Happening::ReleaseFailed, "notice-rollback-failed"))
        }
        (Tier::Production, Kind::Restart | Kind::Restore | Kind::Parameters, O::Failed) => {
            Some((Happening::ReleaseFailed, "notice-rollout-failed"))
        }
        // A release's own way is told by its states.
        (Tier::Test | Tier::Production, _, _) => None,
    }
}
