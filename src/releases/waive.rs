//! A waiver: operations let an imported image into production without a test, and say why.
//!
//! Invariant: only what the portal did not build can be waived, and not by whoever imported it,
//! unless the project lets its people confirm what is their own.

use serde_json::json;

use super::{Artifact, ConfirmationKind, Confirming, Event, Origin, Release, ReleaseId, State};
use super::{advance, get, second, store};
use crate::app::App;
use crate::audit::{self, Entry};
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};

/// Waives the test of a digest.
///
/// # Errors
/// 400 without a reason, 403 without the right or for one's own import, 409 for what the portal
/// built or when the release is elsewhere.
pub async fn waive(
    app: &App,
    actor: &Actor,
    id: ReleaseId,
    asked: &Confirming,
) -> Result<(), AppError> {
    let release = get(app, actor, id).await?;
    may(actor, &release)?;
    let note = asked.note.trim();
    if note.is_empty() {
        return Err(AppError::field("note", "setback-says-why"));
    }
    if note.chars().count() > 2000 {
        return Err(AppError::field("note", "field-too-long"));
    }
    let artifact = waivable(&release)?;
    if artifact.digest != asked.digest {
        let words = Words::new("confirm-other-digest").with("digest", &artifact.digest);
        return Err(AppError::Conflict(words));
    }
    let mut tx = app.db.begin().await?;
    if !advance(&mut tx, id, Event::Confirmed, None).await? {
        return Err(AppError::conflict("waive-not-now"));
    }
    let kind = ConfirmationKind::Waiver;
    store::insert_confirmation(tx.connection(), artifact.id, kind, actor.id, note)
        .await
        .map_err(|e| match e.constraint() {
            Some("confirmation_one_live") => AppError::conflict("confirm-twice"),
            Some("confirmation_origin_of_artifact") => AppError::conflict("waive-built"),
            Some(_) | None => e.into(),
        })?;
    let entry = Entry::done("release.waive", "release", id)
        .in_project(release.project_id)
        .after(json!({ "digest": artifact.digest, "reason": note }));
    audit::record(&mut tx, &entry, &audit::Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(())
}

/// Operations, and not about their own import.
///
/// # Errors
/// 403 in words.
pub fn may(actor: &Actor, release: &Release) -> Result<(), AppError> {
    let scope = Scope::Project(release.project_id);
    actor.must(Permission::WaiveConfirmation, scope)?;
    if release.author_id == actor.responsible.0 && !release.may_confirm_own {
        return Err(AppError::forbidden("waive-own"));
    }
    Ok(())
}

/// The artifact whose test can be waived, or why there is none.
///
/// # Errors
/// 409 in words.
pub fn waivable(release: &Release) -> Result<&Artifact, AppError> {
    if let Some(word) = &release.confirmation {
        let words = Words::new("confirm-done-before").with("who", &word.display_name);
        return Err(AppError::Conflict(words.with("at", second(word.at))));
    }
    if release.origin == Origin::Built {
        return Err(AppError::conflict("waive-built"));
    }
    let artifact = release.artifact.as_ref();
    let artifact = artifact.ok_or_else(|| AppError::conflict("waive-not-now"))?;
    match release.state {
        State::AwaitingConfirmation | State::Failed | State::Released => Ok(artifact),
        State::Requested
        | State::Tagging
        | State::Building
        | State::DeployingTest
        | State::Confirmed
        | State::AwaitingApproval
        | State::DeployingProduction
        | State::Rejected
        | State::Cancelled => Err(AppError::conflict("waive-not-now")),
    }
}
