//! Filing a request, and each later revision of it.
//!
//! Invariant: revisions are never changed. Whatever a decider would be shown differently is a new
//! revision, and the decisions on the one before count no longer.

use serde::Deserialize;
use serde_json::{Value, json};

use super::moved::tell_stuck;
use super::policy::{self, Terms};
use super::{
    Because, Computed, Filing, MAX_NOTE, Request, RequestId, RequestKind, State, announce,
    content_hash, decided_words, draft, get, news_of, store, tell, unknown_kind,
};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::{DbError, Tx};
use crate::error::{AppError, FieldError};
use crate::identity::{Actor, TokenScope, delegation};
use crate::news::{self, Happening, News};

/// Files a request: checked, computed, stored, on record, in one transaction.
///
/// # Errors
/// 400 naming fields, 403, 404 for what the author may not know of, 409 for a double.
pub async fn file(app: &App, actor: &Actor, filing: Filing) -> Result<i64, AppError> {
    file_together(app, actor, &filing, &[]).await
}

/// Files several requests that are asked for together, all or none; the number of the first. Each
/// is checked, computed and decided on as if it were alone.
///
/// # Errors
/// As [`file()`]; what is wrong with one of the others has the field that asked for it before its
/// own.
pub async fn file_together(
    app: &App,
    actor: &Actor,
    first: &Filing,
    others: &[Filing],
) -> Result<i64, AppError> {
    let mut tx = app.db.begin().await?;
    let number = file_in(app, &mut tx, actor, first).await?;
    let mut numbers = vec![number];
    for other in others {
        let filed = file_in(app, &mut tx, actor, other).await;
        numbers.push(filed.map_err(|error| elsewhere(other, error))?);
    }
    if !others.is_empty() {
        store::bundle(tx.connection(), &numbers).await?;
    }
    tx.commit().await?;
    Ok(number)
}

/// What is wrong with a filing that is not the first of several.
fn elsewhere(filing: &Filing, error: AppError) -> AppError {
    let place = filing.asked_as.clone().unwrap_or_default();
    match error {
        AppError::Invalid(fields) => {
            let name = |e: FieldError| FieldError {
                field: format!("{place}.{}", e.field),
                ..e
            };
            AppError::Invalid(fields.into_iter().map(name).collect())
        }
        AppError::Conflict(words) => AppError::Invalid(vec![FieldError {
            field: place,
            words,
        }]),
        other => other,
    }
}

async fn file_in(app: &App, tx: &mut Tx, actor: &Actor, filing: &Filing) -> Result<i64, AppError> {
    check_note(&filing.note)?;
    let kind = app.kinds.get(&filing.kind).ok_or_else(unknown_kind)?;
    let computed = kind.compute(app, tx, actor, filing).await?;
    if let Some(path) = &filing.draft {
        draft::filed(tx, actor.id, path).await?;
    }
    insert(app, tx, actor, &filing.kind, &computed, &filing.note).await
}

fn check_note(note: &str) -> Result<(), AppError> {
    if note.chars().count() > MAX_NOTE {
        return Err(AppError::field("note", "field-too-long"));
    }
    Ok(())
}

/// Stores a computed request; also for kinds that are filed by another page's button.
///
/// # Errors
/// 409 for a double.
pub async fn insert(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    kind: &str,
    computed: &Computed,
    note: &str,
) -> Result<i64, AppError> {
    let known = app.kinds.get(kind).ok_or_else(unknown_kind)?;
    let terms = terms(tx, known.as_ref(), computed).await?;
    let hash = content_hash(&computed.payload, &computed.computed, note)?;
    let new = store::New {
        id: RequestId::new(),
        kind,
        author: actor.responsible,
        computed,
        terms: &terms,
    };
    let number = store::insert(tx.connection(), &new).await.map_err(double)?;
    let revision = store::Revision {
        request: new.id,
        author: actor.responsible.0,
        number: 1,
        because: Because::Filed,
        payload: &computed.payload,
        computed: &computed.computed,
        hash: &hash,
        note,
    };
    store_revision(tx, known.as_ref(), computed, &revision, &terms).await?;
    let entry = Entry::done("request.file", "request", number).after(json!({
        "kind": kind, "subject": computed.subject, "hash": hex::encode(&hash),
    }));
    let entry = match computed.project {
        Some(project) => entry.in_project(project),
        None => entry,
    };
    audit::record(tx, &entry, &Origin::from(actor)).await?;
    known.filed(tx, computed).await?;
    // The question whether a release may go on is told as the release's own.
    if computed.release.is_none()
        && let Some(request) = store::find_by_id(tx.connection(), new.id).await?
    {
        let news = news_of(&request, Happening::RequestWaits, "notice-request-waits");
        tell(tx, actor, news, computed.project).await?;
    }
    announce(tx, number, computed.project).await?;
    Ok(number)
}

