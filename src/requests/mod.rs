//! Requests: what needs a yes, in immutable revisions, decided by others than their author.
//!
//! Invariant: a decision counts for exactly the content it was made on. The hash covers the
//! payload and everything computed from it; when either moved, the decision is refused.

pub mod api;
mod comment;
mod decide;
pub mod draft;
mod expiry;
mod file;
mod inbox;
mod kind;
mod moved;
pub mod policy;
mod quorum;
pub mod revisions;
mod store;
pub mod web;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

pub use comment::{Attachment, Comment, Commenting, comment, comments};
pub use decide::{Deciding, decide};
pub use expiry::timers;
use file::renew;
pub use file::{Revising, file, file_together, has_moved, insert, outlook, renew_by, revise};
pub use inbox::{Counts, Narrowed, View, all_waiting, counts, first_waiting, list, together};
pub use kind::{
    Approved, Asking, Computed, Fact, Filing, Kinds, RequestKind, Said, Typing, Work, schema_of,
};
use moved::in_the_way;
pub use moved::look_again;
pub use policy::Involved;
pub use quorum::{Quorum, Say, Standing, Voters, roles};
pub use revisions::compared;
pub use store::{Made, open_production_request};

use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Person, ProjectId, Scope, TokenScope, delegation};
use crate::news::{self, Happening, News};

crate::id! { RequestId }

crate::words! {
    pub enum State as RequestState {
        Open = "open",
        Approved = "approved",
        Rejected = "rejected",
        Withdrawn = "withdrawn",
        Expired = "expired",
        /// What it was about was taken back.
        Void = "void",
        Done = "done",
        Failed = "failed",
    }

    pub enum Verdict { Approve = "approve", Reject = "reject" }

    /// Why there is a revision: it was filed, its author changed it, or what it was computed from
    /// moved.
    pub enum Because as RevisionBecause { Filed = "filed", Changed = "changed", Moved = "moved" }
}

/// Longest note or comment, in characters; the table says the same.
pub const MAX_NOTE: usize = 2000;

/// A request with its newest revision.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Request {
    pub id: RequestId,
    pub number: i64,
    pub kind: String,
    pub subject: String,
    #[serde(skip)]
    pub project_id: Option<ProjectId>,
    pub project: Option<String>,
    pub environment: Option<String>,
    #[serde(skip)]
    pub environment_id: Option<Uuid>,
    #[serde(skip)]
    pub release_id: Option<Uuid>,
    pub author: Person,
    #[serde(skip)]
    pub author_id: Uuid,
    pub state: State,
    pub revision: i32,
    /// 64 hex digits; a decision names it.
    pub hash: String,
    pub parameters: Value,
    pub computed: Value,
    pub note: String,
    pub created_at: Timestamp,
    pub decided_at: Option<Timestamp>,
    /// What it was asked for together with has the same.
    #[serde(skip)]
    pub bundle: Option<Uuid>,
    /// Why it could not be carried out when it was last looked at, while it is open.
    pub stuck: Option<Words>,
    /// When it closes itself.
    pub expires_at: Option<Timestamp>,
    /// Why there is this revision.
    pub because: Because,
    pub quorum: Vec<Quorum>,
    /// Who may not decide though they hold the right.
    pub excluded: Vec<Excluded>,
    pub decisions: Vec<Decision>,
}

/// Somebody who made or tested what it is about.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Excluded {
    pub user: String,
    pub display_name: String,
    pub because: Involved,
}

/// One person's word on one revision.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Decision {
    pub by: String,
    pub display_name: String,
    pub verdict: Verdict,
    pub revision: i32,
    pub hash: String,
    pub comment: String,
    /// The asked groups that it counts for, by their place in `quorum`; while the request is
    /// open, those that its giver still belongs to.
    pub fills: Vec<i32>,
    /// The asked groups that it was given for.
    pub given_for: Vec<i32>,
    /// Whether who gave it, or who was away, cannot sign in any more.
    #[serde(skip_serializing)]
    #[schema(ignore)]
    pub is_gone: bool,
    /// Display name of who was away, where a deputy decided.
    #[serde(default)]
    pub stands_for: Option<String>,
    #[serde(default)]
    #[schema(ignore)]
    #[serde(skip_serializing)]
    pub stands_for_user: Option<String>,
    pub at: Timestamp,
}

impl Request {
    /// Where rights are asked for.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.project_id.map_or(Scope::Platform, Scope::Project)
    }

    /// Whether this person knows of it: its author, who sees its project, whoever is asked.
    #[must_use]
    pub fn visible_to(&self, actor: &Actor) -> bool {
        actor.id.0 == self.author_id
            || self.project_id.map_or_else(
                || actor.may(Permission::ViewPlatform, Scope::Platform),
                |id| actor.may(Permission::ViewProject, Scope::Project(id)),
            )
            || !quorum::fills(&self.quorum, actor, self.scope()).is_empty()
    }

    /// Whether what it would do, computed anew, is still what its revision says.
    fn still_says(&self, fresh: &Value) -> Result<bool, AppError> {
        Ok(canonical(&self.computed)? == canonical(fresh)?)
    }

    fn is_decided_by(&self, actor: &Actor) -> bool {
        self.decisions.iter().any(|d| d.by == actor.name)
    }

    /// The words that were given on the newest revision.
    fn decisions_now(&self) -> Vec<&Decision> {
        let now = |d: &&Decision| d.revision == self.revision;
        self.decisions.iter().filter(now).collect()
    }

    /// This person's decision on the newest revision, also if a deputy made it.
    #[must_use]
    pub fn decision_of(&self, name: &str) -> Option<&Decision> {
        let is_theirs = |d: &&Decision| d.by == name || d.stands_for_user.as_deref() == Some(name);
        self.decisions_now().into_iter().find(is_theirs)
    }
}

