//! Calls that change objects, each kind of patch in its own way.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::cluster::{Cluster, text};
use super::read::scale;
use super::resources::Resource;
use super::route::Target;
use super::status::{self, No};
use super::write::Write;
use super::{beside, fields, schema};
use crate::call::{Call, Unexpected};

pub(super) fn body(call: &Call) -> Result<Value, No> {
    let parsed = serde_json::from_slice(&call.body).ok();
    let text = || std::str::from_utf8(&call.body).ok();
    let parsed = parsed.or_else(|| serde_saphyr::from_str(text()?).ok());
    parsed.ok_or_else(status::not_json)
}

pub(super) fn write(
    cluster: &mut Cluster,
    call: &Call,
    target: &Target,
    now: jiff::Timestamp,
) -> Result<Response, No> {
    let how = Write {
        manager: call.query("fieldManager").unwrap_or("unknown").to_owned(),
        subresource: match target.subresource.as_str() {
            "scale" => "scale",
            "status" => "status",
            _ => "",
        },
        force: call.query("force") == Some("true"),
        dry_run: call.query("dryRun") == Some("All"),
        now,
    };
    if call.method == Method::DELETE {
        let Target {
            resource,
            namespace,
            name,
            ..
        } = target;
        if how.dry_run {
            return Ok(Json(cluster.existing(resource, namespace, name)?).into_response());
        }
        let object = cluster.delete(resource, namespace, name, now)?;
        let ends_later = cluster.get(resource, namespace, name).is_some();
        let answer = if ends_later {
            object
        } else {
            status::success(name)
        };
        return Ok(Json(answer).into_response());
    }
    let mut sent = body(call)?;
    if target.subresource == "scale" {
        return set_scale(cluster, call, target, &sent, &how);
    }
    if target.subresource == "ephemeralcontainers" {
        check_fields(call, target.resource, &sent)?;
        return beside::put(cluster, call, target, &sent, &how);
    }
    check_fields(call, target.resource, &sent)?;
    place(&mut sent, target)?;
    if call.method == Method::POST {
        let made = cluster.create(target.resource, sent, &how)?;
        return Ok((StatusCode::CREATED, Json(made)).into_response());
    }
    if call.method == Method::PUT {
        return Ok(Json(cluster.replace(target.resource, sent, &how)?).into_response());
    }
    patch(cluster, call, target, &sent, &how)
}

/// A field that the kind does not have is refused where the client asked for strictness. Otherwise
/// the real server would drop it, so here the simulator says that it does not know it.
fn check_fields(call: &Call, resource: &Resource, sent: &Value) -> Result<(), No> {
    let Some(path) = schema::unknown_field(resource.kind, sent) else {
        return Ok(());
    };
    if is_apply(call) {
        return Err(status::not_in_schema(&resource.api_version(), &path));
    }
    if call.query("fieldValidation") == Some("Strict") {
        let message = format!("strict decoding error: unknown field \"{path}\"");
        return Err(status::bad_request(message));
    }
    Err(Unexpected(format!("field {path} of {}", resource.kind)).into())
}

fn is_apply(call: &Call) -> bool {
    let kind = call.header("content-type").unwrap_or_default();
    kind.starts_with("application/apply-patch")
}

/// What the path says, the object must not contradict.
fn place(sent: &mut Value, target: &Target) -> Result<(), No> {
    if !sent.is_object() {
        // A list is a JSON patch; its operations say no place.
        return Ok(());
    }
    for (field, given) in [("namespace", &target.namespace), ("name", &target.name)] {
        let pointer = format!("/metadata/{field}");
        let own = text(sent, &pointer);
        if given.is_empty() {
            continue;
        }
        if !own.is_empty() && own != given {
            let message = format!("the {field} of the object does not match the path");
            return Err(status::bad_request(message));
        }
        sent["metadata"][field] = json!(given);
    }
    Ok(())
}

fn patch(
    cluster: &mut Cluster,
    call: &Call,
    target: &Target,
    sent: &Value,
    how: &Write,
) -> Result<Response, No> {
    let Target {
        resource,
        namespace,
        name,
        ..
    } = target;
    let kind = call.header("content-type").unwrap_or_default();
    if is_apply(call) {
        let existed = cluster.get(resource, namespace, name).is_some();
        let object = cluster.apply(resource, sent, how)?;
        let code = if existed {
            StatusCode::OK
        } else {
            StatusCode::CREATED
        };
        return Ok((code, Json(object)).into_response());
    }
    let mut object = cluster.existing(resource, namespace, name)?;
    if kind.starts_with("application/strategic-merge-patch") {
        fields::merge(schema::kind(resource.kind), &mut object, sent);
    } else if kind.starts_with("application/merge-patch") {
        fields::merge_plain(&mut object, sent);
    } else if kind.starts_with("application/json-patch") {
        let patch: json_patch::Patch =
            serde_json::from_value(sent.clone()).map_err(|e| Unexpected(e.to_string()))?;
        json_patch::patch(&mut object, &patch).map_err(|e| status::unprocessable(e.to_string()))?;
    } else {
        return Err(Unexpected(format!("patch of type {kind}")).into());
    }
    if text(sent, "/metadata/resourceVersion").is_empty() {
        object["metadata"]["resourceVersion"] = json!("");
    }
    Ok(Json(cluster.replace(resource, object, how)?).into_response())
}

fn set_scale(
    cluster: &mut Cluster,
    call: &Call,
    target: &Target,
    sent: &Value,
    how: &Write,
) -> Result<Response, No> {
    if !matches!(call.method, Method::PUT | Method::PATCH) {
        return Err(call.unknown().into());
    }
    if let Some(path) = schema::unknown_field("Scale", sent) {
        return Err(Unexpected(format!("field {path} of Scale")).into());
    }
    let mut object = cluster.existing(target.resource, &target.namespace, &target.name)?;
    if let Some(replicas) = sent.pointer("/spec/replicas") {
        object["spec"]["replicas"] = replicas.clone();
    }
    object["metadata"]["resourceVersion"] = json!(text(sent, "/metadata/resourceVersion"));
    let stored = cluster.replace(target.resource, object, how)?;
    Ok(Json(scale(&stored)).into_response())
}
