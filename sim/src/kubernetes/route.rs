//! From a path to what is done about it.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use serde_json::Value;

use super::access::Rights;
use super::cluster::Cluster;
use super::resources::{self, Resource};
use super::status::{self, No};
use super::{change, discovery, read};
use crate::call::Call;
use crate::world::World;

/// Query parameters that some verb takes.
const KNOWN: &[&str] = &[
    "allowWatchBookmarks",
    "container",
    "continue",
    "dryRun",
    "fieldManager",
    "fieldSelector",
    "fieldValidation",
    "follow",
    "force",
    "includeObject",
    "labelSelector",
    "limit",
    "limitBytes",
    "pretty",
    "previous",
    "propagationPolicy",
    "resourceVersion",
    "resourceVersionMatch",
    "sinceSeconds",
    "sinceTime",
    "tailLines",
    "timeout",
    "timeoutSeconds",
    "timestamps",
    "watch",
];

/// One object, or one kind of it, that a path leads to.
pub(super) struct Target {
    pub resource: &'static Resource,
    /// Empty for what is in none, and for lists over all of them.
    pub namespace: String,
    /// Empty for the list.
    pub name: String,
    pub subresource: String,
}

pub(super) async fn answer(world: World, cluster: String, call: Call) -> Response {
    done(&world, &cluster, &call).unwrap_or_else(IntoResponse::into_response)
}

fn done(world: &World, name: &str, call: &Call) -> Result<Response, No> {
    let mut state = world.kubernetes();
    let cluster = state
        .clusters
        .get_mut(name)
        .ok_or_else(status::no_such_resource)?;
    let rights = rights(cluster, call)?;
    call.only(KNOWN)?;
    if let Some(answer) = about_itself(cluster, call) {
        return answer;
    }
    let target = target(call)?;
    let verb = verb(call, &target)?;
    let full = match target.subresource.as_str() {
        "" | "status" => target.resource.plural.to_owned(),
        subresource => format!("{}/{subresource}", target.resource.plural),
    };
    if target.resource.kind == "SelfSubjectAccessReview" {
        let review = rights.review(change::body(call)?);
        return Ok((StatusCode::CREATED, Json(review)).into_response());
    }
    if !rights.allow(&full, verb) {
        return Err(status::forbidden(&format!("{verb} {full}")));
    }
    if verb == "watch" {
        drop(state);
        return read::start_watch(world, name, call, target);
    }
    let now = world.clock().now();
    match verb {
        "get" => read::get(cluster, call, &target, now),
        "list" => read::list(cluster, call, &target, now),
        _ => change::write(cluster, call, &target, now),
    }
}

pub(super) fn rights(cluster: &Cluster, call: &Call) -> Result<Rights, No> {
    let known = match call.bearer() {
        Some(token) => cluster.tokens.get(token).cloned(),
        None => {
            Some(cluster.settings.anonymous.clone()).filter(|rights| *rights != Rights::Nothing)
        }
    };
    known.ok_or_else(status::unauthorized)
}

fn about_itself(cluster: &Cluster, call: &Call) -> Option<Result<Response, No>> {
    let at_once = discovery::aggregated_type(call.header("accept").unwrap_or_default());
    let whole = |core: bool, otherwise: fn() -> Value| match &at_once {
        Some(kind) => {
            let body = discovery::aggregated(core);
            ([(header::CONTENT_TYPE, kind.clone())], body.to_string()).into_response()
        }
        None => Json(otherwise()).into_response(),
    };
    let parts = call.parts();
    let listed = |group: &str, version: &str| {
        let list = discovery::resources(group, version).ok_or_else(status::no_such_resource);
        list.map(|list| Json(list).into_response())
    };
    Some(match parts.as_slice() {
        ["version"] => Ok(Json(discovery::version(&cluster.settings.version)).into_response()),
        ["healthz" | "livez" | "readyz", ..] => Ok("ok".into_response()),
        ["api"] => Ok(whole(true, discovery::core_versions)),
        ["apis"] => Ok(whole(false, discovery::groups)),
        ["api", "v1"] => listed("", "v1"),
        ["apis", group, version] => listed(group, version),
        ["openapi", ..] => Err(status::no_such_resource()),
        _ => return None,
    })
}

fn target(call: &Call) -> Result<Target, No> {
    let parts = call.parts();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return Err(call.unknown().into()),
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, plural, rest @ ..]
            if !matches!(*plural, "status" | "finalize") =>
        {
            (*namespace, [&[*plural], rest].concat())
        }
        rest => ("", rest.to_vec()),
    };
    let (plural, name, subresource) = match rest.as_slice() {
        [plural] => (*plural, "", ""),
        [plural, name] => (*plural, *name, ""),
        [plural, name, subresource] => (*plural, *name, *subresource),
        _ => return Err(call.unknown().into()),
    };
    // A group that is not installed is an everyday answer, such as of metrics.
    let resource = resources::find(group, version, plural).ok_or_else(status::no_such_resource)?;
    if !subresource.is_empty() && !resource.subresources.contains(&subresource) {
        return Err(call.unknown().into());
    }
    Ok(Target {
        resource,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        subresource: subresource.to_owned(),
    })
}

fn verb(call: &Call, target: &Target) -> Result<&'static str, No> {
    let watching = matches!(call.query("watch"), Some("true" | "1"));
    Ok(match (&call.method, target.name.is_empty()) {
        (&Method::GET, true) if watching => "watch",
        (&Method::GET, true) => "list",
        (&Method::GET, false) => "get",
        (&Method::POST, true) => "create",
        (&Method::PUT, false) => "update",
        (&Method::PATCH, false) => "patch",
        (&Method::DELETE, false) => "delete",
        _ => return Err(call.unknown().into()),
    })
}
