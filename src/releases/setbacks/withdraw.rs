//! Withdrawing a confirmation: nobody stands for the digest any more.
//!
//! A production deployment that is unfinished holds the confirmation by a foreign key, so
//! PostgreSQL refuses a withdrawal meanwhile, whoever comes first.

use super::{New, Reason, SetbackKind, store};
use crate::app::App;
use crate::db::DbError;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::releases::{Event, Release, ReleaseId, advance};
use crate::requests;

/// Withdraws the live confirmation of a release's digest; an open question about production
/// becomes void.
///
/// # Errors
/// 403 for anybody but the one who confirmed and operations, 409 without a confirmation or while
/// production is deployed by it.
pub async fn withdraw(
    app: &App,
    actor: &Actor,
    id: ReleaseId,
    asked: &Reason,
) -> Result<(), AppError> {
    let release = crate::releases::get(app, actor, id).await?;
    may_withdraw(actor, &release)?;
    let note = asked.required()?;
    let mut tx = app.db.begin().await?;
    requests::void_of_release(&mut tx, id.0).await?;
    advance(&mut tx, id, Event::ConfirmationWithdrawn, None).await?;
    match store::withdraw(tx.connection(), id, actor.id).await {
        Ok(true) => {}
        Ok(false) => {
            let found = super::done_before(app, id, SetbackKind::Withdrawn, "withdraw-nothing");
            return Err(found.await?);
        }
        Err(error) => return Err(explained(app, error, &release).await?),
    }
    let new = New::of(SetbackKind::Withdrawn, &release, actor, note);
    new.record(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Those who gave a word may take it back, and operations may.
///
/// # Errors
/// 403 in words.
pub fn may_withdraw(actor: &Actor, release: &Release) -> Result<(), AppError> {
    let scope = Scope::Project(release.project_id);
    let given = release.confirmation.as_ref();
    let own = given.is_some_and(|c| c.by == actor.name) && actor.may(Permission::Confirm, scope);
    if own {
        return Ok(());
    }
    actor.must(Permission::WithdrawConfirmation, scope)
}

/// Who is deploying by the confirmation, and since when.
async fn explained(app: &App, error: DbError, release: &Release) -> Result<AppError, DbError> {
    if error.constraint() != Some("deployment_confirmation_live") {
        return Ok(error.into());
    }
    let user = store::deploying_by(app.db.pool(), release.id).await?;
    Ok(match user {
        Some((who, at)) => AppError::Conflict(
            Words::new("withdraw-deploying")
                .with("who", who)
                .with("at", crate::releases::second(at)),
        ),
        None => refusal(error),
    })
}

/// The same without names, for whoever has none at hand.
pub(super) fn refusal(error: DbError) -> AppError {
    match error.constraint() {
        Some("deployment_confirmation_live") => AppError::conflict("withdraw-in-use"),
        Some(_) | None => error.into(),
    }
}
