//! Jenkins' JSON: classes on everything, and only what `tree` asks for.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::config::{Config, Kind};
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
        None => shallow(value),
        Some(tree) => prune(value, tree).ok_or(Refusal::Oops)?,
    };
    Ok(Json(value).into_response())
}

/// Without a `tree`, what is inside of a folder is only named.
fn shallow(value: &Value) -> Value {
    let mut value = value.clone();
    let jobs = value.get_mut("jobs").and_then(Value::as_array_mut);
    for fields in jobs.into_iter().flatten().filter_map(Value::as_object_mut) {
        fields.retain(|name, _| ["_class", "name", "url"].contains(&name.as_str()));
    }
    value
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

/// A build's actions: the same, and what the Git plugin fetched.
fn actions_of_build(item: &Item, build: &Build) -> Value {
    let mut actions = actions(&build.parameters);
    let config = item.config();
    let remotes = config.as_ref().map(Config::remotes).unwrap_or_default();
    if let (Some(all), false) = (actions.as_array_mut(), remotes.is_empty()) {
        let class = "hudson.plugins.git.util.BuildData";
        all.push(json!({ "_class": class, "remoteUrls": remotes, "scmName": "" }));
    }
    actions
}

/// A freestyle job's repository; pipelines do not tell theirs.
fn scm(item: &Item) -> Value {
    let config = item.config();
    let remotes = config.as_ref().map(Config::remotes).unwrap_or_default();
    if remotes.is_empty() {
        return json!({ "_class": "hudson.scm.NullSCM" });
    }
    let remote = |url: &str| json!({ "name": null, "refspec": null, "url": url });
    let remotes: Vec<Value> = remotes.into_iter().map(remote).collect();
    json!({ "_class": "hudson.plugins.git.GitSCM", "userRemoteConfigs": remotes })
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
        let listed = |(_, one): (_, &Item)| match one.kind {
            Kind::Folder => brief(jenkins, one),
            Kind::Freestyle | Kind::Pipeline => self::item(jenkins, one),
        };
        value["jobs"] = direct.map(listed).collect();
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
    if item.kind == Kind::Freestyle {
        value["scm"] = scm(item);
    }
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
        "actions": actions_of_build(item, build),
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
