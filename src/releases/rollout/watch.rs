//! `deployment.watch`: until the cluster itself says that it is done, or why not.

use async_trait::async_trait;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use super::apply::{cluster, sequence};
use super::evidence::gather;
use super::{Facts, facts, store};
use crate::app::App;
use crate::clusters;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::integrations::kubernetes::{
    Kubernetes, Rollout, Trouble, diagnose, replica_failure, rollout_status,
};
use crate::jobs::{Claim, NewStep, Step, StepResult};
use crate::releases::{DeploymentId, DeploymentState};
use crate::workloads::objects::RESTARTED_AT;
use crate::workloads::{StepError, settle};

/// Whereabouts of more pods than this are not kept.
const PODS_KEPT: usize = 200;

pub struct Watch(pub App);

#[async_trait]
impl Step for Watch {
    fn name(&self) -> &'static str {
        "deployment.watch"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, &cluster(claim), self.look(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        let id = DeploymentId(claim.subject);
        match result {
            StepResult::Wait { seen, .. } => {
                store::observed(tx.connection(), id, seen, None).await?;
                super::announce(tx, claim).await?;
            }
            StepResult::Done(output) if output["superseded"] == true => {
                super::end(tx, claim, DeploymentState::Superseded, None).await?;
            }
            StepResult::Done(output) => {
                let seconds = output["seconds_to_ready"].as_f64();
                store::observed(tx.connection(), id, output, seconds).await?;
                super::end(tx, claim, DeploymentState::Succeeded, None).await?;
            }
            StepResult::Fail(words) => {
                super::end(tx, claim, DeploymentState::Failed, Some(words)).await?;
            }
            StepResult::Retry { .. } => super::announce(tx, claim).await?,
        }
        Ok(None)
    }
}

impl Watch {
    async fn look(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let facts = facts(&self.0, claim).await?;
        if facts.ended {
            return Ok(StepResult::Done(json!({ "over": true })));
        }
        let kubernetes = clusters::kubernetes(&self.0, facts.workload.cluster_id).await?;
        let workload = &facts.workload;
        let found: Option<Deployment> = kubernetes
            .get(&workload.namespace, &workload.object_name)
            .await?;
        let Some(found) = found else {
            return Err(StepError::Fail(words("deployment-deleted", &facts)));
        };
        if sequence(&found) > facts.sequence {
            return Ok(StepResult::Done(json!({ "superseded": true })));
        }
        if image(&found, workload.container()) != Some(facts.image.as_str()) {
            // Somebody changed the image by hand after our apply.
            return Err(StepError::Fail(words("deployment-image-changed", &facts)));
        }
        let pods = new_pods(&kubernetes, &facts).await?;
        let trouble = diagnose(&pods, &[]).or_else(|| replica_failure(&found));
        let evidence = match &trouble {
            Some(trouble) => {
                self.evidence(claim, &kubernetes, &facts, (trouble, &pods))
                    .await
            }
            None => Value::Null,
        };
        Ok(match rollout_status(&found, facts.generation) {
            Rollout::Done => StepResult::Done(json!({
                "ready": ready(&found), "desired": desired(&found),
                "seconds_to_ready": seconds_to_ready(&pods, workload.container()),
                "pods": whereabouts(&pods),
            })),
            Rollout::Waiting {
                updated,
                ready,
                available,
                desired,
                ..
            } => StepResult::Wait {
                after: self.0.settings.engine.watch,
                for_what: Words::new("waits-rollout")
                    .with("ready", available.min(updated))
                    .with("desired", desired),
                seen: json!({
                    "updated": updated, "ready": ready, "available": available,
                    "desired": desired, "trouble": trouble, "evidence": evidence,
                }),
            },
            Rollout::Failed { .. } => StepResult::Fail(match &trouble {
                Some(trouble) => {
                    trouble_words(trouble, &facts.workload.cluster, &facts.workload.site)
                }
                None => words("deployment-no-progress", &facts),
            }),
        })
    }
}

impl Watch {
    /// Gathered anew whenever the trouble is another one than at the last look.
    async fn evidence(
        &self,
        claim: &Claim,
        kubernetes: &Kubernetes,
        facts: &Facts,
        (trouble, pods): (&Trouble, &[Pod]),
    ) -> Value {
        if let Some(seen) = &claim.seen
            && seen["trouble"] == json!(trouble)
            && seen["evidence"].is_object()
        {
            return seen["evidence"].clone();
        }
        json!(gather(kubernetes, facts, trouble, pods).await)
    }
}