/// The policy's terms, or the usual ones of the kind.
async fn terms(tx: &mut Tx, kind: &dyn RequestKind, computed: &Computed) -> Result<Terms, DbError> {
    let environment = computed.environment;
    let found = policy::terms(tx, kind.name(), environment, computed.project).await?;
    match found {
        Some(terms) => Ok(terms),
        None => Ok(Terms::usual(kind.usual_quorum(tx, environment).await?)),
    }
}

/// The revision, whom it asks, and who is left out.
async fn store_revision(
    tx: &mut Tx,
    kind: &dyn RequestKind,
    about: &Computed,
    revision: &store::Revision<'_>,
    terms: &Terms,
) -> Result<(), DbError> {
    store::insert_revision(tx.connection(), revision, &terms.quorum).await?;
    if terms.excludes.is_empty() {
        return Ok(());
    }
    for (because, account) in kind.involved(tx, about).await? {
        if terms.excludes.contains(&because) {
            store::exclude(tx.connection(), revision, account, because).await?;
        }
    }
    Ok(())
}

fn double(error: DbError) -> AppError {
    match error.constraint() {
        Some("request_one_onboarding") => AppError::conflict("request-onboarding-twice"),
        Some("request_one_per_release") => AppError::conflict("request-release-twice"),
        Some(_) | None => error.into(),
    }
}

/// What a request is to ask for instead.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Revising {
    pub parameters: Value,
    #[serde(default)]
    pub note: String,
    /// The hash of the revision that was before the author's eyes.
    pub hash: String,
    /// The address of the form whose draft this ends.
    #[serde(skip)]
    pub draft: Option<String>,
}

/// Gives an open request a new revision. Decisions on the former one count no longer.
///
/// # Errors
/// 403 for others than the author, 400 naming fields, 409 when it was decided or changed.
pub async fn revise(
    app: &App,
    actor: &Actor,
    number: i64,
    revising: &Revising,
) -> Result<Request, AppError> {
    let seen = get(app, actor, number).await?;
    if actor.responsible.0 != seen.author_id {
        return Err(AppError::forbidden("request-revise-own"));
    }
    actor.must_hold(TokenScope::Request)?;
    check_note(&revising.note)?;
    let mut tx = app.db.begin().await?;
    store::lock(tx.connection(), seen.id).await?;
    let now = store::find_by_id(tx.connection(), seen.id).await?;
    let now = now.ok_or(AppError::NotFound)?;
    if now.state != State::Open {
        return Err(AppError::Conflict(decided_words(&now)));
    }
    if revising.hash != now.hash {
        return Err(AppError::conflict("request-changed"));
    }
    let filing = Filing {
        kind: now.kind.clone(),
        project: now.project.clone(),
        environment: now.environment.clone(),
        parameters: revising.parameters.clone(),
        note: revising.note.clone(),
        former: Some(now.parameters.clone()),
        draft: revising.draft.clone(),
        asked_as: None,
    };
    let kind = app.kinds.get(&now.kind).ok_or_else(unknown_kind)?;
    let computed = kind.compute(app, &mut tx, actor, &filing).await?;
    let next = Next {
        by: Some(actor),
        because: Because::Changed,
        subject: &computed.subject,
        payload: &computed.payload,
        computed: &computed.computed,
        note: &revising.note,
    };
    append(app, &mut tx, &now, &next).await?;
    if let Some(path) = &filing.draft {
        draft::filed(&mut tx, actor.id, path).await?;
    }
    tx.commit().await?;
    get(app, actor, number).await
}

/// What a new revision holds.
struct Next<'a> {
    /// Whose doing it is; nobody's where the portal itself found that the world has moved.
    by: Option<&'a Actor>,
    because: Because,
    subject: &'a str,
    payload: &'a Value,
    computed: &'a Value,
    note: &'a str,
}

