//! Jobs: one pod each, and what its end means for the Job.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::all;
use super::deployments::owner;
use crate::clock::later;
use crate::kubernetes::cluster::{Cluster, number, seconds, text};
use crate::kubernetes::resources::of_kind;

/// Makes the one pod of a Job that has none yet.
pub(super) fn pass(cluster: &mut Cluster, now: Timestamp) {
    for job in all(cluster, "Job") {
        if is_over(&job) || !cluster.owned("Pod", &job).is_empty() {
            continue;
        }
        let name = text(&job, "/metadata/name").to_owned();
        let template = &job["spec"]["template"];
        let mut metadata = template["metadata"].clone();
        metadata["name"] = json!(format!("{name}-{}", cluster.suffix()));
        metadata["namespace"] = job["metadata"]["namespace"].clone();
        metadata["labels"]["batch.kubernetes.io/job-name"] = json!(name);
        metadata["labels"]["job-name"] = json!(name);
        metadata["ownerReferences"] = json!([owner(&job, "batch/v1", "Job")]);
        let pod = json!({
            "metadata": metadata, "spec": template["spec"],
            "status": {"phase": "Pending", "qosClass": "Burstable"},
        });
        cluster.put_new(of_kind("Pod"), pod, now);
        let mut job = job.clone();
        job["status"] = json!({"active": 1, "startTime": seconds(now), "ready": 0});
        cluster.put(of_kind("Job"), job);
    }
}

fn is_over(job: &Value) -> bool {
    let conditions = job.pointer("/status/conditions").and_then(Value::as_array);
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|c| matches!(text(c, "/type"), "Complete" | "Failed"))
}

/// Says how a Job has ended. No Job here is tried twice.
pub(super) fn report(cluster: &mut Cluster, now: Timestamp) {
    for mut job in all(cluster, "Job") {
        if is_over(&job) {
            continue;
        }
        let pods = cluster.owned("Pod", &job);
        let phase = pods.first().map_or("", |pod| text(pod, "/status/phase"));
        let limit = number(&job, "/spec/activeDeadlineSeconds");
        let began = text(&job, "/status/startTime").parse().unwrap_or(now);
        let late =
            limit > 0 && now >= later(began, std::time::Duration::from_secs(limit.cast_unsigned()));
        let (kind, reason, count) = match phase {
            "Succeeded" => ("Complete", "CompletionsReached", "succeeded"),
            "Failed" => ("Failed", "BackoffLimitExceeded", "failed"),
            _ if late => ("Failed", "DeadlineExceeded", "failed"),
            _ => continue,
        };
        job["status"] = json!({
            "startTime": job["status"]["startTime"], count: 1,
            "conditions": [{"type": kind, "status": "True", "reason": reason,
                "lastTransitionTime": seconds(now), "lastProbeTime": seconds(now)}],
        });
        if kind == "Complete" {
            job["status"]["completionTime"] = json!(seconds(now));
        }
        cluster.put(of_kind("Job"), job);
    }
}
