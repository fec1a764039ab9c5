//! How a Job stands, and what it leaves behind.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use super::Facts;
use crate::integrations::kubernetes::{Kubernetes, LogOf};
use crate::workloads::objects::before_labels;

const LINES_KEPT: u16 = 100;
const MAX_CHARS: usize = 300;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Running,
    Done,
    /// With Kubernetes' own word for why.
    Failed {
        reason: String,
    },
}

/// By its own conditions; no counter says as much.
pub(super) fn outcome(job: &Job) -> Outcome {
    let conditions = job.status.as_ref().and_then(|s| s.conditions.as_ref());
    let mut holding = conditions
        .into_iter()
        .flatten()
        .filter(|c| c.status == "True");
    let ended = holding.find(|c| matches!(c.type_.as_str(), "Complete" | "Failed"));
    match ended {
        None => Outcome::Running,
        Some(c) if c.type_ == "Complete" => Outcome::Done,
        Some(c) => Outcome::Failed {
            reason: c.reason.clone().unwrap_or_default(),
        },
    }
}

/// Result and last lines, as the release's page shows them.
pub(super) async fn gathered(
    kubernetes: &Kubernetes,
    facts: &Facts,
    name: &str,
    outcome: &Outcome,
) -> Value {
    let namespace = &facts.workload.namespace;
    let labels = before_labels(&facts.id.to_string());
    let pods = kubernetes.pods(namespace, &labels).await;
    let pod = pods.unwrap_or_default().into_iter().next();
    let pod_name = pod.as_ref().and_then(|p| p.metadata.name.clone());
    let log = match &pod_name {
        Some(pod) => {
            let container = facts.workload.container();
            let log = kubernetes.log_tail(namespace, pod, container, LINES_KEPT, LogOf::Current);
            log.await.unwrap_or_default()
        }
        None => String::new(),
    };
    let lines: Vec<String> = log.lines().map(cut).collect();
    let (state, reason) = match outcome {
        Outcome::Failed { reason } => ("failed", Some(reason)),
        Outcome::Running | Outcome::Done => ("succeeded", None),
    };
    json!({
        "job": name, "state": state, "reason": reason, "log": lines,
        "exit_code": pod.as_ref().and_then(exit_code),
    })
}

fn exit_code(pod: &Pod) -> Option<i32> {
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    let ended = statuses.first()?.state.as_ref()?.terminated.as_ref()?;
    Some(ended.exit_code)
}

/// PostgreSQL holds no NUL, and a page no endless line.
fn cut(text: &str) -> String {
    let clean = text.chars().filter(|c| *c != '\0');
    clean.take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(conditions: Value) -> Outcome {
        let job = json!({"metadata": {"name": "a"}, "spec": {"template": {}},
            "status": {"active": 1, "failed": 1, "conditions": conditions}});
        outcome(&serde_json::from_value(job).unwrap())
    }

    #[test]
    fn a_job_stands_as_its_conditions_say() {
        let why = "BackoffLimitExceeded";
        let condition =
            |kind: &str, status: &str| json!([{"type": kind, "status": status, "reason": why}]);
        assert_eq!(job(json!([])), Outcome::Running);
        assert_eq!(job(condition("Suspended", "True")), Outcome::Running);
        assert_eq!(job(condition("FailureTarget", "True")), Outcome::Running);
        assert_eq!(job(condition("Complete", "False")), Outcome::Running);
        assert_eq!(job(condition("Complete", "True")), Outcome::Done);
        let reason = "BackoffLimitExceeded".to_owned();
        assert_eq!(job(condition("Failed", "True")), Outcome::Failed { reason });
    }
}
