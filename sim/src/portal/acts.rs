//! What people do on a release's way, each act one call or a bounded wait.

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::Person;
use super::wait::{Look, until};

/// A release that ended in one of these does not go on by itself.
const DEAD_ENDS: [&str; 3] = ["failed", "rejected", "cancelled"];

/// What an onboarding request says of a service.
#[derive(Clone, Debug)]
pub struct Service<'a> {
    pub key: &'a str,
    pub description: &'a str,
    pub language: &'a str,
    pub repository: &'a str,
    pub owners: &'a [&'a str],
    pub developers: &'a [&'a str],
    pub testers: &'a [&'a str],
}

/// Files an onboarding request; gives its number.
///
/// # Errors
/// Anything but 201.
pub async fn ask_for_project(who: &Person, service: &Service<'_>) -> anyhow::Result<i64> {
    let key = service.key;
    let body = json!({
        "key": key, "description": service.description, "language": service.language,
        "repository": service.repository, "owners": service.owners,
        "developers": service.developers, "testers": service.testers,
        "deploy_path": format!("/srv/{key}"), "log_path": format!("/var/log/{key}"),
        "start_command": "bin/start", "stop_command": "bin/stop",
        "health_path": "/health", "port": 8080,
    });
    let answer = who.post("/projects", &body).await?.expect(201)?;
    number(&answer["request"])
}

/// Files a request for containers in one environment, with what a cluster's are to differ in;
/// gives its number.
///
/// # Errors
/// Anything but 201.
pub async fn ask_for_containers(
    who: &Person,
    project: &str,
    environment: &str,
    per_cluster: &Value,
) -> anyhow::Result<i64> {
    let body = json!({
        "kind": "containers", "project": project, "environment": environment,
        "parameters": {
            "component": "main", "parameters": containers(), "per_cluster": per_cluster,
        },
        "note": "two to four containers",
    });
    let answer = who.post("/requests", &body).await?.expect(201)?;
    number(&answer["number"])
}

/// A small service's parameters, with room for an autoscaler. How long a start takes is its
/// language's matter, and so left out.
fn containers() -> Value {
    let probe = json!({
        "kind": "http", "path": "/health", "period_seconds": 10, "timeout_seconds": 3,
        "failures": 3,
    });
    json!({
        "replicas": { "min": 2, "max": 4 },
        "cpu": { "request": "250m", "limit": "1" },
        "memory": { "request": "256Mi", "limit": "512Mi" },
        "access": "internal", "port": 8080,
        "probes": { "readiness": probe, "liveness": probe },
        "grace_seconds": 30,
    })
}

/// Reads a request and decides on exactly what was read; gives the answer's status.
///
/// # Errors
/// No request with that number, or no answer.
pub async fn decide(who: &Person, request: i64, verdict: &str) -> anyhow::Result<super::Answer> {
    let shown = who.get(&format!("/requests/{request}")).await?;
    let body = json!({ "verdict": verdict, "hash": shown["hash"], "comment": "" });
    let path = format!("/requests/{request}/decisions");
    who.post(&path, &body).await
}

/// Approves a request.
///
/// # Errors
/// Anything but 201.
pub async fn approve(who: &Person, request: i64) -> anyhow::Result<()> {
    decide(who, request, "approve").await?.expect(201)?;
    Ok(())
}

/// Waits until what a request asked for is there.
///
/// # Errors
/// A request that failed, or that takes too long.
pub async fn await_done(who: &Person, request: i64) -> anyhow::Result<()> {
    until(async || {
        let shown = who.get(&format!("/requests/{request}")).await?;
        match shown["state"].as_str() {
            Some("done") => Ok(Look::Found(())),
            Some("open" | "approved") => Ok(Look::NotYet(format!("it is {}", shown["state"]))),
            _ => bail!("request {request} is {}", shown["state"]),
        }
    })
    .await
}

