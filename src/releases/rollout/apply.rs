//! `deployment.apply`: the whole desired revision, forced, on top of the object as it was read.
//!
//! The object's number decides first: a greater one there means that a newer deployment has been
//! here, and this one ends as superseded. The `resourceVersion` of that very read goes along, so
//! that nobody can slip in between.

use std::collections::BTreeMap;

use async_trait::async_trait;
use k8s_openapi::api::apps::v1::Deployment;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Facts, facts, held, store};
use crate::app::App;
use crate::clusters;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::integrations::kubernetes::{ApplyError, Kubernetes};
use crate::jobs::{Claim, NewStep, Step, StepResult};
use crate::projects;
use crate::releases::{DeploymentId, DeploymentState};
use crate::workloads::objects::{Objects, SEQUENCE, Stamp, objects};
use crate::workloads::{StepError, apply_secrets, settle};

/// Reads of an object that others write to at the same time, before the step waits.
const TRIES: usize = 3;

pub struct Apply(pub App);

/// What came of it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Output {
    Applied {
        generation: i64,
        overwrote: Vec<BTreeMap<String, String>>,
    },
    /// A newer deployment has been there.
    Superseded,
    /// The deployment was ended meanwhile.
    Over,
}

#[async_trait]
impl Step for Apply {
    fn name(&self) -> &'static str {
        "deployment.apply"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, &cluster(claim), self.apply(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        match result {
            StepResult::Done(output) => {
                let output: Output = serde_json::from_value(output.clone())
                    .map_err(|e| DbError::Row(format!("deployment.apply: {e}")))?;
                match output {
                    Output::Applied {
                        generation,
                        overwrote,
                    } => {
                        let id = DeploymentId(claim.subject);
                        let overwrote = json!(overwrote);
                        store::applied(tx.connection(), id, generation, &overwrote).await?;
                        super::announce(tx, claim).await?;
                        let step =
                            NewStep::new("deployment.scale", &claim.lane, claim.input.clone());
                        Ok(Some(step))
                    }
                    Output::Superseded => {
                        super::end(tx, claim, DeploymentState::Superseded, None).await?;
                        Ok(None)
                    }
                    Output::Over => Ok(None),
                }
            }
            StepResult::Fail(words) => {
                super::end(tx, claim, DeploymentState::Failed, Some(words)).await?;
                Ok(None)
            }
            StepResult::Wait { .. } | StepResult::Retry { .. } => {
                super::announce(tx, claim).await?;
                Ok(None)
            }
        }
    }
}

/// The cluster's name for the reader.
pub(super) fn cluster(claim: &Claim) -> String {
    claim.input["cluster"]
        .as_str()
        .unwrap_or("Kubernetes")
        .to_owned()
}

/// The number of the deployment that wrote the object last.
pub(super) fn sequence(deployment: &Deployment) -> i64 {
    let annotations = deployment.metadata.annotations.as_ref();
    annotations
        .and_then(|a| a.get(SEQUENCE)?.parse().ok())
        .unwrap_or(0)
}

impl Apply {
    async fn apply(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let facts = facts(&self.0, claim).await?;
        if facts.ended {
            return done(&Output::Over);
        }
        if let Some(wait) = held(&self.0, facts.tier, facts.kind).await? {
            return Ok(wait);
        }
        let kubernetes = clusters::kubernetes(&self.0, facts.workload.cluster_id).await?;
        let project = projects::by_id(&self.0, facts.workload.project_id).await?;
        let project = project.ok_or_else(|| StepError::Fail(Words::new("release-gone")))?;
        let parameters = &facts.workload.parameters;
        apply_secrets(
            &self.0,
            &kubernetes,
            &facts.workload,
            parameters,
            project.registry,
        )
        .await?;
        let stamp = Stamp {
            deployment: facts.id.to_string(),
            sequence: facts.sequence,
            image: facts.image.clone(),
            restarted_at: facts.restarted_at.clone(),
        };
        let wanted = objects(&facts.workload, parameters, Some(&stamp));
        for _ in 0..TRIES {
            match write(&kubernetes, &facts, &wanted).await {
                Err(StepError::Apply(ApplyError::Stale)) => {}
                other => return done(&other?),
            }
        }
        Err(StepError::Apply(ApplyError::Stale))
    }
}

fn done(output: &Output) -> Result<StepResult, StepError> {
    let value =
        serde_json::to_value(output).map_err(|e| DbError::Row(format!("deployment.apply: {e}")))?;
    Ok(StepResult::Done(value))
}

/// One try on top of one read.
async fn write(
    kubernetes: &Kubernetes,
    facts: &Facts,
    wanted: &Objects,
) -> Result<Output, StepError> {
    let workload = &facts.workload;
    let found: Option<Deployment> = kubernetes
        .get(&workload.namespace, &workload.object_name)
        .await?;
    let Some(found) = found else {
        // Somebody deleted it; made anew with nothing to run, then applied on top.
        kubernetes
            .create_deployment_placeholder(&wanted.deployment)
            .await?;
        return Err(StepError::Apply(ApplyError::Stale));
    };
    if sequence(&found) > facts.sequence {
        return Ok(Output::Superseded);
    }
    let overwrote = kubernetes
        .what_apply_would_overwrite(&wanted.deployment)
        .await?;
    kubernetes.apply(&wanted.service).await?;
    let mut desired = wanted.deployment.clone();
    desired.metadata.resource_version = found.metadata.resource_version;
    // Without the uid a deleted object would be made anew, with a replica of its own choosing.
    desired.metadata.uid = found.metadata.uid;
    let applied = kubernetes.apply(&desired).await?;
    if let Some(autoscaler) = &wanted.autoscaler {
        kubernetes.apply(autoscaler).await?;
    }
    let field = |f: crate::integrations::kubernetes::OwnedField| {
        BTreeMap::from([
            ("field".to_owned(), f.field),
            ("manager".to_owned(), f.manager),
        ])
    };
    Ok(Output::Applied {
        generation: applied.metadata.generation.unwrap_or(0),
        overwrote: overwrote.into_iter().map(field).collect(),
    })
}
