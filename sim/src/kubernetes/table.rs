//! Lists as tables, the way `kubectl get` asks for them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cluster::{number, text};
use super::resources::Resource;

/// A table of the objects; `meta` is the list's own metadata.
pub(super) fn of(resource: &Resource, objects: &[&Value], meta: &Value, now: Timestamp) -> Value {
    let columns: Vec<Value> = columns(resource.kind)
        .iter()
        .map(|name| {
            json!({"name": name, "type": "string", "format": if *name == "Name" { "name" } else { "" },
                "description": "", "priority": 0})
        })
        .collect();
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| row(resource.kind, object, now))
        .collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta,
        "columnDefinitions": columns, "rows": rows,
    })
}

fn columns(kind: &str) -> &'static [&'static str] {
    match kind {
        "Pod" => &["Name", "Ready", "Status", "Restarts", "Age"],
        "Deployment" => &["Name", "Ready", "Up-to-date", "Available", "Age"],
        "ReplicaSet" => &["Name", "Desired", "Current", "Ready", "Age"],
        "Service" => &[
            "Name",
            "Type",
            "Cluster-IP",
            "External-IP",
            "Port(s)",
            "Age",
        ],
        "HorizontalPodAutoscaler" => &[
            "Name",
            "Reference",
            "Targets",
            "MinPods",
            "MaxPods",
            "Replicas",
            "Age",
        ],
        "Namespace" => &["Name", "Status", "Age"],
        "Node" => &["Name", "Status", "Roles", "Age", "Version"],
        "Event" => &["Last Seen", "Type", "Reason", "Object", "Message"],
        "Secret" => &["Name", "Type", "Data", "Age"],
        "ConfigMap" => &["Name", "Data", "Age"],
        _ => &["Name", "Age"],
    }
}

fn row(kind: &str, object: &Value, now: Timestamp) -> Value {
    let name = text(object, "/metadata/name").to_owned();
    let age = age(text(object, "/metadata/creationTimestamp"), now);
    let count = |pointer: &str| number(object, pointer).to_string();
    let word = |pointer: &str| text(object, pointer).to_owned();
    let size = |field: &str| {
        let held = object.get(field).and_then(Value::as_object);
        held.map_or(0, serde_json::Map::len).to_string()
    };
    let cells = match kind {
        "Pod" => {
            let (ready, all, restarts) = containers(object);
            vec![
                name,
                format!("{ready}/{all}"),
                pod_status(object),
                restarts.to_string(),
                age,
            ]
        }
        "Deployment" => vec![
            name,
            format!(
                "{}/{}",
                count("/status/readyReplicas"),
                count("/spec/replicas")
            ),
            count("/status/updatedReplicas"),
            count("/status/availableReplicas"),
            age,
        ],
        "ReplicaSet" => vec![
            name,
            count("/spec/replicas"),
            count("/status/replicas"),
            count("/status/readyReplicas"),
            age,
        ],
        "Service" => {
            let outside = match text(object, "/status/loadBalancer/ingress/0/ip") {
                "" => "<none>".to_owned(),
                address => address.to_owned(),
            };
            vec![
                name,
                word("/spec/type"),
                word("/spec/clusterIP"),
                outside,
                ports(object),
                age,
            ]
        }
        "HorizontalPodAutoscaler" => vec![
            name,
            format!(
                "{}/{}",
                word("/spec/scaleTargetRef/kind"),
                word("/spec/scaleTargetRef/name")
            ),
            "<unknown>".to_owned(),
            count("/spec/minReplicas"),
            count("/spec/maxReplicas"),
            count("/status/currentReplicas"),
            age,
        ],
        "Namespace" => vec![name, word("/status/phase"), age],
        "Node" => {
            let version = word("/status/nodeInfo/kubeletVersion");
            vec![name, "Ready".to_owned(), "<none>".to_owned(), age, version]
        }
        "Event" => {
            let about = word("/involvedObject/kind").to_lowercase();
            vec![
                self::age(text(object, "/lastTimestamp"), now),
                word("/type"),
                word("/reason"),
                format!("{about}/{}", word("/involvedObject/name")),
                word("/message"),
            ]
        }
        "Secret" => vec![name, word("/type"), size("data"), age],
        "ConfigMap" => vec![name, size("data"), age],
        _ => vec![name, age],
    };
    let held = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
        "metadata": object["metadata"]});
    json!({"cells": cells, "object": held})
}

fn containers(pod: &Value) -> (usize, usize, i64) {
    let of = |pointer: &str| pod.pointer(pointer).and_then(Value::as_array).cloned();
    let statuses = of("/status/containerStatuses").unwrap_or_default();
    let ready = statuses
        .iter()
        .filter(|status| status["ready"] == true)
        .count();
    let restarts = statuses
        .iter()
        .map(|status| number(status, "/restartCount"))
        .sum();
    (
        ready,
        of("/spec/containers").unwrap_or_default().len(),
        restarts,
    )
}

fn pod_status(pod: &Value) -> String {
    if !pod["metadata"]["deletionTimestamp"].is_null() {
        return "Terminating".to_owned();
    }
    let reason = text(pod, "/status/containerStatuses/0/state/waiting/reason");
    match reason {
        "" => text(pod, "/status/phase").to_owned(),
        reason => reason.to_owned(),
    }
}

fn ports(service: &Value) -> String {
    let ports = service.pointer("/spec/ports").and_then(Value::as_array);
    let all: Vec<String> = ports
        .into_iter()
        .flatten()
        .map(|port| format!("{}/{}", number(port, "/port"), text(port, "/protocol")))
        .collect();
    all.join(",")
}

fn age(since: &str, now: Timestamp) -> String {
    let Ok(since) = since.parse::<Timestamp>() else {
        return "<unknown>".to_owned();
    };
    match now.as_second() - since.as_second() {
        seconds if seconds < 120 => format!("{seconds}s"),
        seconds if seconds < 7_200 => format!("{}m", seconds / 60),
        seconds if seconds < 172_800 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", seconds / 86_400),
    }
}
