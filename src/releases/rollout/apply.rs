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

use super::{Facts, Removal, facts, held, store};
use crate::app::App;
use crate::clusters;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::integrations::kubernetes::path::Path;
use crate::integrations::kubernetes::{ApplyError, Kind, Kubernetes};
use crate::jobs::{Claim, NewEffect, NewStep, Step, StepResult};
use crate::projects;
use crate::releases::{DeploymentId, DeploymentState};
use crate::workloads::objects::{Objects, SEQUENCE, objects};
use crate::workloads::{
    StepError, Workload, apply_secrets, clear_files, put_beside, put_files, settle,
};

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
        prepare(&self.0, &kubernetes, &facts).await?;
        let parameters = &facts.workload.parameters;
        let wanted = objects(&facts.workload, parameters, Some(&facts.stamp()));
        for _ in 0..TRIES {
            match write(&kubernetes, &facts, &wanted).await {
                Err(StepError::Apply(ApplyError::Stale)) => {}
                other => return done(&other?),
            }
        }
        Err(StepError::Apply(ApplyError::Stale))
    }
}

/// The step itself, with the effect that it will make.
pub(super) fn step(claim: &Claim) -> NewStep {
    let effect = NewEffect {
        kind: "apply",
        target: cluster(claim),
        name: format!("deployment {}", claim.subject),
        intent: json!({ "deployment": claim.subject }),
    };
    NewStep::new("deployment.apply", &claim.lane, claim.input.clone()).with_effect(effect)
}

/// Secrets and files, before any pod asks for them. Safe to repeat.
pub(super) async fn prepare(
    app: &App,
    kubernetes: &Kubernetes,
    facts: &Facts,
) -> Result<(), StepError> {
    let workload = &facts.workload;
    let project = projects::by_id(app, workload.project_id).await?;
    let project = project.ok_or_else(|| StepError::Fail(Words::new("release-gone")))?;
    let parameters = &workload.parameters;
    apply_secrets(app, kubernetes, workload, parameters, project.registry).await?;
    let wanted = objects(workload, parameters, Some(&facts.stamp()));
    put_files(kubernetes, &wanted).await
}

fn done(output: &Output) -> Result<StepResult, StepError> {
    let value =
        serde_json::to_value(output).map_err(|e| DbError::Row(format!("deployment.apply: {e}")))?;
    Ok(StepResult::Done(value))
}

/// What was taken over is deployed onto as that very object: one made anew under its name would
/// lack all that the portal does not know of it.
fn must_be_found(workload: &Workload, read: Option<&Deployment>) -> Result<(), StepError> {
    let Some(kept) = &workload.found else {
        return Ok(());
    };
    let uid = read.and_then(|d| d.metadata.uid.as_ref());
    if uid == Some(&kept.uid) {
        return Ok(());
    }
    let words = Words::new("deployment-not-the-found")
        .with("name", &workload.object_name)
        .with("namespace", &workload.namespace)
        .with("cluster", &workload.cluster);
    Err(StepError::Fail(words))
}

/// What others set beside ours goes, where that was asked for.
async fn clear_beside(
    kubernetes: &Kubernetes,
    facts: &Facts,
    wanted: &Objects,
    found: Deployment,
) -> Result<Deployment, StepError> {
    if facts.takes_away.is_empty() {
        return Ok(found);
    }
    let all = &facts.takes_away;
    clear(kubernetes, all, wanted.service.as_ref()).await?;
    clear(kubernetes, all, wanted.autoscaler.as_ref()).await?;
    clear(kubernetes, all, wanted.budget.as_ref()).await?;
    clear(kubernetes, all, wanted.ingress.as_ref()).await?;
    Ok(kubernetes
        .without(found, &of_kind::<Deployment>(all))
        .await?)
}

async fn clear<K: Kind>(
    kubernetes: &Kubernetes,
    all: &[Removal],
    object: Option<&K>,
) -> Result<(), StepError> {
    let places = of_kind::<K>(all);
    let meta = object.map(K::meta).filter(|_| !places.is_empty());
    let named = meta.and_then(|m| Some((m.namespace.as_deref()?, m.name.as_deref()?)));
    let Some((namespace, name)) = named else {
        return Ok(());
    };
    if let Some(found) = kubernetes.get::<K>(namespace, name).await? {
        kubernetes.without(found, &places).await?;
    }
    Ok(())
}

fn of_kind<K: Kind>(all: &[Removal]) -> Vec<&Path> {
    let mine = all.iter().filter(|r| r.kind == K::kind(&()));
    mine.map(|r| &r.place).collect()
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
    must_be_found(workload, found.as_ref())?;
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
    let found = clear_beside(kubernetes, facts, wanted, found).await?;
    let found = kubernetes.make_way(found, &wanted.deployment).await?;
    let overwrote = kubernetes
        .what_apply_would_overwrite(&wanted.deployment)
        .await?;
    if let Some(service) = &wanted.service {
        kubernetes.apply(service).await?;
    }
    let mut desired = wanted.deployment.clone();
    desired.metadata.resource_version = found.metadata.resource_version.clone();
    // Without the uid a deleted object would be made anew, with a replica of its own choosing.
    desired.metadata.uid = found.metadata.uid.clone();
    let applied = kubernetes.apply(&desired).await?;
    put_beside(kubernetes, workload, wanted).await?;
    clear_files(kubernetes, workload, wanted, &found).await?;
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
