//! Deployments: which ReplicaSets there are, how many pods each shall have, what is reported.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::all;
use super::events::{self, Event};
use crate::kubernetes::cluster::{Cluster, letters, number, seconds, text};
use crate::kubernetes::resources::of_kind;

pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "pod-template-hash";

/// Makes the ReplicaSet of a new template and moves pods from old ones to it.
pub(super) fn pass(cluster: &mut Cluster, now: Timestamp) {
    for deployment in all(cluster, "Deployment") {
        let mut sets = cluster.owned("ReplicaSet", &deployment);
        if deployment["spec"]["paused"] == true {
            scale_paused(cluster, &deployment, &sets);
            continue;
        }
        let current = match current_set(&deployment, &sets) {
            Some(at) => sets.swap_remove(at),
            None => new_set(cluster, &deployment, now),
        };
        let current = renumber(cluster, &deployment, current, &sets);
        roll(cluster, &deployment, &current, &sets, now);
    }
}

/// The template without the label that tells its sets apart, as text that can be compared.
fn template_of(object: &Value) -> Value {
    let mut template = object["spec"]["template"].clone();
    if let Some(labels) = template
        .pointer_mut("/metadata/labels")
        .and_then(Value::as_object_mut)
    {
        labels.remove(HASH);
    }
    template
}

fn current_set(deployment: &Value, sets: &[Value]) -> Option<usize> {
    let template = template_of(deployment);
    sets.iter().position(|set| template_of(set) == template)
}

fn new_set(cluster: &mut Cluster, deployment: &Value, now: Timestamp) -> Value {
    let hash = letters(&template_of(deployment).to_string(), 10);
    let mut template = deployment["spec"]["template"].clone();
    template["metadata"]["labels"][HASH] = json!(hash);
    let mut selector = deployment["spec"]["selector"].clone();
    selector["matchLabels"][HASH] = json!(hash);
    let meta = &deployment["metadata"];
    let mut annotations = meta["annotations"].clone();
    if !annotations.is_object() {
        annotations = json!({});
    }
    let set = json!({
        "metadata": {
            "name": format!("{}-{hash}", text(deployment, "/metadata/name")),
            "namespace": meta["namespace"],
            "labels": template["metadata"]["labels"],
            "annotations": annotations,
            "ownerReferences": [owner(deployment, "apps/v1", "Deployment")],
        },
        "spec": {"replicas": 0, "selector": selector, "template": template},
        "status": {"replicas": 0},
    });
    cluster.put_new(of_kind("ReplicaSet"), set, now)
}