fn words(code: &str, facts: &Facts) -> Words {
    Words::new(code)
        .with("cluster", &facts.workload.cluster)
        .with("site", &facts.workload.site)
}

/// One sentence: where, what, because.
#[must_use]
pub fn trouble_words(trouble: &Trouble, cluster: &str, site: &str) -> Words {
    let base = |code: &str| Words::new(code).with("cluster", cluster).with("site", site);
    match trouble {
        Trouble::ContainerConfig { detail, .. } => {
            base("trouble-container-config").with("detail", detail)
        }
        Trouble::ImagePull { reason, .. } => base("trouble-image-pull").with("reason", reason),
        Trouble::OutOfMemory { restarts, .. } => {
            base("trouble-out-of-memory").with("restarts", restarts)
        }
        Trouble::CrashLoop {
            exit_code,
            restarts,
            ..
        } => base("trouble-crash-loop")
            .with("exit", exit_code)
            .with("restarts", restarts),
        Trouble::CannotCreatePods { detail, .. } => {
            base("trouble-cannot-create").with("detail", detail)
        }
        Trouble::Unschedulable { detail, .. } => {
            base("trouble-unschedulable").with("detail", detail)
        }
        Trouble::ProbeFailing { detail, .. } => base("trouble-probe").with("detail", detail),
    }
}

fn image<'a>(deployment: &'a Deployment, container: &str) -> Option<&'a str> {
    let pod = deployment.spec.as_ref()?.template.spec.as_ref()?;
    let mut named = pod.containers.iter().filter(|c| c.name == container);
    named.next()?.image.as_deref()
}

fn ready(deployment: &Deployment) -> i32 {
    deployment
        .status
        .as_ref()
        .and_then(|s| s.ready_replicas)
        .unwrap_or(0)
}

fn desired(deployment: &Deployment) -> i32 {
    deployment
        .spec
        .as_ref()
        .and_then(|s| s.replicas)
        .unwrap_or(0)
}

/// The pods of this deployment's own image and restart; old ones say nothing about it.
async fn new_pods(kubernetes: &Kubernetes, facts: &Facts) -> Result<Vec<Pod>, StepError> {
    let workload = &facts.workload;
    let pods = kubernetes
        .pods(&workload.namespace, &workload.selector)
        .await?;
    let ours = |pod: &Pod| {
        let containers = pod
            .spec
            .as_ref()
            .map(|s| s.containers.as_slice())
            .unwrap_or_default();
        let annotations = pod.metadata.annotations.as_ref();
        let restarted = annotations.and_then(|a| a.get(RESTARTED_AT));
        let mut named = containers.iter().filter(|c| c.name == workload.container());
        named.next().and_then(|c| c.image.as_deref()) == Some(facts.image.as_str())
            && restarted == facts.restarted_at.as_ref()
    };
    Ok(pods.into_iter().filter(ours).collect())
}

/// Where its pods are, so that an address can be traced to them without asking the cluster.
fn whereabouts(pods: &[Pod]) -> Value {
    let one = |pod: &Pod| {
        let status = pod.status.as_ref()?;
        let node = pod.spec.as_ref().and_then(|s| s.node_name.as_ref());
        Some(json!({
            "name": pod.metadata.name, "ip": status.pod_ip.as_ref()?,
            "node": node, "node_ip": status.host_ip,
        }))
    };
    let known = pods.iter().take(PODS_KEPT).filter_map(one);
    known.collect()
}

/// The slowest of the new pods, from its container's start to its readiness.
fn seconds_to_ready(pods: &[Pod], container: &str) -> Value {
    let one = |pod: &Pod| {
        let status = pod.status.as_ref()?;
        let mut containers = status.container_statuses.iter().flatten();
        let container = containers.find(|c| c.name == container)?;
        let started = container
            .state
            .as_ref()?
            .running
            .as_ref()?
            .started_at
            .as_ref()?
            .0;
        let conditions = status.conditions.as_ref()?;
        let ready = conditions
            .iter()
            .find(|c| c.type_ == "Ready" && c.status == "True")?;
        let at = ready.last_transition_time.as_ref()?.0;
        Some(at.duration_since(started).as_secs_f64().max(0.0))
    };
    let slowest = pods
        .iter()
        .filter_map(one)
        .fold(None, |worst: Option<f64>, seconds| {
            Some(worst.map_or(seconds, |w| w.max(seconds)))
        });
    json!(slowest)
}
