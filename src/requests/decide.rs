//! Deciding: a yes or a no to exactly what was shown.

use serde::Deserialize;
use serde_json::json;

use super::{
    Approved, MAX_NOTE, Request, Say, State, Verdict, announce, decided_words, get, moved, news_of,
    renew, store, tell, unknown_kind,
};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::{Actor, delegation};
use crate::news::{self, Happening, News};

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
    let absent = delegation::absent(app, actor).await?;
    let say = seen.say_of(actor, &absent)?;
    check_decision(&seen, actor, deciding)?;
    let decided = store_decision(app, actor, &seen, &say, deciding).await;
    if let Err(AppError::Conflict(words)) = &decided
        && words.code == MOVED
    {
        // What is true now is shown at once, to be decided on anew.
        renew(app, actor, number).await?;
    }
    decided?;
    get(app, actor, number).await
}

/// What was shown is not what would be done now.
const MOVED: &str = "request-moved";

async fn store_decision(
    app: &App,
    actor: &Actor,
    seen: &Request,
    say: &Say,
    deciding: &Deciding,
) -> Result<(), AppError> {
    let kind = app.kinds.get(&seen.kind).ok_or_else(unknown_kind)?;
    let mut tx = app.db.begin().await?;
    store::lock(tx.connection(), seen.id).await?;
    // Read again under the lock: another decision may have been made since.
    let now = read_locked(&mut tx, seen).await?;
    if now.decided_at.is_some() {
        return Err(AppError::Conflict(decided_words(&now)));
    }
    // The clock's minute that closes it may not have come round yet.
    if store::is_over(tx.connection(), seen.id).await? {
        return Err(AppError::conflict("request-is-expired"));
    }
    if deciding.verdict == Verdict::Approve {
        let fresh = kind.recompute(app, &mut tx, seen).await?;
        if !seen.still_says(&fresh)? {
            return Err(AppError::conflict(MOVED));
        }
    }
    store::insert_decision(tx.connection(), seen, actor.id, say, deciding)
        .await
        .map_err(|e| decision_error(e, seen))?;
    let request = read_locked(&mut tx, seen).await?;
    if request.revision != seen.revision {
        return Err(AppError::conflict("request-changed"));
    }
    let origin = Origin::from(actor);
    conclude(app, &mut tx, &origin, &request, deciding.verdict).await?;
    tell_decided(&mut tx, actor, &request, deciding).await?;
    let entry = decision_entry(&request, say, deciding);
    audit::record(&mut tx, &entry, &origin).await?;
    announce(&mut tx, seen.number, request.project_id).await?;
    tx.commit().await?;
    Ok(())
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
    origin: &Origin,
    request: &Request,
    verdict: Verdict,
) -> Result<(), AppError> {
    let kind = app.kinds.get(&request.kind).ok_or_else(unknown_kind)?;
    match verdict {
        Verdict::Reject => {
            store::set_state(tx.connection(), request.id, State::Rejected).await?;
            kind.rejected(app, tx, request).await
        }
        Verdict::Approve if request.missing() <= 0 => {
            store::set_state(tx.connection(), request.id, State::Approved).await?;
            let approved = Approved {
                request: request.clone(),
                origin: origin.clone(),
            };
            kind.approved(app, tx, &approved).await?;
            // What was made may be what others were computed from.
            Ok(moved::look_again(tx, request.project_id).await?)
        }
        Verdict::Approve => Ok(()),
    }
}

/// Begins what has all its yeses though nobody has just given one: somebody may decide again
/// whose word is on record. It is the portal's own doing, on the same terms as the last yes.
///
/// # Errors
/// 409 when it was decided, is over, or would do something else now.
pub(super) async fn conclude_by_itself(app: &App, seen: &Request) -> Result<(), AppError> {
    let kind = app.kinds.get(&seen.kind).ok_or_else(unknown_kind)?;
    let mut tx = app.db.begin().await?;
    store::lock(tx.connection(), seen.id).await?;
    let now = read_locked(&mut tx, seen).await?;
    if now.decided_at.is_some() || now.missing() > 0 {
        return Err(AppError::Conflict(decided_words(&now)));
    }
    if store::is_over(tx.connection(), now.id).await? {
        return Err(AppError::conflict("request-is-expired"));
    }
    let fresh = kind.recompute(app, &mut tx, &now).await?;
    if !now.still_says(&fresh)? {
        return Err(AppError::conflict(MOVED));
    }
    let origin = Origin::default();
    conclude(app, &mut tx, &origin, &now, Verdict::Approve).await?;
    let entry = Entry::done("request.conclude", "request", now.number)
        .after(json!({ "hash": now.hash, "revision": now.revision }));
    audit::record(&mut tx, &in_its_project(entry, &now), &origin).await?;
    let news = News {
        project: now.project_id.map(|p| p.0),
        ..news_of(&now, Happening::RequestDecided, "notice-request-approved")
    };
    news::tell(&mut tx, &news).await?;
    announce(&mut tx, now.number, now.project_id).await?;
    Ok(tx.commit().await?)
}

fn decision_entry(request: &Request, say: &Say, deciding: &Deciding) -> Entry {
    let action = match deciding.verdict {
        Verdict::Approve => "request.approve",
        Verdict::Reject => "request.reject",
    };
    let entry = Entry::done(action, "request", request.number)
        .after(json!({ "hash": deciding.hash, "revision": request.revision,
            "stands_for": say.stands_for.as_ref().map(|(id, _)| id) }));
    in_its_project(entry, request)
}

fn in_its_project(entry: Entry, request: &Request) -> Entry {
    match request.project_id {
        Some(project) => entry.in_project(project),
        None => entry,
    }
}

fn decision_error(error: DbError, request: &Request) -> AppError {
    match error.constraint() {
        Some("decision_not_by_author") => AppError::forbidden("request-own"),
        Some("decision_not_by_excluded") => AppError::forbidden("request-excluded-confirmer"),
        Some("decision_once" | "decision_once_for_each") => {
            AppError::Conflict(Words::new("request-decided-before").with("at", ""))
        }
        Some("decision_on_what_was_shown") => AppError::conflict("request-changed"),
        Some(_) | None => {
            tracing::debug!(request.number = request.number, "a decision was not stored");
            error.into()
        }
    }
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
