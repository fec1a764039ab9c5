//! Lists of requests: what waits for somebody, what they filed, what they see.

use uuid::Uuid;

use super::store::{self, Decider, Filter};
use super::{Request, State};
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope, delegation};
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
    /// What somebody's rights give whoever presses the button: themselves, or a deputy.
    fn of(actor: &Actor, presses: &Actor) -> Self {
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
            account: presses.id.0,
            principal: actor.id.0,
            groups: actor.groups.clone(),
            everywhere: everywhere.collect(),
            projects,
            permissions,
        }
    }
}

fn visible(actor: &Actor) -> Option<Vec<Uuid>> {
    (!actor.sees_all_projects()).then(|| actor.project_ids())
}

/// The numbers of requests that wait for this person, for the menu; no more than it counts.
///
/// # Errors
/// No answer from the database.
pub async fn all_waiting(app: &App, actor: &Actor) -> Result<Vec<i64>, AppError> {
    waiting(app, actor, None, MOST_COUNTED).await
}

/// The first of those that wait for this person, whose numbers the menu may know already.
///
/// # Errors
/// No answer from the database.
pub async fn first_waiting(
    app: &App,
    actor: &Actor,
    (known, limit): (Option<&[i64]>, i64),
) -> Result<Vec<Request>, AppError> {
    let numbers = match known {
        Some(known) => known.to_vec(),
        None => waiting(app, actor, None, limit).await?,
    };
    let filter = Filter {
        state: None,
        author: None,
        numbers: Some(numbers),
        visible: None,
        own: actor.id.0,
        before: None,
        limit,
    };
    Ok(store::list(app.db.pool(), &filter).await?)
}

/// What waits for this person, or for somebody they stand in for, newest first.
async fn waiting(
    app: &App,
    actor: &Actor,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<i64>, AppError> {
    let own = Decider::of(actor, actor);
    let mut numbers = store::waiting(app.db.pool(), &own, before, limit).await?;
    if actor.stands_for.is_empty() {
        return Ok(numbers);
    }
    for person in delegation::absent(app, actor).await? {
        let theirs = Decider::of(&person, actor);
        numbers.extend(store::waiting(app.db.pool(), &theirs, before, limit).await?);
    }
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    numbers.dedup();
    numbers.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(numbers)
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
        View::Me => Some(waiting(app, actor, before, limit + 1).await?),
        View::Mine | View::All => None,
    };
    let mine = narrowed.view == Some(View::Mine);
    // Who is asked sees what they are asked, also of projects that they are not in.
    let visible = match &numbers {
        Some(_) => None,
        None => visible(actor),
    };
    let filter = Filter {
        state: narrowed.state,
        author: mine.then_some(actor.id.0),
        numbers,
        visible,
        own: actor.id.0,
        before,
        limit: limit + 1,
    };
    let rows = store::list(app.db.pool(), &filter).await?;
    Ok(List::cut(rows, limit, |r| r.number.to_string()))
}

/// The other requests that one was asked for together with, as far as this person sees them, in
/// their order; each with its component, where that is another one's.
///
/// # Errors
/// No answer from the database.
pub async fn together(
    app: &App,
    actor: &Actor,
    request: &Request,
) -> Result<Vec<(Request, Option<String>)>, AppError> {
    let Some(bundle) = request.bundle else {
        return Ok(Vec::new());
    };
    let bundled = store::bundled(app.db.pool(), bundle).await?;
    let numbers: Vec<i64> = bundled.iter().map(|(number, _)| *number).collect();
    let filter = Filter {
        state: None,
        author: None,
        limit: i64::try_from(numbers.len()).unwrap_or(i64::MAX),
        numbers: Some(numbers),
        visible: None,
        own: actor.id.0,
        before: None,
    };
    let mut others = store::list(app.db.pool(), &filter).await?;
    others.retain(|other| other.id != request.id && other.visible_to(actor));
    let own = request.parameters["component"].as_str();
    let component = |other: &Request| {
        let found = bundled.iter().find(|(number, _)| *number == other.number);
        let name = found.and_then(|(_, component)| component.clone());
        name.filter(|name| Some(name.as_str()) != own)
    };
    let others = others.into_iter().rev();
    Ok(others
        .map(|other| (other.clone(), component(&other)))
        .collect())
}
