//! Jenkins' JSON: classes on everything, and only what `tree` asks for.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::config::Kind;
use super::refusal::Refusal;
use super::state::{Build, Item, State};
use super::tree::prune;
use crate::call::Call;

/// `builds` ends here; `allBuilds` goes on.
const BUILDS_MAX: usize = 100;

/// An `api/json` answer, pruned to the request's `tree`.
pub(super) fn answer(call: &Call, value: &Value) -> Result<Response, Refusal> {
    call.only(&["tree", "depth", "pretty"])?;
    let value = match call.query("tree") {
        None => value.clone(),
        Some(tree) => prune(value, tree).ok_or(Refusal::Oops)?,
    };
    Ok(Json(value).into_response())
}

pub(super) fn job_class(kind: Kind) -> &'static str {
    match kind {
        Kind::Freestyle => "hudson.model.FreeStyleProject",
        Kind::Pipeline => "org.jenkinsci.plugins.workflow.job.WorkflowJob",
        Kind::Folder => "com.cloudbees.hudson.plugins.folder.Folder",
    }
}

pub(super) fn build_class(kind: Kind) -> &'static str {
    match kind {
        Kind::Freestyle | Kind::Folder => "hudson.model.FreeStyleBuild",
        Kind::Pipeline => "org.jenkinsci.plugins.workflow.job.WorkflowRun",
    }
}

/// Among the actions there are always some that say nothing.
pub(super) fn actions(parameters: &[(String, String)]) -> Value {
    let class = "hudson.model.StringParameterValue";
    let values = parameters
        .iter()
        .map(|(name, value)| json!({ "_class": class, "name": name, "value": value }));
    let cause = json!({
        "_class": "hudson.model.Cause$RemoteCause", "shortDescription": "Started by remote host",
    });
    json!([
        { "_class": "hudson.model.ParametersAction", "parameters": values.collect::<Vec<_>>() },
        { "_class": "hudson.model.CauseAction", "causes": [cause] },
        {},
    ])
}

pub(super) fn item(jenkins: &State, item: &Item) -> Value {
    let url = format!("{}{}", jenkins.root_url, item.path());
    let mut value = json!({
        "_class": job_class(item.kind), "name": item.leaf(),
        "fullName": item.full_name, "displayName": item.leaf(), "url": url,
    });
    if item.kind == Kind::Folder {
        let prefix = format!("{}/", item.full_name.to_lowercase());
        let inside = jenkins
            .items
            .iter()
            .filter(|(key, _)| key.starts_with(&prefix));
        let direct = inside.filter(|(key, _)| !key[prefix.len()..].contains('/'));
        value["jobs"] = direct.map(|(_, item)| brief(jenkins, item)).collect();
        return value;
    }
    let key = item.full_name.to_lowercase();
    let mut queue = jenkins.queue.values();
    let builds: Vec<Value> = item
        .builds
        .values()
        .rev()
        .map(|b| build(jenkins, item, b))
        .collect();
    value["buildable"] = json!(item.is_buildable());
    value["disabled"] = json!(item.is_disabled());
    value["inQueue"] = json!(queue.any(|entry| entry.job == key && entry.is_queued()));
    value["nextBuildNumber"] = json!(item.next_build);
    value["description"] = json!(
        item.config()
            .map(|c| c.field("description").map(str::to_owned))
    );
    value["lastBuild"] = builds.first().cloned().unwrap_or_default();
    value["builds"] = builds.iter().take(BUILDS_MAX).cloned().collect();
    value["allBuilds"] = Value::Array(builds);
    value["property"] = json!([{}, definitions(item)]);
    value
}

/// An item as a list shows it.
pub(super) fn brief(jenkins: &State, item: &Item) -> Value {
    let url = format!("{}{}", jenkins.root_url, item.path());
    json!({ "_class": job_class(item.kind), "name": item.leaf(), "url": url })
}

fn definitions(item: &Item) -> Value {
    let parameters = item
        .config()
        .map(|config| config.parameters())
        .unwrap_or_default();
    if parameters.is_empty() {
        return json!({});
    }
    let class = "hudson.model.StringParameterDefinition";
    let value = "hudson.model.StringParameterValue";
    let definitions = parameters.into_iter().map(|(name, default)| {
        json!({
            "_class": class, "name": name, "type": "StringParameterDefinition",
            "defaultParameterValue": { "_class": value, "name": name, "value": default },
        })
    });
    json!({
        "_class": "hudson.model.ParametersDefinitionProperty",
        "parameterDefinitions": definitions.collect::<Vec<_>>(),
    })
}

pub(super) fn build(jenkins: &State, item: &Item, build: &Build) -> Value {
    let ended = build.shown_end();
    let duration = ended.map(|(at, _)| at.as_millisecond() - build.started.as_millisecond());
    json!({
        "_class": build_class(item.kind),
        "actions": actions(&build.parameters),
        "artifacts": [],
        "building": ended.is_none(),
        "inProgress": ended.is_none(),
        "description": null,
        "displayName": format!("#{}", build.number),
        "duration": duration.unwrap_or(0),
        "estimatedDuration": 15_000,
        "fullDisplayName": format!("{} #{}", item.full_name, build.number),
        "id": build.number.to_string(),
        "number": build.number,
        "queueId": build.queue_id,
        "result": ended.map(|(_, result)| result),
        "timestamp": build.started.as_millisecond(),
        "url": format!("{}{}{}/", jenkins.root_url, item.path(), build.number),
    })
}
