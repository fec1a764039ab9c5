//! The autoscaler, as far as it acts without metrics: it keeps the count within its range.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::all;
use crate::kubernetes::cluster::{Cluster, number, seconds, text};
use crate::kubernetes::resources::of_kind;
use crate::kubernetes::write::Write;

pub(super) fn pass(cluster: &mut Cluster, now: Timestamp) {
    for scaler in all(cluster, "HorizontalPodAutoscaler") {
        let namespace = text(&scaler, "/metadata/namespace");
        let name = text(&scaler, "/spec/scaleTargetRef/name");
        let found = cluster.get(of_kind("Deployment"), namespace, name).cloned();
        if let Some(deployment) = found {
            let desired = hold(cluster, &scaler, &deployment, now);
            report(cluster, &scaler, &deployment, desired, now);
        }
    }
}

/// Zero replicas switch the autoscaler off.
fn hold(cluster: &mut Cluster, scaler: &Value, deployment: &Value, now: Timestamp) -> i64 {
    let current = number(deployment, "/spec/replicas");
    if current == 0 {
        return 0;
    }
    let least = number(scaler, "/spec/minReplicas");
    let most = number(scaler, "/spec/maxReplicas").max(least);
    let desired = current.clamp(least, most);
    if desired != current {
        let mut scaled = deployment.clone();
        scaled["spec"]["replicas"] = json!(desired);
        let stored = cluster.put(of_kind("Deployment"), scaled);
        let write = Write {
            manager: "kube-controller-manager".to_owned(),
            subresource: "scale",
            force: false,
            dry_run: false,
            now,
        };
        cluster.own_changes(of_kind("Deployment"), deployment, &stored, &write);
    }
    desired
}

fn report(cluster: &mut Cluster, scaler: &Value, deployment: &Value, desired: i64, now: Timestamp) {
    let mut scaler = scaler.clone();
    let off = desired == 0;
    let reason = if off {
        "ScalingDisabled"
    } else {
        "FailedGetResourceMetric"
    };
    let since = match text(&scaler, "/status/conditions/0/reason") == reason {
        true => scaler["status"]["conditions"][0]["lastTransitionTime"].clone(),
        false => json!(seconds(now)),
    };
    scaler["status"] = json!({
        "currentReplicas": number(deployment, "/status/replicas"),
        "desiredReplicas": desired,
        "conditions": [{"type": "ScalingActive", "status": "False", "reason": reason,
            "message": if off {
                "scaling is disabled since the replica count of the target is zero"
            } else {
                "the HPA was unable to compute the replica count: no metrics"
            },
            "lastTransitionTime": since}],
    });
    cluster.put(of_kind("HorizontalPodAutoscaler"), scaler);
}
