//! `deployment.before`: the command that a service runs once before its containers are replaced.
//!
//! Its Job's name is the deployment's number, so that a repeat finds the Job and never runs the
//! command again. One that fails ends the deployment: the containers of before go on.

use std::time::Duration;

use async_trait::async_trait;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use serde_json::{Value, json};

use super::apply::{self, cluster, sequence};
use super::outcome::{Outcome, gathered, outcome};
use super::{Facts, facts, held, store};
use crate::app::App;
use crate::clusters;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::integrations::CallError;
use crate::integrations::kubernetes::{ApplyError, Kubernetes};
use crate::jobs::{Claim, NewStep, Step, StepResult};
use crate::releases::{DeploymentId, DeploymentState, Kind};
use crate::workloads::objects::{DEPLOYMENT, before};
use crate::workloads::{StepError, Workload, settle};

/// What it left behind is on record before the deployment ends with it.
const AT_ONCE: Duration = Duration::ZERO;

pub struct Before(pub App);

/// Whether a deployment of this kind runs the command: only a new image brings new work.
pub(super) fn runs(kind: Kind, workload: &Workload) -> bool {
    kind == Kind::Deploy && workload.parameters.before_deploy.is_some()
}

#[async_trait]
impl Step for Before {
    fn name(&self) -> &'static str {
        "deployment.before"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, &cluster(claim), self.run(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        let id = DeploymentId(claim.subject);
        match result {
            StepResult::Wait { seen, .. } if seen.is_object() => {
                store::before(tx.connection(), id, seen).await?;
                super::announce(tx, claim).await?;
            }
            StepResult::Done(output) if output["superseded"] == true => {
                super::end(tx, claim, DeploymentState::Superseded, None).await?;
            }
            StepResult::Done(output) if output["over"] == true => {}
            StepResult::Done(output) => {
                if output["job"].is_string() {
                    store::before(tx.connection(), id, output).await?;
                }
                super::announce(tx, claim).await?;
                return Ok(Some(apply::step(claim)));
            }
            StepResult::Fail(words) => {
                super::end(tx, claim, DeploymentState::Failed, Some(words)).await?;
            }
            StepResult::Wait { .. } | StepResult::Retry { .. } => {
                super::announce(tx, claim).await?;
            }
        }
        Ok(None)
    }
}

impl Before {
    async fn run(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let facts = facts(&self.0, claim).await?;
        if facts.ended {
            return Ok(StepResult::Done(json!({ "over": true })));
        }
        let seen = claim.seen.clone().unwrap_or(Value::Null);
        if let Some(failure) = failure(&facts, &seen) {
            return Ok(StepResult::Fail(failure));
        }
        let begun = seen["job"].is_string();
        if !begun && let Some(wait) = held(&self.0, facts.tier, facts.kind).await? {
            return Ok(wait);
        }
        let parameters = &facts.workload.parameters;
        let Some(wanted) = before(&facts.workload, parameters, &facts.stamp()) else {
            return Ok(StepResult::Done(json!({})));
        };
        let kubernetes = clusters::kubernetes(&self.0, facts.workload.cluster_id).await?;
        if overtaken(&kubernetes, &facts).await? {
            return Ok(StepResult::Done(json!({ "superseded": true })));
        }
        let name = wanted.metadata.name.clone().unwrap_or_default();
        let found: Option<Job> = kubernetes.get(&facts.workload.namespace, &name).await?;
        match found {
            Some(found) => self.look(&kubernetes, &facts, &found, &name).await,
            // It was there: running it again is not ours to decide.
            None if begun => Err(StepError::Fail(words("before-gone", &facts))),
            None => {
                apply::prepare(&self.0, &kubernetes, &facts).await?;
                begin(&kubernetes, &wanted).await?;
                Ok(self.wait(&name))
            }
        }
    }

    async fn look(
        &self,
        kubernetes: &Kubernetes,
        facts: &Facts,
        found: &Job,
        name: &str,
    ) -> Result<StepResult, StepError> {
        let annotations = found.metadata.annotations.as_ref();
        if annotations.and_then(|a| a.get(DEPLOYMENT)) != Some(&facts.id.to_string()) {
            return Err(StepError::Fail(words("before-foreign", facts)));
        }
        let outcome = outcome(found);
        if outcome == Outcome::Running {
            return Ok(self.wait(name));
        }
        let told = gathered(kubernetes, facts, name, &outcome).await;
        Ok(match outcome {
            Outcome::Failed { .. } => StepResult::Wait {
                after: AT_ONCE,
                for_what: words("waits-before", facts),
                seen: told,
            },
            Outcome::Running | Outcome::Done => StepResult::Done(told),
        })
    }

    fn wait(&self, name: &str) -> StepResult {
        StepResult::Wait {
            after: self.0.settings.engine.watch,
            for_what: Words::new("waits-before"),
            seen: json!({ "job": name, "state": "running" }),
        }
    }
}

/// Why it failed, as it was kept at the last look.
fn failure(facts: &Facts, seen: &Value) -> Option<Words> {
    if seen["state"] != "failed" {
        return None;
    }
    Some(
        match (seen["reason"].as_str(), seen["exit_code"].as_i64()) {
            (Some("DeadlineExceeded"), _) => words("before-late", facts),
            (_, Some(code)) => words("before-failed", facts).with("exit", code),
            (_, None) => words("before-failed-somehow", facts),
        },
    )
}

/// Whether a newer deployment has been at the workload.
async fn overtaken(kubernetes: &Kubernetes, facts: &Facts) -> Result<bool, StepError> {
    let workload = &facts.workload;
    let found: Option<Deployment> = kubernetes
        .get(&workload.namespace, &workload.object_name)
        .await?;
    Ok(found.is_some_and(|f| sequence(&f) > facts.sequence))
}

/// Whoever made it first, it is there.
async fn begin(kubernetes: &Kubernetes, wanted: &Job) -> Result<(), StepError> {
    match kubernetes.create(wanted).await {
        Ok(_) | Err(ApplyError::Call(CallError::Conflict { .. })) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn words(code: &str, facts: &Facts) -> Words {
    Words::new(code)
        .with("cluster", &facts.workload.cluster)
        .with("site", &facts.workload.site)
}