/// The workloads of a project in an environment.
///
/// # Errors
/// Anything but 200.
pub async fn workloads(
    who: &Person,
    project: &str,
    environment: &str,
) -> anyhow::Result<Vec<Value>> {
    let mut items = who.list(&format!("/projects/{project}/workloads")).await?;
    items.retain(|workload| workload["environment"] == environment);
    Ok(items)
}

/// Waits until all workloads of an environment can take a release.
///
/// # Errors
/// Too long a wait.
pub async fn await_prepared(who: &Person, project: &str, environment: &str) -> anyhow::Result<()> {
    until(async || {
        let found = workloads(who, project, environment).await?;
        let ready = |workload: &&Value| !workload["prepared_at"].is_null();
        let (count, all) = (found.iter().filter(ready).count(), found.len());
        Ok(match count == all && all > 0 {
            true => Look::Found(()),
            false => Look::NotYet(format!("{count} of {all} workloads are prepared")),
        })
    })
    .await
}

/// Opens a release of a branch; gives its story.
///
/// # Errors
/// Anything but 201.
pub async fn open(who: &Person, project: &str, note: &str) -> anyhow::Result<Value> {
    let body = json!({ "ref": "main", "note": note });
    let path = format!("/projects/{project}/releases");
    who.post(&path, &body).await?.expect(201)
}

/// A release as it is now.
///
/// # Errors
/// Anything but 200.
pub async fn story(who: &Person, release: &str) -> anyhow::Result<Value> {
    who.get(&format!("/releases/{release}")).await
}

/// Waits until a release is in a state; gives its story.
///
/// # Errors
/// A release that ended elsewhere, with its reason, or that takes too long.
pub async fn await_state(who: &Person, release: &str, wanted: &str) -> anyhow::Result<Value> {
    until(async || {
        let story = story(who, release).await?;
        let state = story["state"].as_str().unwrap_or_default();
        if state == wanted {
            return Ok(Look::Found(story));
        }
        if DEAD_ENDS.contains(&state) {
            bail!("the release is {state}: {}", story["failure"]);
        }
        Ok(Look::NotYet(format!("the release is {state}")))
    })
    .await
}

/// Gives one's word for a digest.
///
/// # Errors
/// No answer.
pub async fn confirm(who: &Person, release: &str, digest: &str) -> anyhow::Result<super::Answer> {
    let body = json!({ "digest": digest, "note": "went through the list" });
    who.post(&format!("/releases/{release}/confirmation"), &body)
        .await
}

/// Lets an image that was not built here into production without a test.
///
/// # Errors
/// Anything but 201.
pub async fn waive(who: &Person, release: &str, digest: &str, why: &str) -> anyhow::Result<()> {
    let body = json!({ "digest": digest, "note": why });
    let path = format!("/releases/{release}/waiver");
    who.post(&path, &body).await?.expect(201)?;
    Ok(())
}

/// Presses the button to production; gives the number of the request that it came to, if
/// somebody is asked first.
///
/// # Errors
/// Neither 201 nor 202.
pub async fn to_production(
    who: &Person,
    release: &str,
    environment: &str,
) -> anyhow::Result<Option<i64>> {
    let body = json!({ "environment": environment });
    let path = format!("/releases/{release}/deployments");
    let answer = who.post(&path, &body).await?;
    match answer.status.as_u16() {
        201 => Ok(None),
        _ => number(&answer.expect(202)?["request"]).map(Some),
    }
}

/// A release's id.
///
/// # Errors
/// An answer without one.
pub fn id(story: &Value) -> anyhow::Result<String> {
    text(story, "/id")
}

/// The text at a pointer, which must be there.
///
/// # Errors
/// It is not.
pub fn text(value: &Value, pointer: &str) -> anyhow::Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    let found = found.with_context(|| format!("the answer has no {pointer}"))?;
    Ok(found.to_owned())
}

fn number(value: &Value) -> anyhow::Result<i64> {
    value.as_i64().context("the answer has no request's number")
}
