//! Ephemeral containers: put beside those of a pod that runs, and never changed or taken away.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::Value;

use super::cluster::{Cluster, text};
use super::route::Target;
use super::status::{self, No};
use super::write::Write;
use super::{defaults, fields, schema};
use crate::call::Call;

const FIELD: &str = "spec.ephemeralContainers";
/// What an ordinary container may say and one of these may not.
const FORBIDDEN: &[&str] = &[
    "ports",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
    "resources",
];

/// Those of a pod.
pub(super) fn all(pod: &Value) -> &[Value] {
    let list = pod.pointer("/spec/ephemeralContainers");
    list.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn is_one(pod: &Value, container: &str) -> bool {
    all(pod).iter().any(|one| text(one, "/name") == container)
}

/// Answers a strategic merge into the subresource; no other way of writing to it is known here.
pub(super) fn put(
    cluster: &mut Cluster,
    call: &Call,
    target: &Target,
    sent: &Value,
    how: &Write,
) -> Result<Response, No> {
    let kind = call.header("content-type").unwrap_or_default();
    let is_merge = kind.starts_with("application/strategic-merge-patch");
    if call.method != Method::PATCH || !is_merge {
        return Err(call.unknown().into());
    }
    let before = cluster.existing(target.resource, &target.namespace, &target.name)?;
    for one in all(sent) {
        check(&before, one)?;
    }
    let mut merged = before.clone();
    fields::merge(schema::kind(target.resource.kind), &mut merged, sent);
    let mut list = merged["spec"]["ephemeralContainers"].take();
    let items = list.as_array_mut().into_iter().flatten();
    items.for_each(defaults::beside);
    let mut after = before.clone();
    after["spec"]["ephemeralContainers"] = list;
    stay(&before, &after)?;
    Ok(Json(cluster.replace(target.resource, after, how)?).into_response())
}

fn check(pod: &Value, one: &Value) -> Result<(), No> {
    let forbidden = FORBIDDEN.iter().find(|field| !one[**field].is_null());
    if let Some(field) = forbidden {
        let message = format!("Forbidden: {field} cannot be set for an Ephemeral Container");
        return Err(invalid(pod, &message));
    }
    let wanted = text(one, "/targetContainerName");
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    let mut containers = containers.into_iter().flatten();
    if !wanted.is_empty() && !containers.any(|own| text(own, "/name") == wanted) {
        let message = format!("Not found: targetContainerName \"{wanted}\"");
        return Err(invalid(pod, &message));
    }
    Ok(())
}

/// A merge takes none away.
fn stay(before: &Value, after: &Value) -> Result<(), No> {
    for (old, new) in all(before).iter().zip(all(after)) {
        if old != new {
            let name = text(old, "/name");
            let message =
                format!("Forbidden: existing ephemeral containers \"{name}\" may not be changed");
            return Err(invalid(before, &message));
        }
    }
    Ok(())
}

fn invalid(pod: &Value, message: &str) -> No {
    status::invalid("Pod", text(pod, "/metadata/name"), FIELD, message)
}
