//! Requests: what needs a yes, in immutable revisions, decided by others than their author.
//!
//! Invariant: a decision counts for exactly the content it was made on. The hash covers the
//! payload and everything computed from it; when either moved, the decision is refused.

pub mod api;
mod inbox;
mod kind;
mod store;
pub mod web;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

pub use inbox::{Counts, Narrowed, View, count_waiting, counts, list};
pub use kind::{Approved, Computed, Fact, Filing, Kinds, Quorum, RequestKind, Work};
pub use store::open_production_request;

use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Person, ProjectId, Scope, TokenScope};
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
    pub quorum: Vec<Quorum>,
    pub decisions: Vec<Decision>,
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
    pub at: Timestamp,
}

impl Request {
    /// How many more yeses the newest revision needs.
    #[must_use]
    pub fn missing(&self) -> i64 {
        let needed: i64 = self.quorum.iter().map(|q| i64::from(q.needed)).sum();
        let given = self.decisions.iter().filter(|d| {
            d.revision == self.revision && d.verdict == Verdict::Approve && d.hash == self.hash
        });
        needed - i64::try_from(given.count()).unwrap_or(0)
    }

    /// Whether this person may decide; the author never may.
    ///
    /// # Errors
    /// 403 with who may instead.
    pub fn must_be_decidable_by(&self, actor: &Actor) -> Result<(), AppError> {
        if actor.id.0 == self.author_id {
            return Err(AppError::forbidden("request-own"));
        }
        let scope = self.project_id.map_or(Scope::Platform, Scope::Project);
        let holds = |q: &Quorum| actor.may(q.permission, scope);
        match self.quorum.first() {
            Some(_) if self.quorum.iter().any(holds) => Ok(()),
            Some(first) => actor.must(first.permission, scope),
            None => Err(AppError::forbidden("request-own")),
        }
    }

    /// Whether this person knows of it.
    #[must_use]
    pub fn visible_to(&self, actor: &Actor) -> bool {
        actor.id.0 == self.author_id
            || self.project_id.map_or_else(
                || actor.may(Permission::ViewPlatform, Scope::Platform),
                |id| actor.may(Permission::ViewProject, Scope::Project(id)),
            )
    }

    /// This person's decision on the newest revision.
    #[must_use]
    pub fn decision_of(&self, name: &str) -> Option<&Decision> {
        self.decisions
            .iter()
            .find(|d| d.by == name && d.revision == self.revision)
    }
}

/// The hash of what a decider is shown: RFC 8785 JSON of payload and everything computed.
///
/// # Errors
/// A number that JSON cannot hold.
pub fn content_hash(payload: &Value, computed: &Value) -> Result<Vec<u8>, AppError> {
    let content = json!({ "payload": payload, "computed": computed });
    let canonical = serde_jcs::to_vec(&content)
        .map_err(|e| AppError::Internal(format!("cannot canonicalise a request: {e}")))?;
    Ok(digest(&SHA256, &canonical).as_ref().to_vec())
}

/// Files a request: checked, computed, stored, on record, in one transaction.
///
/// # Errors
/// 400 naming fields, 403, 404 for what the author may not know of, 409 for a double.
pub async fn file(app: &App, actor: &Actor, filing: Filing) -> Result<i64, AppError> {
    if filing.note.chars().count() > MAX_NOTE {
        return Err(AppError::field("note", "field-too-long"));
    }
    let kind = app.kinds.get(&filing.kind).ok_or_else(unknown_kind)?;
    let mut tx = app.db.begin().await?;
    let computed = kind.compute(app, &mut tx, actor, &filing).await?;
    let number = insert(&mut tx, actor, &filing.kind, &computed, &filing.note).await?;
    tx.commit().await?;
    Ok(number)
}

fn unknown_kind() -> AppError {
    AppError::field("kind", "request-kind-unknown")
}

/// Stores a computed request; also for kinds that are filed by another page's button.
///
/// # Errors
/// 409 for a double.
pub async fn insert(
    tx: &mut Tx,
    actor: &Actor,
    kind: &str,
    computed: &Computed,
    note: &str,
) -> Result<i64, AppError> {
    let id = RequestId::new();
    let hash = content_hash(&computed.payload, &computed.computed)?;
    let new = store::New {
        id,
        kind,
        author: actor.responsible,
        note,
        hash: &hash,
        computed,
    };
    let number = store::insert(tx.connection(), &new).await.map_err(double)?;
    let entry = Entry::done("request.file", "request", number).after(json!({
        "kind": kind, "subject": computed.subject, "hash": hex::encode(&hash),
    }));
    let entry = match computed.project {
        Some(project) => entry.in_project(project),
        None => entry,
    };
    audit::record(tx, &entry, &Origin::from(actor)).await?;
    // The question whether a release may go on is told as the release's own.
    if computed.release.is_none()
        && let Some(request) = store::find_by_id(tx.connection(), id).await?
    {
        let news = news_of(&request, Happening::RequestWaits, "notice-request-waits");
        tell(tx, actor, news, computed.project).await?;
    }
    announce(tx, number, computed.project).await?;
    Ok(number)
}

fn double(error: DbError) -> AppError {
    match error.constraint() {
        Some("request_one_onboarding") => AppError::conflict("request-onboarding-twice"),
        Some("request_one_per_release") => AppError::conflict("request-release-twice"),
        Some(_) | None => error.into(),
    }
}

