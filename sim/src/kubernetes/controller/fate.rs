//! What becomes of a pod, told by what its template says.

use serde_json::Value;

use crate::kubernetes::cluster::{Cluster, Pulls, text};
use crate::kubernetes::resources::of_kind;
use crate::world::World;

/// The variable that tells a container how to behave.
const VARIABLE: &str = "SLIPWAY_SIM";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Ready,
    /// Its image cannot be pulled.
    NoImage,
    /// A Secret or ConfigMap that it needs is not there.
    BadConfig(String),
    /// Its process ends with this code, for this reason.
    Crash(i64, &'static str),
    /// It runs and its readiness probe fails.
    Unready,
}

pub(super) fn of(cluster: &Cluster, pod: &Value, world: &World) -> Fate {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    let containers: Vec<&Value> = containers.into_iter().flatten().collect();
    let image = |container: &&Value| text(container, "/image").to_owned();
    let pulls = cluster.settings.pulls;
    if containers
        .iter()
        .map(image)
        .any(|image| !is_there(&image, pulls, world))
    {
        return Fate::NoImage;
    }
    let namespace = text(pod, "/metadata/namespace");
    if let Some(missing) = containers
        .iter()
        .find_map(|one| missing(cluster, namespace, one))
    {
        return Fate::BadConfig(missing);
    }
    if containers
        .iter()
        .any(|one| text(one, "/command/0") == "false")
    {
        return Fate::Crash(1, "Error");
    }
    match containers.iter().find_map(|container| behaviour(container)) {
        Some("crash") => Fate::Crash(1, "Error"),
        Some("oom") => Fate::Crash(137, "OOMKilled"),
        Some("unready") => Fate::Unready,
        _ => Fate::Ready,
    }
}

/// Whether nodes can pull an image.
pub(super) fn is_there(image: &str, pulls: Pulls, world: &World) -> bool {
    match pulls {
        Pulls::Anything => !image.contains("missing"),
        Pulls::FromRegistry => world.registry().can_pull(without_host(image)),
    }
}

/// The first part of a reference is a host where it has a dot or a port, or is `localhost`.
fn without_host(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => rest,
        _ => image,
    }
}

fn behaviour(container: &Value) -> Option<&str> {
    let variables = container.get("env").and_then(Value::as_array)?;
    let found = variables
        .iter()
        .find(|variable| text(variable, "/name") == VARIABLE)?;
    found.get("value").and_then(Value::as_str)
}

/// The words of the kubelet about the first object that the container needs and that is missing.
fn missing(cluster: &Cluster, namespace: &str, container: &Value) -> Option<String> {
    let list = |field: &str| {
        container
            .get(field)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let single = list("env").filter_map(|variable| variable.get("valueFrom"));
    let references = single
        .flat_map(|from| {
            [
                ("Secret", &from["secretKeyRef"]),
                ("ConfigMap", &from["configMapKeyRef"]),
            ]
        })
        .chain(list("envFrom").flat_map(|from| {
            [
                ("Secret", &from["secretRef"]),
                ("ConfigMap", &from["configMapRef"]),
            ]
        }));
    references
        .filter(|(_, reference)| reference.is_object() && reference["optional"] != true)
        .find_map(|(kind, reference)| {
            let name = text(reference, "/name");
            let found = cluster.get(of_kind(kind), namespace, name);
            let what = kind.to_lowercase();
            match (found, reference.get("key").and_then(Value::as_str)) {
                (None, _) => Some(format!("{what} \"{name}\" not found")),
                (Some(held), Some(key)) if held["data"].get(key).is_none() => Some(format!(
                    "couldn't find key {key} in {kind} {namespace}/{name}"
                )),
                _ => None,
            }
        })
}
