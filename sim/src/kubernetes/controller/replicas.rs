//! ReplicaSets: making and ending pods until there are as many as wanted.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::deployments::owner;
use super::events::{self, Event};
use super::{all, pods};
use crate::kubernetes::cluster::{Cluster, number, seconds, text};
use crate::kubernetes::resources::of_kind;

pub(super) fn pass(cluster: &mut Cluster, now: Timestamp) {
    for set in all(cluster, "ReplicaSet") {
        let wanted = usize::try_from(number(&set, "/spec/replicas")).unwrap_or_default();
        let mut pods = standing(cluster, &set);
        for _ in pods.len()..wanted {
            if !make_pod(cluster, &set, now) {
                break;
            }
        }
        // Those that do not work go first, the youngest of them before the older.
        pods.sort_by_key(|pod| (pods::is_ready(pod), text(pod, "/metadata/name").to_owned()));
        for pod in pods.iter().take(pods.len().saturating_sub(wanted)) {
            end_pod(cluster, &set, pod, now);
        }
    }
}

/// The set's pods that are not on their way out.
fn standing(cluster: &Cluster, set: &Value) -> Vec<Value> {
    let mut pods = cluster.owned("Pod", set);
    pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null());
    pods
}

fn make_pod(cluster: &mut Cluster, set: &Value, now: Timestamp) -> bool {
    let namespace = text(set, "/metadata/namespace").to_owned();
    if let Some(quota) = cluster.settings.pod_quota
        && cluster.list(of_kind("Pod"), &namespace).count() >= quota
    {
        refuse(cluster, set, quota, now);
        return false;
    }
    let name = format!("{}-{}", text(set, "/metadata/name"), cluster.suffix());
    let template = &set["spec"]["template"];
    let mut metadata = template["metadata"].clone();
    metadata["name"] = json!(name);
    metadata["namespace"] = json!(namespace);
    metadata["ownerReferences"] = json!([owner(set, "apps/v1", "ReplicaSet")]);
    let pod = json!({
        "metadata": metadata, "spec": template["spec"],
        "status": {"phase": "Pending", "qosClass": "Burstable"},
    });
    cluster.put_new(of_kind("Pod"), pod, now);
    let message = format!("Created pod: {name}");
    events::tell(
        cluster,
        set,
        Event::normal("SuccessfulCreate", &message),
        now,
    );
    true
}

fn refuse(cluster: &mut Cluster, set: &Value, quota: usize, now: Timestamp) {
    let message = format!(
        "pods \"{}-\" is forbidden: exceeded quota: pods, requested: pods=1, used: pods={quota}, \
         limited: pods={quota}",
        text(set, "/metadata/name")
    );
    events::tell(cluster, set, Event::warning("FailedCreate", &message), now);
    let mut set = set.clone();
    if set.pointer("/status/conditions/0").is_none() {
        set["status"]["conditions"] = json!([{
            "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
            "message": message, "lastTransitionTime": seconds(now),
        }]);
        cluster.put(of_kind("ReplicaSet"), set);
    }
}

fn end_pod(cluster: &mut Cluster, set: &Value, pod: &Value, now: Timestamp) {
    let name = text(pod, "/metadata/name");
    let message = format!("Deleted pod: {name}");
    events::tell(
        cluster,
        set,
        Event::normal("SuccessfulDelete", &message),
        now,
    );
    let mut pod = pod.clone();
    pod["metadata"]["deletionTimestamp"] = json!(seconds(now));
    pod["metadata"]["deletionGracePeriodSeconds"] = json!(30);
    cluster.put(of_kind("Pod"), pod);
}

/// Writes how many pods there are, and how many of them work.
pub(super) fn count(cluster: &mut Cluster) {
    for mut set in all(cluster, "ReplicaSet") {
        let pods = standing(cluster, &set);
        let ready = pods.iter().filter(|pod| pods::is_ready(pod)).count();
        let complete = pods.len() >= usize::try_from(number(&set, "/spec/replicas")).unwrap_or(0);
        let refused = set["status"]["conditions"].clone();
        set["status"] = json!({
            "replicas": pods.len(), "fullyLabeledReplicas": pods.len(),
            "readyReplicas": ready, "availableReplicas": ready,
            "observedGeneration": set["metadata"]["generation"],
        });
        if !complete && !refused.is_null() {
            set["status"]["conditions"] = refused;
        }
        cluster.put(of_kind("ReplicaSet"), set);
    }
}