fn news_of(request: &Request, happening: Happening, code: &str) -> News {
    let words = Words::new(code).with("number", request.number);
    let path = format!("/requests/{}", request.number);
    News::new(happening, words, path).about(web::title(request))
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

/// Tells that a request is decided, once it is.
async fn tell_decided(
    tx: &mut Tx,
    actor: &Actor,
    request: &Request,
    deciding: &Deciding,
) -> Result<(), DbError> {
    let code = match deciding.verdict {
        Verdict::Approve if request.missing() > 0 => return Ok(()),
        Verdict::Approve => "notice-request-approved",
        Verdict::Reject => "notice-request-rejected",
    };
    let news = News {
        why: news::typed(&deciding.comment),
        ..news_of(request, Happening::RequestDecided, code)
    };
    tell(tx, actor, news, request.project_id).await
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

/// A request that this person may see.
///
/// # Errors
/// 404 otherwise.
pub async fn get(app: &App, actor: &Actor, number: i64) -> Result<Request, AppError> {
    let found = store::find(app.db.pool(), number).await?;
    found
        .filter(|r| r.visible_to(actor))
        .ok_or(AppError::NotFound)
}

/// A decision as it is asked for.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Deciding {
    pub verdict: Verdict,
    pub hash: String,
    #[serde(default)]
    pub comment: String,
}

/// Decides on exactly what was shown. The last yes that is needed starts the work.
///
/// # Errors
/// 403 for the author and for those without the right, 409 when it was decided or changed.
pub async fn decide(
    app: &App,
    actor: &Actor,
    number: i64,
    deciding: &Deciding,
) -> Result<Request, AppError> {
    let seen = get(app, actor, number).await?;
    seen.must_be_decidable_by(actor)?;
    check_decision(&seen, actor, deciding)?;
    let kind = app.kinds.get(&seen.kind).ok_or_else(unknown_kind)?;
    let mut tx = app.db.begin().await?;
    store::lock(tx.connection(), seen.id).await?;
    // Read again under the lock: another decision may have been made since.
    let now = read_locked(&mut tx, &seen).await?;
    if now.decided_at.is_some() {
        return Err(AppError::Conflict(decided_words(&now)));
    }
    if deciding.verdict == Verdict::Approve {
        let fresh = kind.recompute(app, &mut tx, &seen).await?;
        if hex::encode(content_hash(&seen.parameters, &fresh)?) != seen.hash {
            return Err(AppError::conflict("request-moved"));
        }
    }
    store::insert_decision(tx.connection(), &seen, actor.id, deciding)
        .await
        .map_err(|e| decision_error(e, &seen))?;
    let request = read_locked(&mut tx, &seen).await?;
    conclude(app, &mut tx, actor, &request, deciding).await?;
    tell_decided(&mut tx, actor, &request, deciding).await?;
    let entry = decision_entry(&request, deciding);
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    announce(&mut tx, number, request.project_id).await?;
    tx.commit().await?;
    get(app, actor, number).await
}

async fn read_locked(tx: &mut Tx, seen: &Request) -> Result<Request, AppError> {
    let found = store::find_by_id(tx.connection(), seen.id).await?;
    found.ok_or(AppError::NotFound)
}

fn check_decision(seen: &Request, actor: &Actor, deciding: &Deciding) -> Result<(), AppError> {
    if deciding.comment.chars().count() > MAX_NOTE {
        return Err(AppError::field("comment", "field-too-long"));
    }
    if deciding.verdict == Verdict::Reject && deciding.comment.trim().is_empty() {
        return Err(AppError::field("comment", "request-reject-says-why"));
    }
    if seen.state != State::Open {
        return Err(AppError::Conflict(decided_words(seen)));
    }
    if let Some(mine) = seen.decision_of(&actor.name) {
        let words = Words::new("request-decided-before").with("at", mine.at);
        return Err(AppError::Conflict(words));
    }
    if deciding.hash != seen.hash {
        return Err(AppError::conflict("request-changed"));
    }
    Ok(())
}

async fn conclude(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    request: &Request,
    deciding: &Deciding,
) -> Result<(), AppError> {
    let kind = app.kinds.get(&request.kind).ok_or_else(unknown_kind)?;
    match deciding.verdict {
        Verdict::Reject => {
            store::set_state(tx.connection(), request.id, State::Rejected).await?;
            kind.rejected(app, tx, request).await
        }
        Verdict::Approve if request.missing() <= 0 => {
            store::set_state(tx.connection(), request.id, State::Approved).await?;
            let approved = Approved {
                request: request.clone(),
                origin: Origin::from(actor),
            };
            kind.approved(app, tx, &approved).await
        }
        Verdict::Approve => Ok(()),
    }
}

fn decision_entry(request: &Request, deciding: &Deciding) -> Entry {
    let action = match deciding.verdict {
        Verdict::Approve => "request.approve",
        Verdict::Reject => "request.reject",
    };
    let entry = Entry::done(action, "request", request.number)
        .after(json!({ "hash": deciding.hash, "revision": request.revision }));
    match request.project_id {
        Some(project) => entry.in_project(project),
        None => entry,
    }
}

fn decided_words(request: &Request) -> Words {
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

fn decision_error(error: DbError, request: &Request) -> AppError {
    match error.constraint() {
        Some("decision_not_by_author") => AppError::forbidden("request-own"),
        Some("decision_once") => {
            AppError::Conflict(Words::new("request-decided-before").with("at", ""))
        }
        Some("decision_on_what_was_shown") => AppError::conflict("request-changed"),
        Some(_) | None => {
            tracing::debug!(request.number = request.number, "a decision was not stored");
            error.into()
        }
    }
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
