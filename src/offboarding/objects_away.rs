//! `removal.objects` and `removal.namespace`: what a workload has in its cluster goes, last made
//! first, and only what carries the workload's own mark.

use std::time::Duration;

use async_trait::async_trait;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Secret, Service};
use serde_json::{Value, json};

use super::{Leaving, RemovalId, store};
use crate::app::App;
use crate::clusters;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::identity::ProjectId;
use crate::integrations::CallError;
use crate::integrations::kubernetes::{Kubernetes, NamespaceError};
use crate::jobs::{self, Claim, NewStep, Step, StepResult};
use crate::projects;
use crate::requests;
use crate::workloads::{
    self, PULL_SECRET, StepError, Workload, clear_all_files, clear_beside, secret_name, settle,
    take_away,
};

/// Pods end on their own, within their grace.
const PODS_AGAIN: Duration = Duration::from_secs(2);
const NAMESPACE_AGAIN: Duration = Duration::from_secs(3);

/// What goes, and the cluster that it is in.
async fn place(app: &App, claim: &Claim) -> Result<(Leaving, Workload, Kubernetes), StepError> {
    let gone = || StepError::Fail(Words::new("workload-gone"));
    let leaving = store::find(app.db.pool(), RemovalId(claim.subject)).await?;
    let leaving = leaving.ok_or_else(gone)?;
    let workload = workloads::find(app.db.pool(), leaving.workload).await?;
    let workload = workload.ok_or_else(gone)?;
    let kubernetes = clusters::kubernetes(app, workload.cluster_id).await?;
    Ok((leaving, workload, kubernetes))
}

fn system(claim: &Claim) -> &str {
    claim.input["cluster"].as_str().unwrap_or("Kubernetes")
}

pub struct Objects(pub App);

#[async_trait]
impl Step for Objects {
    fn name(&self) -> &'static str {
        "removal.objects"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, system(claim), self.take(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        let Some(leaving) = store::find(tx.connection(), RemovalId(claim.subject)).await? else {
            return Ok(None);
        };
        match result {
            StepResult::Done(_) => {
                store::emptied(tx.connection(), leaving.id).await?;
                let next = NewStep::new("removal.namespace", &claim.lane, claim.input.clone());
                Ok(Some(next))
            }
            StepResult::Fail(_) => failed(tx, claim, &leaving).await,
            StepResult::Wait { .. } | StepResult::Retry { .. } => Ok(None),
        }
    }
}

impl Objects {
    async fn take(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let (leaving, workload, kubernetes) = place(&self.0, claim).await?;
        let namespace = &workload.namespace;
        clear_beside(&kubernetes, &workload).await?;
        let deployment =
            take_away::<Deployment>(&kubernetes, &workload, &workload.object_name).await?;
        let name = workload.service().unwrap_or(&workload.object_name);
        let service = take_away::<Service>(&kubernetes, &workload, name).await?;
        clear_all_files(&kubernetes, &workload).await?;
        for secret in store::secrets(self.0.db.pool(), leaving.workload).await? {
            let name = secret_name(&secret);
            kubernetes.delete::<Secret>(namespace, &name).await?;
        }
        if store::is_last(self.0.db.pool(), leaving.workload).await? {
            kubernetes.delete::<Secret>(namespace, PULL_SECRET).await?;
        }
        // Somebody else's Deployment keeps its pods, whatever they are labelled.
        let pods = if deployment {
            kubernetes.pods(namespace, &workload.selector).await?.len()
        } else {
            0
        };
        if pods > 0 {
            return Ok(StepResult::Wait {
                after: PODS_AGAIN,
                for_what: Words::new("waits-for-pods-end").with("n", pods),
                seen: Value::Null,
            });
        }
        let mut stays = vec!["Deployment"; usize::from(!deployment)];
        stays.extend(vec!["Service"; usize::from(!service)]);
        Ok(StepResult::Done(json!({ "left_alone": stays })))
    }
}

pub struct Namespace(pub App);

#[async_trait]
impl Step for Namespace {
    fn name(&self) -> &'static str {
        "removal.namespace"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, system(claim), self.take(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        let Some(leaving) = store::find(tx.connection(), RemovalId(claim.subject)).await? else {
            return Ok(None);
        };
        match result {
            // A namespace that somebody decided to keep is no reason to keep the project.
            StepResult::Done(_) | StepResult::Fail(_) => {
                let last = store::end(tx.connection(), &leaving).await?;
                // Its place is free again, and for any project the host that it had.
                let workload = workloads::find(tx.connection(), leaving.workload).await?;
                let had_host =
                    workload.is_some_and(|w| workloads::callers_come_at(&w.parameters).is_some());
                let whose = claim.project.map(ProjectId).filter(|_| !had_host);
                requests::look_again(tx, whose).await?;
                if leaving.whole {
                    jobs::wake_subject(tx, leaving.request.0).await?;
                } else if last {
                    requests::finish(tx, leaving.request, true).await?;
                }
                announce(tx, claim).await?;
                Ok(None)
            }
            StepResult::Wait { .. } | StepResult::Retry { .. } => Ok(None),
        }
    }
}

impl Namespace {
    /// Only with the whole project, only one that the portal made, and only the last one out.
    async fn take(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let (leaving, workload, kubernetes) = place(&self.0, claim).await?;
        let stays = |why: &str| Ok(StepResult::Done(json!({ "namespace_stays": why })));
        if !leaving.whole || !workload.makes_namespaces {
            return stays("not-asked");
        }
        if store::is_shared(self.0.db.pool(), leaving.workload).await? {
            return stays("shared");
        }
        match kubernetes.delete_namespace(&workload.namespace).await {
            Ok(()) | Err(NamespaceError::Terminating) => Ok(StepResult::Wait {
                after: NAMESPACE_AGAIN,
                for_what: Words::new("waits-for-namespace-end")
                    .with("namespace", &workload.namespace)
                    .with("cluster", &workload.cluster),
                seen: Value::Null,
            }),
            Err(NamespaceError::Call(CallError::NotFound { .. })) => {
                Ok(StepResult::Done(json!({ "namespace": workload.namespace })))
            }
            Err(NamespaceError::Foreign) => stays("foreign"),
            Err(NamespaceError::Call(error)) => Err(error.into()),
        }
    }
}

/// A workload that was to go alone is given back. One that goes with its project keeps the
/// project waiting, until operations retry its step or give the whole up.
async fn failed(tx: &mut Tx, claim: &Claim, leaving: &Leaving) -> Result<Option<NewStep>, DbError> {
    if !leaving.whole {
        store::give_back(tx.connection(), leaving.request, Some(leaving.id)).await?;
        requests::finish(tx, leaving.request, false).await?;
    }
    announce(tx, claim).await?;
    Ok(None)
}

async fn announce(tx: &mut Tx, claim: &Claim) -> Result<(), DbError> {
    match claim.project {
        Some(project) => {
            tx.event(&projects::topic(ProjectId(project)), Some(project))
                .await
        }
        None => Ok(()),
    }
}
