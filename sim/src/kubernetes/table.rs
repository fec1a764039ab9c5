//! Lists as tables, the way `kubectl get` asks for them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cluster::{number, text};
use super::resources::Resource;

/// A table of the objects; `meta` is the list's own metadata.
pub(super) fn of(resource: &Resource, objects: &[&Value], meta: &Value, now: Timestamp) -> Value {
    let column = |name: &&str| {
        let format = if *name == "Name" { "name" } else { "" };
        json!({"name": name, "type": "string", "format": format, "description": "", "priority": 0})
    };
    let columns: Vec<Value> = columns(resource.kind).iter().map(column).collect();
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
    let held = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
        "metadata": object["metadata"]});
    let mut cells = match kind {
        "Event" => return json!({"cells": event_cells(object, now), "object": held}),
        "Pod" => pod_cells(object),
        "Deployment" | "ReplicaSet" => workload_cells(kind, object),
        "Service" => service_cells(object),
        "HorizontalPodAutoscaler" => scaler_cells(object),
        "Namespace" => vec![word(object, "/status/phase")],
        "Node" => vec!["Ready".to_owned(), "<none>".to_owned()],
        "Secret" => vec![word(object, "/type"), size(object)],
        "ConfigMap" => vec![size(object)],
        _ => Vec::new(),
    };
    cells.insert(0, word(object, "/metadata/name"));
    cells.push(age(text(object, "/metadata/creationTimestamp"), now));
    if kind == "Node" {
        cells.push(word(object, "/status/nodeInfo/kubeletVersion"));
    }
    json!({"cells": cells, "object": held})
}

fn word(object: &Value, pointer: &str) -> String {
    text(object, pointer).to_owned()
}

fn count(object: &Value, pointer: &str) -> String {
    number(object, pointer).to_string()
}

fn size(object: &Value) -> String {
    let held = object.get("data").and_then(Value::as_object);
    held.map_or(0, serde_json::Map::len).to_string()
}

fn pod_cells(pod: &Value) -> Vec<String> {
    let (ready, all, restarts) = containers(pod);
    vec![
        format!("{ready}/{all}"),
        pod_status(pod),
        restarts.to_string(),
    ]
}

fn workload_cells(kind: &str, object: &Value) -> Vec<String> {
    let ready = count(object, "/status/readyReplicas");
    let wanted = count(object, "/spec/replicas");
    if kind == "ReplicaSet" {
        return vec![wanted, count(object, "/status/replicas"), ready];
    }
    vec![
        format!("{ready}/{wanted}"),
        count(object, "/status/updatedReplicas"),
        count(object, "/status/availableReplicas"),
    ]
}

fn service_cells(service: &Value) -> Vec<String> {
    let outside = match text(service, "/status/loadBalancer/ingress/0/ip") {
        "" => "<none>",
        address => address,
    };
    vec![
        word(service, "/spec/type"),
        word(service, "/spec/clusterIP"),
        outside.to_owned(),
        ports(service),
    ]
}

fn scaler_cells(scaler: &Value) -> Vec<String> {
    let kind = text(scaler, "/spec/scaleTargetRef/kind");
    vec![
        format!("{kind}/{}", text(scaler, "/spec/scaleTargetRef/name")),
        "<unknown>".to_owned(),
        count(scaler, "/spec/minReplicas"),
        count(scaler, "/spec/maxReplicas"),
        count(scaler, "/status/currentReplicas"),
    ]
}

fn event_cells(event: &Value, now: Timestamp) -> Vec<String> {
    let about = text(event, "/involvedObject/kind").to_lowercase();
    vec![
        age(text(event, "/lastTimestamp"), now),
        word(event, "/type"),
        word(event, "/reason"),
        format!("{about}/{}", text(event, "/involvedObject/name")),
        word(event, "/message"),
    ]
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
