//! `release.artifact`: reads the pushed digest back from the registry, holds the image against the
//! rules, and starts the rollout to test with it.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Facts, Input, facts, fail_release, show};
use crate::app::App;
use crate::connections;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::integrations::registry::{Digest, ImageTag};
use crate::jobs::{Claim, NewStep, Step, StepResult};
use crate::releases::{Artifact, ArtifactId, Event, Origin, advance, store};
use crate::releases::{images, rollout};
use crate::standards::images::Remark;
use crate::workloads::{StepError, settle};

/// What an image says it was built from.
const REVISION_LABEL: &str = "org.opencontainers.image.revision";
/// A push that was reported may take a moment to show.
const MISSING_AGAIN: Duration = Duration::from_secs(5);
const LOOKS_BEFORE_MISSING: u64 = 6;

pub struct ReadBack(pub App);

#[derive(Serialize, Deserialize)]
struct Seen {
    repository: String,
    digest: String,
    size_bytes: i64,
    remarks: Vec<Remark>,
}

#[async_trait]
impl Step for ReadBack {
    fn name(&self) -> &'static str {
        "release.artifact"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, "registry", self.read(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        match result {
            StepResult::Done(output) => {
                let seen: Seen = serde_json::from_value(output.clone())
                    .map_err(|e| DbError::Row(format!("release.artifact: {e}")))?;
                self.keep(tx, claim, seen).await?;
            }
            StepResult::Fail(_) => fail_release(tx, claim, result).await?,
            StepResult::Wait { .. } | StepResult::Retry { .. } => show(tx, claim).await?,
        }
        Ok(None)
    }
}

impl ReadBack {
    async fn read(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let Facts {
            release, project, ..
        } = facts(&self.0, claim).await?;
        let (registry, config) = connections::registry(&self.0, project.registry).await?;
        let bad = |_| StepError::Fail(Words::new("artifact-name-bad").with("tag", &release.tag));
        let repository = config.repository(&project.key).map_err(bad)?;
        let tag = ImageTag::parse(&release.tag).map_err(bad)?;
        let Some(digest) = registry.digest(&repository, &tag).await? else {
            return missing(claim, &release.tag);
        };
        let Some(image) = registry.image(&repository, &digest).await? else {
            return missing(claim, &release.tag);
        };
        if let Some(revision) = image.labels.get(REVISION_LABEL)
            && *revision != release.commit
        {
            let words = Words::new("artifact-other-commit").with("revision", revision);
            return Err(StepError::Fail(words.with("commit", &release.commit)));
        }
        Ok(StepResult::Done(json!(Seen {
            repository: repository.as_str().to_owned(),
            digest: Digest::as_str(&digest).to_owned(),
            size_bytes: i64::try_from(image.size).unwrap_or(i64::MAX),
            remarks: images::look(&self.0, &project, (&registry, &repository), &image).await?,
        })))
    }

    /// The artifact, and the rollout of it to test, in one transaction; or why it is refused.
    async fn keep(&self, tx: &mut Tx, claim: &Claim, seen: Seen) -> Result<(), DbError> {
        let input = Input::of(claim)?;
        let gone = || DbError::Row("a release is gone".to_owned());
        let release = store::find(tx.connection(), input.release)
            .await?
            .ok_or_else(gone)?;
        let refusal = images::refusal(&seen.remarks);
        let event = refusal.as_ref().map_or(Event::Built, |_| Event::Failed);
        if release.artifact.is_some() || !advance(tx, release.id, event, refusal.as_ref()).await? {
            return Ok(());
        }
        let connection = tx.connection();
        images::store::insert_look(connection, release.id, &seen.digest, &seen.remarks).await?;
        if refusal.is_some() {
            return Ok(());
        }
        let artifact = Artifact {
            id: ArtifactId::new(),
            repository: seen.repository,
            tag: release.tag.clone(),
            digest: seen.digest,
            origin: Origin::Built,
            size_bytes: seen.size_bytes,
            created_at: release.created_at,
        };
        let of = (release.project_id, release.id);
        store::insert_artifact(tx.connection(), of, &artifact, &release.commit).await?;
        rollout::start_tests(tx, of, artifact.id, release.author_id).await?;
        Ok(())
    }
}

fn missing(claim: &Claim, tag: &str) -> Result<StepResult, StepError> {
    let looks = claim
        .seen
        .as_ref()
        .and_then(|s: &Value| s["looks"].as_u64())
        .unwrap_or(0)
        + 1;
    if looks >= LOOKS_BEFORE_MISSING {
        return Err(StepError::Fail(
            Words::new("artifact-missing").with("tag", tag),
        ));
    }
    Ok(StepResult::Wait {
        after: MISSING_AGAIN,
        for_what: Words::new("waits-artifact").with("tag", tag),
        seen: json!({ "looks": looks }),
    })
}
