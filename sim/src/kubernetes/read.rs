//! Reading objects: one, many, or what happens to them.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::route::Target;
use super::selector::Selector;
use super::status::{self, No};
use super::watch::{Since, Watch};
use super::{logs, table, watch};
use crate::call::Call;
use crate::world::World;

fn wants_table(call: &Call) -> bool {
    call.header("accept")
        .is_some_and(|accept| accept.contains("as=Table"))
}

pub(super) fn get(
    cluster: &Cluster,
    call: &Call,
    target: &Target,
    now: jiff::Timestamp,
) -> Result<Response, No> {
    let object = cluster.existing(target.resource, &target.namespace, &target.name)?;
    match target.subresource.as_str() {
        "log" => Ok(logs::read(&object, call)?.into_response()),
        "scale" => Ok(Json(scale(&object)).into_response()),
        _ if wants_table(call) => {
            let meta = json!({"resourceVersion": object["metadata"]["resourceVersion"]});
            Ok(Json(table::of(target.resource, &[&object], &meta, now)).into_response())
        }
        _ => Ok(Json(cluster.with_owners(target.resource, object)).into_response()),
    }
}

fn selector(call: &Call) -> Result<Selector, No> {
    Selector::parse(call.query("labelSelector"), call.query("fieldSelector"))
}

pub(super) fn list(
    cluster: &Cluster,
    call: &Call,
    target: &Target,
    now: jiff::Timestamp,
) -> Result<Response, No> {
    let selector = selector(call)?;
    let (revision, from) = match call.query("continue") {
        None | Some("") => (cluster.revision, 0),
        Some(token) => page(token)
            .filter(|(at, _)| *at >= cluster.forgotten)
            .ok_or_else(status::expired)?,
    };
    let found = cluster.list(target.resource, &target.namespace);
    let all: Vec<&Value> = found.filter(|object| selector.fits(object)).collect();
    let limit = call
        .query("limit")
        .and_then(|limit| limit.parse().ok())
        .filter(|limit| *limit > 0);
    let upto = limit.map_or(all.len(), |limit: usize| all.len().min(from + limit));
    let shown = all.get(from..upto).unwrap_or_default();
    let mut meta = json!({"resourceVersion": revision.to_string()});
    if upto < all.len() {
        meta["continue"] = json!(format!("{revision}.{upto}"));
        if selector.is_empty() {
            meta["remainingItemCount"] = json!(all.len() - upto);
        }
    }
    if wants_table(call) {
        return Ok(Json(table::of(target.resource, shown, &meta, now)).into_response());
    }
    let body = json!({
        "kind": format!("{}List", target.resource.kind),
        "apiVersion": target.resource.api_version(), "metadata": meta, "items": shown,
    });
    Ok(Json(body).into_response())
}

/// Revision and place that a `continue` token holds.
fn page(token: &str) -> Option<(u64, usize)> {
    let (revision, from) = token.split_once('.')?;
    Some((revision.parse().ok()?, from.parse().ok()?))
}

pub(super) fn start_watch(
    world: &World,
    name: &str,
    call: &Call,
    target: Target,
) -> Result<Response, No> {
    let since = match call.query("resourceVersion").unwrap_or_default() {
        "" | "0" => Since::Now,
        revision => {
            let bad = || status::bad_request(format!("invalid resource version {revision}"));
            Since::Revision(revision.parse().map_err(|_| bad())?)
        }
    };
    let seconds = call
        .query("timeoutSeconds")
        .and_then(|seconds| seconds.parse().ok());
    Ok(watch::answer(Watch {
        world: world.clone(),
        cluster: name.to_owned(),
        resource: target.resource,
        namespace: target.namespace,
        selector: selector(call)?,
        since,
        bookmarks: call.query("allowWatchBookmarks") == Some("true"),
        as_table: wants_table(call),
        lasts: seconds.map_or(Duration::MAX, Duration::from_secs),
    }))
}

pub(super) fn scale(deployment: &Value) -> Value {
    let labels = deployment
        .pointer("/spec/selector/matchLabels")
        .and_then(Value::as_object);
    let terms: Vec<String> = labels
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    let meta = &deployment["metadata"];
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {"name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"],
            "resourceVersion": meta["resourceVersion"],
            "creationTimestamp": meta["creationTimestamp"]},
        "spec": {"replicas": deployment["spec"]["replicas"]},
        "status": {"replicas": deployment["status"]["replicas"].as_i64().unwrap_or_default(),
            "selector": terms.join(",")},
    })
}
