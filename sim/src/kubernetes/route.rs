//! From a path to what is done about it.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::access::Rights;
use super::cluster::{Cluster, text};
use super::resources::{self, Resource};
use super::selector::Selector;
use super::status::{self, No};
use super::watch::{Since, Watch};
use super::write::Write;
use super::{discovery, fields, logs, schema, table, watch};
use crate::call::{Call, Unexpected};
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
struct Target {
    resource: &'static Resource,
    /// Empty for what is in none, and for lists over all of them.
    namespace: String,
    /// Empty for the list.
    name: String,
    subresource: String,
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
        let review = rights.review(body(call)?);
        return Ok((StatusCode::CREATED, Json(review)).into_response());
    }
    if !rights.allow(&full, verb) {
        return Err(status::forbidden(&format!("{verb} {full}")));
    }
    if verb == "watch" {
        drop(state);
        return start_watch(world, name, call, target);
    }
    let now = world.clock().now();
    match verb {
        "get" => get(cluster, call, &target, now),
        "list" => list(cluster, call, &target, now),
        _ => write(cluster, call, &target, now),
    }
}

fn rights(cluster: &Cluster, call: &Call) -> Result<Rights, No> {
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

fn wants_table(call: &Call) -> bool {
    call.header("accept")
        .is_some_and(|accept| accept.contains("as=Table"))
}

fn get(
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
        _ => Ok(Json(object).into_response()),
    }
}

fn selector(call: &Call) -> Result<Selector, No> {
    Selector::parse(call.query("labelSelector"), call.query("fieldSelector"))
}

fn list(
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
        meta["remainingItemCount"] = json!(all.len() - upto);
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

fn start_watch(world: &World, name: &str, call: &Call, target: Target) -> Result<Response, No> {
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

fn body(call: &Call) -> Result<Value, No> {
    let parsed = serde_json::from_slice(&call.body).ok();
    let text = || std::str::from_utf8(&call.body).ok();
    let parsed = parsed.or_else(|| serde_saphyr::from_str(text()?).ok());
    parsed.ok_or_else(status::not_json)
}

fn write(
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
        return Ok(Json(cluster.delete(resource, namespace, name, now)?).into_response());
    }
    let mut sent = body(call)?;
    if target.subresource == "scale" {
        return set_scale(cluster, call, target, &sent, &how);
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
    if call.query("fieldValidation") == Some("Strict") {
        let message = format!("strict decoding error: unknown field \"{path}\"");
        return Err(status::bad_request(message));
    }
    Err(Unexpected(format!("field {path} of {}", resource.kind)).into())
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
    if kind.starts_with("application/apply-patch") {
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
    } else {
        return Err(Unexpected(format!("patch of type {kind}")).into());
    }
    if text(sent, "/metadata/resourceVersion").is_empty() {
        object["metadata"]["resourceVersion"] = json!("");
    }
    Ok(Json(cluster.replace(resource, object, how)?).into_response())
}

fn scale(deployment: &Value) -> Value {
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