pub(super) fn owner(object: &Value, version: &str, kind: &str) -> Value {
    json!({
        "apiVersion": version, "kind": kind, "name": object["metadata"]["name"],
        "uid": object["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
    })
}

/// The set in use has the highest revision: one that is used again gets a new number.
fn renumber(cluster: &mut Cluster, deployment: &Value, mut set: Value, others: &[Value]) -> Value {
    let highest = others.iter().map(revision).max().unwrap_or(0);
    let mut own = revision(&set);
    if own <= highest {
        own = highest + 1;
        set["metadata"]["annotations"][REVISION] = json!(own.to_string());
        set = cluster.put(of_kind("ReplicaSet"), set);
    }
    let mut deployment = deployment.clone();
    if revision(&deployment) != own {
        if !deployment["metadata"]["annotations"].is_object() {
            deployment["metadata"]["annotations"] = json!({});
        }
        deployment["metadata"]["annotations"][REVISION] = json!(own.to_string());
        cluster.put(of_kind("Deployment"), deployment);
    }
    set
}

fn revision(object: &Value) -> i64 {
    let annotations = &object["metadata"]["annotations"];
    let number = annotations.get(REVISION).and_then(Value::as_str);
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn scale_paused(cluster: &mut Cluster, deployment: &Value, sets: &[Value]) {
    if let [only] = sets {
        set_replicas(cluster, only, number(deployment, "/spec/replicas"));
    }
}

/// One step of a rollout, within what may be too many and too few.
fn roll(cluster: &mut Cluster, deployment: &Value, new: &Value, old: &[Value], now: Timestamp) {
    let desired = number(deployment, "/spec/replicas");
    let wanted = number(new, "/spec/replicas");
    let old_wanted: i64 = old.iter().map(|set| number(set, "/spec/replicas")).sum();
    if text(deployment, "/spec/strategy/type") == "Recreate" {
        let left: i64 = old.iter().map(|set| number(set, "/status/replicas")).sum();
        old.iter().for_each(|set| set_replicas(cluster, set, 0));
        if left == 0 {
            grow(cluster, deployment, new, desired, now);
        }
        return;
    }
    let (surge, unavailable) = bounds(deployment, desired);
    let target = if wanted > desired {
        desired
    } else {
        let room = (desired + surge - wanted - old_wanted).max(0);
        wanted + room.min(desired - wanted)
    };
    grow(cluster, deployment, new, target, now);

    let new_missing = (target - number(new, "/status/availableReplicas")).max(0);
    let least = desired - unavailable;
    let mut may_go = (target + old_wanted - least - new_missing).max(0);
    // Those that do not work go first: they are missed by nobody.
    for set in old {
        let broken = number(set, "/spec/replicas") - number(set, "/status/availableReplicas");
        let going = broken.clamp(0, may_go);
        set_replicas(cluster, set, number(set, "/spec/replicas") - going);
        may_go -= going;
    }
    for set in old {
        let now_wanted = cluster
            .get(
                of_kind("ReplicaSet"),
                text(set, "/metadata/namespace"),
                text(set, "/metadata/name"),
            )
            .map_or(0, |set| number(set, "/spec/replicas"));
        let going = now_wanted.min(may_go);
        set_replicas(cluster, set, now_wanted - going);
        may_go -= going;
    }
}

fn grow(cluster: &mut Cluster, deployment: &Value, set: &Value, to: i64, now: Timestamp) {
    let from = number(set, "/spec/replicas");
    if from == to {
        return;
    }
    set_replicas(cluster, set, to);
    let name = text(set, "/metadata/name");
    let way = if to > from { "up" } else { "down" };
    let message = format!("Scaled {way} replica set {name} from {from} to {to}");
    events::tell(
        cluster,
        deployment,
        Event::normal("ScalingReplicaSet", &message),
        now,
    );
}

fn set_replicas(cluster: &mut Cluster, set: &Value, replicas: i64) {
    let (namespace, name) = (
        text(set, "/metadata/namespace"),
        text(set, "/metadata/name"),
    );
    let live = cluster.get(of_kind("ReplicaSet"), namespace, name).cloned();
    if let Some(mut live) = live {
        live["spec"]["replicas"] = json!(replicas);
        cluster.put(of_kind("ReplicaSet"), live);
    }
}

/// How many pods may be too many, and how many too few.
fn bounds(deployment: &Value, desired: i64) -> (i64, i64) {
    let rolling = &deployment["spec"]["strategy"]["rollingUpdate"];
    let surge = share(&rolling["maxSurge"], desired, 99);
    let unavailable = share(&rolling["maxUnavailable"], desired, 0);
    if surge == 0 && unavailable == 0 {
        (0, 1)
    } else {
        (surge, unavailable)
    }
}

/// A number, or a percentage of `of`; `rounding` 99 rounds up, 0 down.
fn share(value: &Value, of: i64, rounding: i64) -> i64 {
    let percent = value.as_str().and_then(|text| text.strip_suffix('%'));
    match percent.and_then(|percent| percent.parse::<i64>().ok()) {
        Some(percent) => (of * percent + rounding) / 100,
        None => value.as_i64().unwrap_or_default(),
    }
}

/// Writes the status that `kubectl rollout status` reads.
pub(super) fn report(cluster: &mut Cluster, now: Timestamp) {
    for mut deployment in all(cluster, "Deployment") {
        let sets = cluster.owned("ReplicaSet", &deployment);
        let sum = |field: &str| sets.iter().map(|set| number(set, field)).sum::<i64>();
        let updated = current_set(&deployment, &sets)
            .and_then(|at| sets.get(at))
            .map_or(0, |set| number(set, "/status/replicas"));
        let available = sum("/status/availableReplicas");
        let desired = number(&deployment, "/spec/replicas");
        let status = json!({
            "observedGeneration": deployment["metadata"]["generation"],
            "replicas": sum("/status/replicas"),
            "updatedReplicas": updated,
            "readyReplicas": sum("/status/readyReplicas"),
            "availableReplicas": available,
            "unavailableReplicas": (desired - available).max(0),
        });
        let old = deployment["status"].clone();
        let conditions = conditions(&deployment, &sets, &old, &status, now);
        deployment["status"] = without_zeros(status);
        deployment["status"]["conditions"] = conditions;
        cluster.put(of_kind("Deployment"), deployment);
    }
}

/// Counters of zero are left out, as the real server does.
fn without_zeros(mut status: Value) -> Value {
    if let Some(fields) = status.as_object_mut() {
        fields.retain(|_, value| value.as_i64() != Some(0));
    }
    status
}

fn conditions(
    deployment: &Value,
    sets: &[Value],
    old: &Value,
    new: &Value,
    now: Timestamp,
) -> Value {
    let desired = number(deployment, "/spec/replicas");
    let (_, unavailable) = bounds(deployment, desired);
    let enough = number(new, "/availableReplicas") >= desired - unavailable;
    let available = if enough {
        (
            "Available",
            "True",
            "MinimumReplicasAvailable",
            "Deployment has minimum availability.",
        )
    } else {
        let message = "Deployment does not have minimum availability.";
        ("Available", "False", "MinimumReplicasUnavailable", message)
    };
    let mut list = vec![condition(old, available, now)];
    list.push(progressing(deployment, old, new, now));
    let refused = sets
        .iter()
        .find_map(|set| set.pointer("/status/conditions/0"));
    if let Some(refused) = refused {
        let message = text(refused, "/message");
        list.push(condition(
            old,
            ("ReplicaFailure", "True", "FailedCreate", message),
            now,
        ));
    }
    json!(list)
}

fn progressing(deployment: &Value, old: &Value, new: &Value, now: Timestamp) -> Value {
    let name = text(deployment, "/metadata/name");
    let desired = number(deployment, "/spec/replicas");
    let count = |field: &str| number(new, field);
    let complete = count("/updatedReplicas") == desired
        && count("/replicas") == desired
        && count("/availableReplicas") == desired;
    let before = find(old, "Progressing");
    let moved = [
        "/updatedReplicas",
        "/readyReplicas",
        "/availableReplicas",
        "/replicas",
    ]
    .iter()
    .any(|field| number(old, field) != number(new, field))
        || number(old, "/observedGeneration") != number(new, "/observedGeneration");
    let done = format!("ReplicaSet of \"{name}\" has successfully progressed.");
    let going = format!("ReplicaSet of \"{name}\" is progressing.");
    let late = format!("ReplicaSet of \"{name}\" has timed out progressing.");
    let mut told = if complete {
        condition(
            old,
            ("Progressing", "True", "NewReplicaSetAvailable", &done),
            now,
        )
    } else if !moved && is_late(deployment, before.as_ref(), now) {
        condition(
            old,
            ("Progressing", "False", "ProgressDeadlineExceeded", &late),
            now,
        )
    } else {
        condition(
            old,
            ("Progressing", "True", "ReplicaSetUpdated", &going),
            now,
        )
    };
    if moved {
        told["lastUpdateTime"] = json!(seconds(now));
    }
    told
}

/// Late is late until something moves.
fn is_late(deployment: &Value, before: Option<&Value>, now: Timestamp) -> bool {
    let Some(before) = before else { return false };
    if text(before, "/reason") == "ProgressDeadlineExceeded" {
        return true;
    }
    let since = text(before, "/lastUpdateTime")
        .parse::<Timestamp>()
        .unwrap_or(now);
    let limit = number(deployment, "/spec/progressDeadlineSeconds");
    now.as_second() - since.as_second() > limit
}

fn find(status: &Value, kind: &str) -> Option<Value> {
    let list = status["conditions"].as_array()?;
    list.iter()
        .find(|condition| text(condition, "/type") == kind)
        .cloned()
}

/// A condition that says the same as before keeps its times.
fn condition(old: &Value, told: (&str, &str, &str, &str), now: Timestamp) -> Value {
    let (kind, status, reason, message) = told;
    let mut new = json!({"type": kind, "status": status, "reason": reason, "message": message,
        "lastUpdateTime": seconds(now), "lastTransitionTime": seconds(now)});
    if let Some(before) = find(old, kind) {
        if before["status"] == new["status"] {
            new["lastTransitionTime"] = before["lastTransitionTime"].clone();
        }
        if before["reason"] == new["reason"] {
            new["lastUpdateTime"] = before["lastUpdateTime"].clone();
        }
    }
    new
}