/// The hash of what a decider is shown: RFC 8785 JSON of payload, everything computed, and the
/// author's reason.
///
/// # Errors
/// A number that JSON cannot hold.
fn content_hash(payload: &Value, computed: &Value, note: &str) -> Result<Vec<u8>, AppError> {
    let content = json!({ "payload": payload, "computed": computed, "note": note });
    Ok(digest(&SHA256, &canonical(&content)?).as_ref().to_vec())
}

fn canonical(value: &Value) -> Result<Vec<u8>, AppError> {
    serde_jcs::to_vec(value)
        .map_err(|e| AppError::Internal(format!("cannot canonicalise a request: {e}")))
}

fn news_of(request: &Request, happening: Happening, code: &str) -> News {
    let words = Words::new(code).with("number", request.number);
    let path = format!("/requests/{}", request.number);
    News::new(happening, words, path)
        .about(web::title(request))
        .on_request(request.number)
}

async fn tell(
    tx: &mut Tx,
    actor: &Actor,
    news: News,
    project: Option<ProjectId>,
) -> Result<(), DbError> {
    let news = News {
        project: project.map(|p| p.0),
        ..news.by(actor.responsible.0, &actor.display_name)
    };
    news::tell(tx, &news).await
}

/// Who decided it, and when.
#[must_use]
pub fn decided_words(request: &Request) -> Words {
    let by = request
        .decisions
        .last()
        .map_or("", |d| d.display_name.as_str());
    let at = request
        .decided_at
        .map(|t| t.round(Unit::Second).unwrap_or(t).to_string())
        .unwrap_or_default();
    Words::new(&format!("request-is-{}", request.state))
        .with("who", by)
        .with("at", at)
}

fn unknown_kind() -> AppError {
    AppError::field("kind", "request-kind-unknown")
}

/// Pages that show the inbox or the request look again.
async fn announce(tx: &mut Tx, number: i64, project: Option<ProjectId>) -> Result<(), DbError> {
    let project = project.map(|p| p.0);
    tx.event("requests", None).await?;
    tx.event(&format!("request:{number}"), project).await
}

/// The newest request for a release's way into production, with its decisions.
///
/// # Errors
/// No answer from the database.
pub async fn of_release(app: &App, release: Uuid) -> Result<Option<Request>, DbError> {
    match store::newest_of_release(app.db.pool(), release).await? {
        Some(number) => store::find(app.db.pool(), number).await,
        None => Ok(None),
    }
}

/// The request by which something was made, if this person may see it.
///
/// # Errors
/// No answer from the database.
pub async fn that_made(app: &App, actor: &Actor, made: &Made<'_>) -> Result<Option<i64>, AppError> {
    let Some(number) = store::newest_made(app.db.pool(), made).await? else {
        return Ok(None);
    };
    match get(app, actor, number).await {
        Ok(request) => Ok(Some(request.number)),
        Err(AppError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A request that this person may see.
///
/// # Errors
/// 404 otherwise.
pub async fn get(app: &App, actor: &Actor, number: i64) -> Result<Request, AppError> {
    let found = store::find(app.db.pool(), number).await?;
    let request = found.ok_or(AppError::NotFound)?;
    if request.visible_to(actor) {
        return Ok(request);
    }
    // Who stands in for somebody sees what they are to decide on, and what they decided.
    let absent = delegation::absent(app, actor).await?;
    if absent.iter().any(|person| request.visible_to(person)) || request.is_decided_by(actor) {
        return Ok(request);
    }
    Err(AppError::NotFound)
}

/// Takes a request back; only its author may, while it is open.
///
/// # Errors
/// 403 for others, 409 when it was decided.
pub async fn withdraw(app: &App, actor: &Actor, number: i64) -> Result<Request, AppError> {
    let seen = get(app, actor, number).await?;
    if actor.responsible.0 != seen.author_id {
        return Err(AppError::forbidden("request-withdraw-own"));
    }
    actor.must_hold(TokenScope::Request)?;
    let kind = app.kinds.get(&seen.kind).ok_or_else(unknown_kind)?;
    let mut tx = app.db.begin().await?;
    if !store::set_state(tx.connection(), seen.id, State::Withdrawn).await? {
        return Err(AppError::Conflict(decided_words(&seen)));
    }
    kind.rejected(app, &mut tx, &seen).await?;
    let entry = Entry::done("request.withdraw", "request", number);
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    announce(&mut tx, number, seen.project_id).await?;
    tx.commit().await?;
    get(app, actor, number).await
}

/// A release was taken back, so the open question about it is void. Returns its number.
///
/// # Errors
/// No answer from the database.
pub async fn void_of_release(tx: &mut Tx, release: Uuid) -> Result<Option<i64>, DbError> {
    let Some((number, project)) = store::void(tx.connection(), release).await? else {
        return Ok(None);
    };
    announce(tx, number, project).await?;
    Ok(Some(number))
}

/// A project was off-boarded, so everything that was open about it is void.
///
/// # Errors
/// No answer from the database.
pub async fn void_of_project(tx: &mut Tx, project: ProjectId) -> Result<(), DbError> {
    for number in store::void_of_project(tx.connection(), project).await? {
        announce(tx, number, Some(project)).await?;
    }
    Ok(())
}

/// The durable work that an approval started has ended.
///
/// # Errors
/// No answer from the database.
pub async fn finish(tx: &mut Tx, id: RequestId, well: bool) -> Result<(), DbError> {
    let state = if well { State::Done } else { State::Failed };
    if let Some((number, project)) = store::finish(tx.connection(), id, state).await? {
        announce(tx, number, project).await?;
    }
    Ok(())
}