/// Stores it unless nothing differs, and tells those who decide.
async fn append(app: &App, tx: &mut Tx, now: &Request, next: &Next<'_>) -> Result<(), AppError> {
    let hash = content_hash(next.payload, next.computed, next.note)?;
    if hex::encode(&hash) == now.hash {
        return Ok(());
    }
    let kind = app.kinds.get(&now.kind).ok_or_else(unknown_kind)?;
    let place = Computed {
        subject: next.subject.to_owned(),
        project: now.project_id,
        environment: now.environment_id,
        release: now.release_id,
        payload: next.payload.clone(),
        computed: next.computed.clone(),
    };
    let terms = terms(tx, kind.as_ref(), &place).await?;
    let revision = store::Revision {
        request: now.id,
        author: now.author_id,
        number: now.revision + 1,
        because: next.because,
        payload: next.payload,
        computed: next.computed,
        hash: &hash,
        note: next.note,
    };
    store::advance(tx.connection(), &revision, next.subject, &terms)
        .await
        .map_err(double)?;
    store_revision(tx, kind.as_ref(), &place, &revision, &terms).await?;
    let entry = Entry::done("request.revise", "request", now.number)
        .before(json!({ "revision": now.revision, "hash": now.hash }))
        .after(
            json!({ "revision": revision.number, "hash": hex::encode(&hash),
            "because": next.because }),
        );
    let entry = match now.project_id {
        Some(project) => entry.in_project(project),
        None => entry,
    };
    let origin = next.by.map(Origin::from).unwrap_or_default();
    audit::record(tx, &entry, &origin).await?;
    let code = format!("notice-request-{}", next.because);
    let news = news_of(now, Happening::RequestWaits, &code);
    match next.by {
        Some(actor) => tell(tx, actor, news, now.project_id).await?,
        // Somebody's word counts no longer; where nobody gave one yet, nobody has to come back.
        None if !now.decisions_now().is_empty() => {
            let project = now.project_id.map(|p| p.0);
            news::tell(tx, &News { project, ..news }).await?;
        }
        None => {}
    }
    announce(tx, now.number, now.project_id).await?;
    Ok(())
}

/// Whether what an open request would do is no longer what its revision says. Nothing is stored.
///
/// # Errors
/// Why it could not be done any more.
pub async fn has_moved(app: &App, request: &Request) -> Result<bool, AppError> {
    let kind = app.kinds.get(&request.kind).ok_or_else(unknown_kind)?;
    let mut tx = app.db.begin().await?;
    let fresh = kind.recompute(app, &mut tx, request).await?;
    Ok(!request.still_says(&fresh)?)
}

/// The request as it would say if it were computed now. Nothing is stored.
///
/// # Errors
/// Why it could not be done any more.
pub async fn outlook(app: &App, request: &Request) -> Result<Request, AppError> {
    let kind = app.kinds.get(&request.kind).ok_or_else(unknown_kind)?;
    let mut tx = app.db.begin().await?;
    let computed = kind.recompute(app, &mut tx, request).await?;
    Ok(Request {
        computed,
        ..request.clone()
    })
}

/// Gives an open request whose world has moved a revision that says what is true now.
///
/// # Errors
/// 409 when it was decided, or could not be done any more.
pub async fn renew(app: &App, actor: &Actor, number: i64) -> Result<Request, AppError> {
    let seen = get(app, actor, number).await?;
    let mut tx = app.db.begin().await?;
    renew_in(app, &mut tx, Some(actor), seen.id).await?;
    tx.commit().await?;
    get(app, actor, number).await
}

/// The same in a transaction, which then holds the request.
///
/// # Errors
/// As [`renew`].
pub async fn renew_in(
    app: &App,
    tx: &mut Tx,
    by: Option<&Actor>,
    id: RequestId,
) -> Result<(), AppError> {
    store::lock(tx.connection(), id).await?;
    let now = store::find_by_id(tx.connection(), id).await?;
    let now = now.ok_or(AppError::NotFound)?;
    if now.state != State::Open {
        return Err(AppError::Conflict(decided_words(&now)));
    }
    let kind = app.kinds.get(&now.kind).ok_or_else(unknown_kind)?;
    let fresh = kind.recompute(app, tx, &now).await?;
    let next = Next {
        by,
        because: Because::Moved,
        subject: &now.subject,
        payload: &now.parameters,
        computed: &fresh,
        note: &now.note,
    };
    append(app, tx, &now, &next).await?;
    tell_stuck(tx, id, None).await
}

/// The same by hand: for the author, and for those who would decide on it.
///
/// # Errors
/// 403 for others, 409 when it was decided or could not be done any more.
pub async fn renew_by(app: &App, actor: &Actor, number: i64) -> Result<Request, AppError> {
    let seen = get(app, actor, number).await?;
    if actor.responsible.0 == seen.author_id {
        actor.must_hold(TokenScope::Request)?;
    } else {
        let absent = delegation::absent(app, actor).await?;
        seen.say_of(actor, &absent)?;
    }
    renew(app, actor, number).await
}
