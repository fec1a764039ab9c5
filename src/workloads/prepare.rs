//! The durable steps that make a workload's place: namespace, then objects that wait.

use std::time::Duration;

use async_trait::async_trait;
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

use super::around::put_beside;
use super::objects::{WORKLOAD, objects};
use super::secrets::SecretsError;
use super::{Workload, WorkloadId, secrets, store};
use crate::app::App;
use crate::clusters;
use crate::connections::ConnectionError;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::integrations::CallError;
use crate::integrations::kubernetes::{ApplyError, Kubernetes, NamespaceError};
use crate::jobs::{Claim, NewEffect, NewStep, Step, StepResult};
use crate::projects::{self, trouble};
use crate::requests::{self, RequestId};

/// A namespace that is going away can be made again soon.
const TERMINATING_AGAIN: Duration = Duration::from_secs(10);

/// Why a step could not do its part.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Apply(#[from] ApplyError),
    #[error(transparent)]
    Database(#[from] DbError),
    #[error("{}", .0.code)]
    Fail(Words),
    #[error("{}", .0.code)]
    Retry(Words),
}

impl From<CallError> for StepError {
    fn from(error: CallError) -> Self {
        Self::Connection(ConnectionError::Call(error))
    }
}

impl From<SecretsError> for StepError {
    fn from(error: SecretsError) -> Self {
        match error {
            SecretsError::Connection(error) => Self::Connection(error),
            SecretsError::Apply(error) => Self::Apply(error),
            SecretsError::Ours(detail) => {
                Self::Retry(Words::new("step-secret-broken").with("detail", detail))
            }
        }
    }
}

impl StepError {
    /// What the engine does about it; `system` is named to the reader.
    #[must_use]
    pub fn result(&self, system: &str) -> StepResult {
        match self {
            Self::Connection(error) => trouble(system, error),
            Self::Apply(ApplyError::Call(error)) => {
                trouble(system, &ConnectionError::Call(error.clone()))
            }
            Self::Apply(ApplyError::Stale) => StepResult::Retry {
                after: Some(Duration::from_secs(1)),
                error: Words::new("step-outside-conflict").with("system", system),
            },
            Self::Apply(ApplyError::Invalid { detail, .. }) => StepResult::Fail(
                Words::new("deployment-refused")
                    .with("cluster", system)
                    .with("detail", detail),
            ),
            Self::Database(_) => StepResult::Retry {
                after: None,
                error: Words::new("error-database-away"),
            },
            Self::Fail(words) => StepResult::Fail(words.clone()),
            Self::Retry(words) => StepResult::Retry {
                after: None,
                error: words.clone(),
            },
        }
    }
}

/// Logs a step's trouble once, and turns it into the engine's words.
#[must_use]
pub fn settle(claim: &Claim, system: &str, result: Result<StepResult, StepError>) -> StepResult {
    result.unwrap_or_else(|error| {
        tracing::info!(step.name = claim.name, step.id = %claim.step, %error, "not yet");
        error.result(system)
    })
}

/// A workload and its cluster.
async fn place(app: &App, claim: &Claim) -> Result<(Workload, Kubernetes), StepError> {
    let found = store::find(app.db.pool(), WorkloadId(claim.subject)).await?;
    let workload = found.ok_or_else(|| StepError::Fail(Words::new("workload-gone")))?;
    let kubernetes = clusters::kubernetes(app, workload.cluster_id).await?;
    Ok((workload, kubernetes))
}

/// `workload.namespace`: makes the project's namespace, or finds it ours.
pub struct Namespace(pub App);

#[async_trait]
impl Step for Namespace {
    fn name(&self) -> &'static str {
        "workload.namespace"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, &system(claim), self.ensure(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        match result {
            StepResult::Done(_) => {
                let effect = NewEffect {
                    kind: "objects",
                    target: claim.lane.clone(),
                    name: format!("workload {}", claim.subject),
                    intent: claim.input.clone(),
                };
                let step = NewStep::new("workload.objects", &claim.lane, claim.input.clone());
                Ok(Some(step.with_effect(effect)))
            }
            StepResult::Fail(_) => failed(tx, claim).await,
            StepResult::Wait { .. } | StepResult::Retry { .. } => Ok(None),
        }
    }
}

