//! How several projects stand at once, and whose turn a release is.

use std::collections::BTreeMap;

use super::{Filter, Lane, Release, State, lanes, list};
use crate::app::App;
use crate::db::DbError;
use crate::identity::{Actor, Permission, ProjectId, Scope};

/// One project among others.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    pub lanes: Vec<Lane>,
    pub newest: Option<Release>,
}

/// What a release asks of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Confirm,
    Release,
}

/// The lanes and the newest release of each project, in two statements.
///
/// # Errors
/// No answer from the database.
pub async fn standings(
    app: &App,
    projects: &[ProjectId],
) -> Result<BTreeMap<ProjectId, Standing>, DbError> {
    let ids: Vec<_> = projects.iter().map(|p| p.0).collect();
    let mut found: BTreeMap<ProjectId, Standing> = BTreeMap::new();
    for (project, lane) in lanes::lanes(app.db.pool(), &ids).await? {
        found.entry(project).or_default().lanes.push(lane);
    }
    let filter = Filter {
        limit: i64::try_from(ids.len()).unwrap_or(i64::MAX),
        visible: Some(ids),
        newest: true,
        ..Filter::default()
    };
    for release in list(app.db.pool(), &filter).await? {
        let project = release.project_id;
        found.entry(project).or_default().newest = Some(release);
    }
    Ok(found)
}

/// The furthest releases of somebody's own projects that it is their turn to move, newest first.
///
/// # Errors
/// No answer from the database.
pub async fn waiting_for(
    app: &App,
    actor: &Actor,
    limit: i64,
) -> Result<Vec<(Turn, Release)>, DbError> {
    let filter = Filter {
        visible: Some(actor.project_ids()),
        states: vec![State::AwaitingConfirmation, State::Confirmed],
        leading: true,
        limit,
        ..Filter::default()
    };
    let found = list(app.db.pool(), &filter).await?;
    let turns = found
        .into_iter()
        .filter_map(|r| Some((turn(actor, &r)?, r)));
    Ok(turns.collect())
}

/// Whether a release waits for this person.
fn turn(actor: &Actor, release: &Release) -> Option<Turn> {
    let may = |p| actor.may(p, Scope::Project(release.project_id));
    let own = release.author_id == actor.responsible.0;
    match release.state {
        State::AwaitingConfirmation if may(Permission::Confirm) => {
            (!own || release.may_confirm_own).then_some(Turn::Confirm)
        }
        State::Confirmed if may(Permission::ReleaseToProduction) => Some(Turn::Release),
        State::AwaitingConfirmation
        | State::Confirmed
        | State::Requested
        | State::Tagging
        | State::Building
        | State::DeployingTest
        | State::AwaitingApproval
        | State::DeployingProduction
        | State::Released
        | State::Failed
        | State::Rejected
        | State::Cancelled => None,
    }
}
