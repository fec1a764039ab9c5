//! Importing: operations name an image that is there already, and it becomes an artifact.
//!
//! Invariant: the name is read once, here; what is stored, tested, confirmed and deployed is the
//! digest that it had, so whoever moves the tag afterwards moves nothing of ours.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Artifact, ArtifactId, ConfirmationKind, Event, Origin, ReleaseId};
use super::{advance, announce, images, outside, rollout, store, tag};
use crate::app::App;
use crate::audit::{self, Entry};
use crate::clusters::{EnvironmentId, Tier};
use crate::connections;
use crate::db::Tx;
use crate::error::{AppError, FieldError, Words};
use crate::integrations::registry::Reference;
use crate::projects::{self, Access, Project};
use crate::standards::images::Remark;
use crate::workloads::{self, Live};

const SECONDS_TRIED: i64 = 60;
const MAX_NOTE: usize = 2000;

/// `POST /projects/{key}/images`
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Importing {
    /// `host/repository:tag`, or with a digest; the host may be left out.
    pub image: String,
    /// Why.
    pub note: String,
    /// The environment of production that runs it now; then it is recorded and goes nowhere.
    #[serde(default)]
    pub baseline: Option<String>,
}

/// An image that the registry has, by the digest that it has now.
pub struct Found {
    pub repository: String,
    pub tag: String,
    pub digest: String,
    pub size_bytes: i64,
    /// What the rules for images found of it.
    pub remarks: Vec<Remark>,
}

/// What production was seen to run.
struct Baseline {
    environment: EnvironmentId,
    seen: Value,
}

/// Makes an artifact of an image, and starts it on its way to test; or records it as what
/// production runs.
///
/// # Errors
/// 400 for a name that is none, is unknown to the registry or of another registry, and for an
/// image that breaks a rule, 409 when it was
/// imported before or production runs something else, 503 when the registry does not answer.
pub async fn import(
    app: &App,
    access: &Access<'_>,
    asked: &Importing,
) -> Result<ReleaseId, AppError> {
    let note = check(asked)?;
    let found = look_up(app, access.project, &asked.image).await?;
    let baseline = match asked.baseline.as_deref().filter(|e| !e.is_empty()) {
        Some(key) => Some(see(app, access.project, key, &found).await?),
        None => None,
    };
    let mut tx = app.db.begin().await?;
    let new = store::New {
        id: ReleaseId::new(),
        access,
        origin: Origin::Imported,
        reference: asked.image.trim(),
        commit: "",
        title: "",
        note,
        since: None,
    };
    let zone = app.settings.time_zone.clone();
    let named = |created, later| tag::name(created, later, &zone, access.actor.number);
    let (number, name) = store::insert(tx.connection(), &new, named, SECONDS_TRIED).await?;
    name.ok_or(AppError::TooMany {
        retry_after_seconds: 60,
    })?;
    let artifact = keep(&mut tx, &new, &found).await?;
    let entry = Entry::done("release.import", "release", new.id)
        .in_project(access.project.id)
        .after(json!({
            "number": number, "image": asked.image.trim(), "digest": found.digest,
            "reason": note, "baseline": asked.baseline,
        }));
    audit::record(&mut tx, &entry, &audit::Origin::from(access.actor)).await?;
    match baseline {
        Some(baseline) => record(&mut tx, &new, artifact, &baseline).await?,
        None => to_test(&mut tx, &new, artifact).await?,
    }
    announce(&mut tx, new.id, access.project.id).await?;
    tx.commit().await?;
    Ok(new.id)
}

fn check(asked: &Importing) -> Result<&str, AppError> {
    match asked.note.trim() {
        "" => Err(AppError::field("note", "setback-says-why")),
        long if long.chars().count() > MAX_NOTE => Err(AppError::field("note", "field-too-long")),
        note => Ok(note),
    }
}

fn about_image(code: &str, image: &str) -> FieldError {
    let words = Words::new(code).with("image", image);
    FieldError {
        field: "image".to_owned(),
        words,
    }
}

/// What the name stands for now.
async fn look_up(app: &App, project: &Project, image: &str) -> Result<Found, AppError> {
    let image = image.trim();
    let refuse = |error| AppError::Invalid(vec![error]);
    let wrong = || refuse(about_image("import-name-wrong", image));
    let named = Reference::parse(image).filter(|_| image.len() <= 255);
    let named = named.ok_or_else(wrong)?;
    let host = connections::push_host(app, project.registry).await?;
    if let Some(other) = named.host.as_deref().filter(|h| *h != host) {
        // The nodes of a cluster may know the registry by another name.
        let all = workloads::list(app.db.pool(), project.id, None, None).await?;
        if all.iter().all(|w| w.registry_host != other) {
            let mut error = about_image("import-other-registry", image);
            error.words = error.words.with("host", host);
            return Err(refuse(error));
        }
    }
    let found = outside::image(app, project, &named).await?;
    let found = found.ok_or_else(|| refuse(about_image("import-image-missing", image)))?;
    let refused = found.remarks.iter().filter(|remark| remark.refused);
    let refused: Vec<FieldError> = refused
        .map(|remark| FieldError {
            field: "image".to_owned(),
            words: remark.words(),
        })
        .collect();
    match refused.is_empty() {
        true => Ok(found),
        false => Err(AppError::Invalid(refused)),
    }
}