impl Namespace {
    async fn ensure(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let (workload, kubernetes) = place(&self.0, claim).await?;
        let made = if workload.makes_namespaces {
            kubernetes.ensure_namespace(&workload.namespace).await
        } else {
            kubernetes.managed_namespace(&workload.namespace).await
        };
        let words = |code: &str| {
            Words::new(code)
                .with("namespace", &workload.namespace)
                .with("cluster", &workload.cluster)
        };
        let wait = |code: &str, after| StepResult::Wait {
            after,
            for_what: words(code),
            seen: Value::Null,
        };
        match made {
            Ok(()) => Ok(StepResult::Done(json!({ "namespace": workload.namespace }))),
            Err(NamespaceError::Foreign) => Err(StepError::Fail(words("namespace-foreign"))),
            Err(NamespaceError::Terminating) => {
                Ok(wait("waits-for-namespace-end", TERMINATING_AGAIN))
            }
            // Where the portal may not make namespaces, somebody else will.
            Err(NamespaceError::Call(CallError::NotFound { .. })) => {
                Ok(wait("waits-for-namespace", Duration::from_secs(60)))
            }
            Err(NamespaceError::Call(error)) => Err(error.into()),
        }
    }
}

/// `workload.objects`: secrets, Service, a Deployment that starts nothing, autoscaler.
pub struct Objects(pub App);

#[async_trait]
impl Step for Objects {
    fn name(&self) -> &'static str {
        "workload.objects"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, &system(claim), self.ensure(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        match result {
            StepResult::Done(_) => {
                let workload = WorkloadId(claim.subject);
                if let Some(request) = store::prepared(tx.connection(), workload).await? {
                    requests::finish(tx, RequestId(request), true).await?;
                }
                announce(tx, claim).await?;
                Ok(None)
            }
            StepResult::Fail(_) => failed(tx, claim).await,
            StepResult::Wait { .. } | StepResult::Retry { .. } => Ok(None),
        }
    }
}

impl Objects {
    async fn ensure(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let (workload, kubernetes) = place(&self.0, claim).await?;
        let project = projects::by_id(&self.0, workload.project_id).await?;
        let project = project.ok_or_else(|| StepError::Fail(Words::new("workload-gone")))?;
        let parameters = &workload.parameters;
        secrets::apply(
            &self.0,
            &kubernetes,
            &workload,
            parameters,
            project.registry,
        )
        .await?;
        let made = objects(&workload, parameters, None);
        ensure_placeholder(&kubernetes, &workload, &made.deployment).await?;
        if let Some(service) = &made.service {
            kubernetes.apply(service).await?;
        }
        put_beside(&kubernetes, &workload, &made).await?;
        Ok(StepResult::Done(json!({ "object": workload.object_name })))
    }
}

/// Made once, with nothing to run. One of that name that is not ours is left alone.
async fn ensure_placeholder(
    kubernetes: &Kubernetes,
    workload: &Workload,
    deployment: &Deployment,
) -> Result<(), StepError> {
    match kubernetes.create_deployment_placeholder(deployment).await {
        Ok(_) => return Ok(()),
        Err(ApplyError::Call(CallError::Conflict { .. })) => {}
        Err(error) => return Err(error.into()),
    }
    let found: Option<Deployment> = kubernetes
        .get(&workload.namespace, &workload.object_name)
        .await?;
    let annotations = found
        .and_then(|d| d.metadata.annotations)
        .unwrap_or_default();
    if annotations.get(WORKLOAD) == Some(&workload.id.to_string()) {
        return Ok(());
    }
    let words = Words::new("workload-object-foreign")
        .with("name", &workload.object_name)
        .with("namespace", &workload.namespace);
    Err(StepError::Fail(words))
}

fn system(claim: &Claim) -> String {
    claim.input["cluster"]
        .as_str()
        .unwrap_or("Kubernetes")
        .to_owned()
}

async fn failed(tx: &mut Tx, claim: &Claim) -> Result<Option<NewStep>, DbError> {
    let request = claim.input["request"]
        .as_str()
        .and_then(|text| text.parse().ok());
    if let Some(request) = request {
        requests::finish(tx, RequestId(request), false).await?;
    }
    announce(tx, claim).await?;
    Ok(None)
}

async fn announce(tx: &mut Tx, claim: &Claim) -> Result<(), DbError> {
    if let Some(project) = claim.project {
        let topic = projects::topic(crate::identity::ProjectId(project));
        tx.event(&topic, Some(project)).await?;
    }
    Ok(())
}
