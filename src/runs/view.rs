//! Runs as operators and auditors see them: a list that is narrowed, and one run as a story.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::store;
use crate::app::App;
use crate::db::DbError;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::jobs::{RunId, RunState, StepId, StepState};
use crate::progress::StepRow;
use crate::web::paging::{List, Page};

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub state: Option<RunState>,
    /// Those that need a hand.
    pub stuck: bool,
    pub lane: Option<String>,
    /// A kind of run, or the beginning of a step's name.
    pub name: Option<String>,
    pub project: Option<String>,
    pub before: Option<RunId>,
    pub limit: i64,
}

/// The same as the address of the page or of the API says it.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// A state, or `stuck`.
    #[serde(default)]
    pub state: String,
    /// The API's older word for `state=stuck`.
    #[serde(default)]
    pub stuck: bool,
    #[serde(default)]
    pub lane: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub project: String,
    pub limit: Option<i64>,
    pub after: Option<String>,
}

pub const STUCK: &str = "stuck";

impl Wanted {
    /// Whether anything is narrowed.
    #[must_use]
    pub fn is_all(&self) -> bool {
        let texts = [&self.state, &self.lane, &self.name, &self.project];
        !self.stuck && texts.iter().all(|t| t.trim().is_empty())
    }

    fn filter(&self) -> Result<Filter, AppError> {
        let page = Page {
            limit: self.limit,
            after: self.after.clone(),
        };
        let some = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
        let wrong = |field| move || AppError::field(field, "query-wrong");
        let stuck = self.stuck || self.state == STUCK;
        let state = some(&self.state).filter(|s| s != STUCK);
        let state = state.map(|s| RunState::parse(&s).ok_or_else(wrong("state")));
        let before = some(self.after.as_deref().unwrap_or_default());
        let before = before.map(|id| id.parse().map_err(|_| wrong("after")()));
        Ok(Filter {
            state: state.transpose()?,
            stuck,
            lane: some(&self.lane),
            name: some(&self.name),
            project: some(&self.project),
            before: before.transpose()?,
            limit: page.limit()?,
        })
    }
}

/// A run with its steps, as a list shows it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Run {
    pub id: RunId,
    pub kind: String,
    pub subject: Uuid,
    pub state: RunState,
    pub parent: Option<RunId>,
    pub about: About,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub steps: Vec<StepRow>,
}

impl Run {
    /// The step that is not over, or the last one.
    #[must_use]
    pub fn now(&self) -> Option<&StepRow> {
        let unfinished = self.steps.iter().find(|s| s.ended_at.is_none());
        unfinished.or_else(|| self.steps.last())
    }

    /// Whether it needs a hand, or may soon.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        let troubled = |s: &StepRow| s.errors > 0 || s.state == StepState::Errored;
        self.state == RunState::Active && self.now().is_some_and(troubled)
    }
}

/// What a run belongs to, by the names that people know.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunSubject)]
pub struct About {
    pub project: Option<String>,
    pub release: Option<i32>,
    pub tag: Option<String>,
    pub environment: Option<String>,
    pub cluster: Option<String>,
    pub request: Option<i64>,
}

/// One run to its last attempt.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = RunStory)]
pub struct Story {
    #[serde(flatten)]
    pub run: Run,
    pub story: Vec<Step>,
    pub parent_run: Option<Run>,
    pub children: Vec<Run>,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Step {
    pub id: StepId,
    pub name: String,
    pub lane: String,
    /// The name of the system that the lane leads to.
    pub place: String,
    pub state: StepState,
    pub attempt: i32,
    pub errors: i32,
    pub waits_for: Option<Words>,
    pub wake_at: Timestamp,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub worker: Option<String>,
    pub lease_until: Option<Timestamp>,
    pub effect: Option<Effect>,
    pub attempts: Vec<Attempt>,
}

/// The change in the outside world that a step makes, by its name there.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Effect {
    pub kind: String,
    pub target: String,
    pub name: String,
    pub state: String,
    pub attempts: i32,
    pub confirmed_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Attempt {
    pub attempt: i32,
    pub worker: String,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// `None` while it is under way.
    pub outcome: Option<String>,
    pub detail: Option<Words>,
}

/// One page of runs, newest first.
///
/// # Errors
/// 403 without the right, 400 for a filter that makes no sense.
pub async fn list(app: &App, actor: &Actor, wanted: &Wanted) -> Result<List<Run>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let filter = wanted.filter()?;
    let more = Filter {
        limit: filter.limit + 1,
        ..filter.clone()
    };
    let ids = store::ids(app.db.pool(), &more).await?;
    let runs = store::by_ids(app.db.pool(), &ids).await?;
    Ok(List::cut(runs, filter.limit, |run| run.id.to_string()))
}

/// One run with its steps, their attempts, what started it and what it started.
///
/// # Errors
/// 403 without the right, 404 for no such run.
pub async fn story(app: &App, actor: &Actor, id: RunId) -> Result<Story, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let pool = app.db.pool();
    let mut found = store::by_ids(pool, &[id]).await?;
    let run = found.pop().ok_or(AppError::NotFound)?;
    let children = store::children(pool, id).await?;
    let mut children = store::by_ids(pool, &children).await?;
    children.reverse();
    let parent_run = match run.parent {
        Some(parent) => store::by_ids(pool, &[parent]).await?.pop(),
        None => None,
    };
    Ok(Story {
        story: store::steps(pool, id).await?,
        run,
        parent_run,
        children,
    })
}

/// Lanes with unfinished work, each with the name of the system behind it.
///
/// # Errors
/// No database.
pub async fn lanes(app: &App) -> Result<Vec<(String, String)>, DbError> {
    store::lanes(app.db.pool()).await
}

/// How many active runs are in trouble, and how many of them have given up and wait for an
/// operator: for the start page of those who operate runs.
///
/// # Errors
/// No database.
pub async fn count_stuck(app: &App) -> Result<(i64, i64), DbError> {
    store::count_stuck(app.db.pool()).await
}
