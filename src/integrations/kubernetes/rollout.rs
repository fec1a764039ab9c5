//! Whether a Deployment's rollout is done, decided as `kubectl rollout status` decides it, with
//! one rule of our own: nothing wanted is never a success.
//!
//! Invariant: pure; it reads what the cluster answered and never what was asked for.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentCondition};
use serde::{Deserialize, Serialize};

/// Where a rollout stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Rollout {
    Waiting {
        /// Pods of the new template.
        updated: i32,
        /// Pods that answer their readiness probe, of any template.
        ready: i32,
        /// Pods that have been ready for `minReadySeconds`, of any template.
        available: i32,
        desired: i32,
        why: WaitingFor,
    },
    Failed {
        cause: Cause,
        /// The cluster's own words.
        detail: String,
    },
    Done,
}

/// What a rollout that has not ended waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingFor {
    /// The controller has not seen our change yet.
    Observation,
    /// Somebody wants zero pods: there is nothing that could succeed.
    Replicas,
    /// Somebody paused the Deployment: its template does not roll.
    Resuming,
    /// New pods have yet to be made.
    NewPods,
    /// Old pods have yet to go.
    OldPods,
    /// New pods have yet to become available.
    Availability,
}

/// Why a rollout counts as failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// No progress within `progressDeadlineSeconds`. The controller keeps trying, so a later
    /// reading may be another.
    ProgressDeadline,
}

/// `patched_generation` is the `metadata.generation` that our write was answered with.
pub fn rollout_status(deployment: &Deployment, patched_generation: i64) -> Rollout {
    let counts = Counts::of(deployment);
    if counts.observed < counts.generation.max(patched_generation) {
        return counts.waiting(WaitingFor::Observation);
    }
    if let Some(condition) = deadline_exceeded(deployment) {
        return Rollout::Failed {
            cause: Cause::ProgressDeadline,
            detail: condition.message.clone().unwrap_or_default(),
        };
    }
    match counts.outstanding(is_paused(deployment)) {
        Some(why) => counts.waiting(why),
        None => Rollout::Done,
    }
}

/// The numbers of one reading; a counter that is missing is zero.
struct Counts {
    generation: i64,
    observed: i64,
    desired: i32,
    replicas: i32,
    updated: i32,
    ready: i32,
    available: i32,
}

impl Counts {
    fn of(deployment: &Deployment) -> Self {
        let status = deployment.status.clone().unwrap_or_default();
        let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas);
        Self {
            generation: deployment.metadata.generation.unwrap_or_default(),
            observed: status.observed_generation.unwrap_or_default(),
            // An API server fills this in; what it would fill in is one.
            desired: wanted.unwrap_or(1),
            replicas: status.replicas.unwrap_or_default(),
            updated: status.updated_replicas.unwrap_or_default(),
            ready: status.ready_replicas.unwrap_or_default(),
            available: status.available_replicas.unwrap_or_default(),
        }
    }

    fn outstanding(&self, paused: bool) -> Option<WaitingFor> {
        if self.desired == 0 {
            Some(WaitingFor::Replicas)
        } else if self.updated < self.desired {
            Some(if paused {
                WaitingFor::Resuming
            } else {
                WaitingFor::NewPods
            })
        } else if self.replicas > self.updated {
            Some(WaitingFor::OldPods)
        } else if self.available < self.updated {
            Some(WaitingFor::Availability)
        } else {
            None
        }
    }

    fn waiting(&self, why: WaitingFor) -> Rollout {
        Rollout::Waiting {
            updated: self.updated,
            ready: self.ready,
            available: self.available,
            desired: self.desired,
            why,
        }
    }
}

fn deadline_exceeded(deployment: &Deployment) -> Option<&DeploymentCondition> {
    let conditions = deployment.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|condition| {
        condition.type_ == "Progressing"
            && condition.reason.as_deref() == Some("ProgressDeadlineExceeded")
    })
}

fn is_paused(deployment: &Deployment) -> bool {
    let spec = deployment.spec.as_ref();
    spec.and_then(|spec| spec.paused).unwrap_or_default()
}

#[cfg(test)]
#[path = "rollout_tests.rs"]
mod tests;
