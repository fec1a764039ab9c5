//! Rejecting: a tester's no, with a note that tells the developer what was wrong.

use serde::Deserialize;

use super::{New, SetbackKind, store};
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::releases::{Event, Release, ReleaseId, State, advance};
use crate::requests;

/// `POST /releases/{id}/rejection`
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rejecting {
    #[serde(default)]
    pub note: String,
}

/// Rejects a release. Whoever had confirmed its digest does not stand for it any more, and an
/// open question about production is void.
///
/// # Errors
/// 403 without the right, 409 when it is not being judged or production runs on its confirmation.
pub async fn reject(
    app: &App,
    actor: &Actor,
    id: ReleaseId,
    asked: &Rejecting,
) -> Result<(), AppError> {
    let release = crate::releases::get(app, actor, id).await?;
    actor.must(
        Permission::RejectRelease,
        Scope::Project(release.project_id),
    )?;
    let note = super::said("note", &asked.note)?;
    rejectable(&release)?;
    let mut tx = app.db.begin().await?;
    requests::void_of_release(&mut tx, id.0).await?;
    if !advance(&mut tx, id, Event::Rejected, None).await? {
        let found = super::done_before(app, id, SetbackKind::Rejected, "reject-not-now");
        return Err(found.await?);
    }
    let done = store::withdraw(tx.connection(), id, actor.id).await;
    done.map_err(super::withdraw::refusal)?;
    let new = New::of(SetbackKind::Rejected, &release, actor, note);
    new.record(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether a release is being judged, or why it cannot be rejected.
///
/// # Errors
/// 409 in words.
pub fn rejectable(release: &Release) -> Result<(), AppError> {
    match release.state {
        State::AwaitingConfirmation | State::Confirmed | State::AwaitingApproval => Ok(()),
        State::Rejected => Err(match &release.taken_back {
            Some(setback) => super::before(setback),
            None => AppError::conflict("reject-not-now"),
        }),
        State::Requested
        | State::Tagging
        | State::Building
        | State::DeployingTest
        | State::DeployingProduction
        | State::Released
        | State::Failed
        | State::Cancelled => Err(AppError::conflict("reject-not-now")),
    }
}