async fn keep(tx: &mut Tx, new: &store::New<'_>, found: &Found) -> Result<ArtifactId, AppError> {
    let artifact = Artifact {
        id: ArtifactId::new(),
        repository: found.repository.clone(),
        tag: found.tag.clone(),
        digest: found.digest.clone(),
        origin: Origin::Imported,
        size_bytes: found.size_bytes,
        created_at: crate::clock::now(),
    };
    let of = (new.access.project.id, new.id);
    store::insert_artifact(tx.connection(), of, &artifact, new.commit)
        .await
        .map_err(|e| match e.constraint() {
            Some("artifact_imported_once") => AppError::Conflict(
                Words::new("import-twice")
                    .with("tag", &found.tag)
                    .with("digest", &found.digest),
            ),
            Some(_) | None => e.into(),
        })?;
    images::store::insert_look(tx.connection(), new.id, &found.digest, &found.remarks).await?;
    Ok(artifact.id)
}

/// To every environment of test; where there is none it waits for a word or a waiver.
async fn to_test(tx: &mut Tx, new: &store::New<'_>, artifact: ArtifactId) -> Result<(), AppError> {
    advance(tx, new.id, Event::Imported, None).await?;
    let author = new.access.actor.responsible.0;
    let of = (new.access.project.id, new.id);
    if rollout::start_tests(tx, of, artifact, author).await? == 0 {
        advance(tx, new.id, Event::TestSucceeded, None).await?;
    }
    Ok(())
}

async fn record(
    tx: &mut Tx,
    new: &store::New<'_>,
    artifact: ArtifactId,
    baseline: &Baseline,
) -> Result<(), AppError> {
    advance(tx, new.id, Event::Baselined, None).await?;
    let (project, actor) = (new.access.project.id, new.access.actor);
    let kind = ConfirmationKind::Baseline;
    store::insert_confirmation(tx.connection(), artifact, kind, actor.id, new.note).await?;
    let place = (project, baseline.environment);
    store::insert_baseline(tx.connection(), place, artifact, actor.id, &baseline.seen).await?;
    Ok(())
}

/// Every cluster of the environment is asked, and each must run this very image.
async fn see(app: &App, project: &Project, key: &str, found: &Found) -> Result<Baseline, AppError> {
    let unknown = || AppError::field("baseline", "environment-unknown");
    let place = projects::environment_by_key(app.db.pool(), key).await?;
    let (environment, tier, _) = place.ok_or_else(unknown)?;
    if tier != Tier::Production {
        return Err(AppError::field("baseline", "import-baseline-production"));
    }
    let all = workloads::list(app.db.pool(), project.id, Some(key), None).await?;
    let mut seen = serde_json::Map::new();
    for workload in all.iter().filter(|w| w.prepared_at.is_some()) {
        let live = workloads::live(app, workload).await?;
        if !runs(&live, found) {
            let words = Words::new("import-baseline-other")
                .with("cluster", &workload.cluster)
                .with("image", live.image.as_deref().unwrap_or("–"));
            return Err(AppError::Conflict(words));
        }
        let told = json!({ "image": live.image, "ready": live.ready, "desired": live.desired });
        seen.insert(workload.cluster.clone(), told);
    }
    if seen.is_empty() {
        return Err(AppError::conflict("production-no-place"));
    }
    Ok(Baseline {
        environment,
        seen: seen.into(),
    })
}

/// By its pods' own digests where they tell them, else by the name in the Deployment.
fn runs(live: &Live, found: &Found) -> bool {
    let image = live.image.as_deref().unwrap_or_default();
    let pods: Vec<&str> = live
        .pods
        .iter()
        .filter_map(|p| p.digest.as_deref())
        .collect();
    let same = match Reference::parse(image) {
        Some(named) => {
            let tag = named.tag.as_ref().is_some_and(|t| t.as_str() == found.tag);
            let digest = named.digest.as_ref().map(|d| d.as_str() == found.digest);
            named.repository.as_str() == found.repository && digest.unwrap_or(tag)
        }
        None => false,
    };
    let agree = pods.iter().all(|digest| *digest == found.digest);
    same && agree && live.desired > 0 && live.ready > 0
}
