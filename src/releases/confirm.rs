//! Confirmation: a tester's word for exactly the digest that test runs.

use serde::Deserialize;
use serde_json::json;

use super::{Artifact, ConfirmationKind, Event, Release, ReleaseId, State, store};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::clusters::Tier;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::projects;
use crate::workloads::{self, Live, Workload};

/// `POST /releases/{id}/confirmation`
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirming {
    pub digest: String,
    #[serde(default)]
    pub note: String,
}

/// Confirms a digest as tested.
///
/// # Errors
/// 403 without the right or for the release's author, 409 when test runs something else or the
/// release is not waiting for it, 503 when the cluster cannot be asked.
pub async fn confirm(
    app: &App,
    actor: &Actor,
    id: ReleaseId,
    confirming: &Confirming,
) -> Result<(), AppError> {
    let release = super::get(app, actor, id).await?;
    actor.must(Permission::Confirm, Scope::Project(release.project_id))?;
    let project = projects::by_id(app, release.project_id)
        .await?
        .ok_or(AppError::NotFound)?;
    if release.author_id == actor.responsible.0 && !project.may_confirm_own {
        return Err(AppError::forbidden("confirm-own"));
    }
    if confirming.note.chars().count() > 2000 {
        return Err(AppError::field("note", "field-too-long"));
    }
    let artifact = confirmable(&release, confirming)?;
    tests_run(app, &release, artifact).await?;
    let mut tx = app.db.begin().await?;
    if !super::advance(&mut tx, id, Event::Confirmed, None).await? {
        return Err(AppError::conflict("confirm-not-waiting"));
    }
    store::insert_confirmation(
        tx.connection(),
        artifact.id,
        ConfirmationKind::Tested,
        actor.id,
        &confirming.note,
    )
    .await
    .map_err(|e| match e.constraint() {
        Some("confirmation_one_live") => AppError::conflict("confirm-twice"),
        Some(_) | None => e.into(),
    })?;
    let entry = Entry::done("release.confirm", "release", id)
        .in_project(release.project_id)
        .after(json!({ "digest": artifact.digest }));
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(())
}

/// The artifact, if the release waits for a word on this very digest.
fn confirmable<'a>(release: &'a Release, asked: &Confirming) -> Result<&'a Artifact, AppError> {
    if let Some(confirmation) = &release.confirmation {
        let words = Words::new("confirm-done-before")
            .with("who", &confirmation.display_name)
            .with("at", confirmation.at);
        return Err(AppError::Conflict(words));
    }
    let artifact = release.artifact.as_ref();
    let artifact = artifact.ok_or_else(|| AppError::conflict("confirm-not-waiting"))?;
    if artifact.digest != asked.digest {
        return Err(AppError::Conflict(
            Words::new("confirm-other-digest").with("digest", &artifact.digest),
        ));
    }
    if release.state != State::AwaitingConfirmation {
        return Err(AppError::conflict("confirm-not-waiting"));
    }
    Ok(artifact)
}

/// Every test workload's last deployment succeeded with this artifact, and the cluster agrees
/// when it is asked now.
async fn tests_run(app: &App, release: &Release, artifact: &Artifact) -> Result<(), AppError> {
    let pool = app.db.pool();
    let tests = workloads::list(pool, release.project_id, None, Some(Tier::Test)).await?;
    // A word for what no test ran would be no confirmation.
    if tests.iter().all(|w| w.prepared_at.is_none()) {
        return Err(AppError::conflict("confirm-no-test-place"));
    }
    for workload in tests.iter().filter(|w| w.prepared_at.is_some()) {
        let last = store::last_deployment(pool, workload.id).await?;
        if last != Some((artifact.id, true)) {
            return Err(other(workload));
        }
        if !runs(&workloads::live(app, workload).await?, artifact) {
            return Err(other(workload));
        }
    }
    Ok(())
}

fn runs(live: &Live, artifact: &Artifact) -> bool {
    let image = live.image.as_deref().unwrap_or_default();
    let digest = image.split_once('@').map(|(_, digest)| digest);
    live.observed && live.desired > 0 && live.ready > 0 && digest == Some(&artifact.digest)
}

fn other(workload: &Workload) -> AppError {
    AppError::Conflict(
        Words::new("confirm-test-runs-other")
            .with("cluster", &workload.cluster)
            .with("environment", &workload.environment),
    )
}
