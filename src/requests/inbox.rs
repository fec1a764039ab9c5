//! Lists of requests: what waits for somebody, what they filed, what they see.

use uuid::Uuid;

use super::store::{self, Decider, Filter};
use super::{Request, State};
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::web::layout::MOST_COUNTED;
use crate::web::paging::{List, Page};

crate::words! {
    /// Whose requests a list shows.
    pub enum View { Me = "me", Mine = "mine", All = "all" }
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Narrowed {
    pub view: Option<View>,
    pub state: Option<State>,
    pub page: Page,
}

/// How many are open behind each view.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    pub me: i64,
    pub mine: i64,
    pub all: i64,
}

impl Decider {
    fn of(actor: &Actor) -> Self {
        let everywhere = Permission::ALL
            .iter()
            .filter(|p| actor.may(**p, Scope::Platform))
            .map(ToString::to_string);
        let granted = actor.memberships.iter().flat_map(|(id, roles)| {
            let held = Permission::ALL
                .iter()
                .filter(|p| roles.iter().any(|r| r.grants(**p)));
            held.map(|p| (id.0, p.to_string()))
        });
        let (projects, permissions) = granted.unzip();
        Self {
            account: actor.id.0,
            everywhere: everywhere.collect(),
            projects,
            permissions,
        }
    }
}

fn visible(actor: &Actor) -> Option<Vec<Uuid>> {
    (!actor.sees_all_projects()).then(|| actor.project_ids())
}

/// Requests that wait for this person, for the menu; it counts no further than it shows.
///
/// # Errors
/// No answer from the database.
pub async fn count_waiting(app: &App, actor: &Actor) -> Result<i64, AppError> {
    let decider = Decider::of(actor);
    let found = store::waiting(app.db.pool(), &decider, None, MOST_COUNTED).await?;
    Ok(i64::try_from(found.len()).unwrap_or(MOST_COUNTED))
}

/// How many are open behind each view; `me` is what the menu counted.
///
/// # Errors
/// No answer from the database.
pub async fn counts(app: &App, actor: &Actor, me: i64) -> Result<Counts, AppError> {
    let seen = visible(actor);
    let (mine, all) = store::count_open(app.db.pool(), actor.id.0, seen.as_deref()).await?;
    Ok(Counts { me, mine, all })
}

/// One page of requests that this person may see, newest first.
///
/// # Errors
/// A page that makes no sense.
pub async fn list(
    app: &App,
    actor: &Actor,
    narrowed: &Narrowed,
) -> Result<List<Request>, AppError> {
    let limit = narrowed.page.limit()?;
    let before = narrowed.page.after_number()?;
    let numbers = match narrowed.view.unwrap_or(View::All) {
        View::Me => {
            let decider = Decider::of(actor);
            Some(store::waiting(app.db.pool(), &decider, before, limit + 1).await?)
        }
        View::Mine | View::All => None,
    };
    let mine = narrowed.view == Some(View::Mine);
    let filter = Filter {
        state: narrowed.state,
        author: mine.then_some(actor.id.0),
        numbers,
        visible: visible(actor),
        own: actor.id.0,
        before,
        limit: limit + 1,
    };
    let rows = store::list(app.db.pool(), &filter).await?;
    Ok(List::cut(rows, limit, |r| r.number.to_string()))
}
