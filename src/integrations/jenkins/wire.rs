//! Jenkins' JSON, as far as we read it. Plugins add and remove fields, so most may be absent.

use serde::Deserialize;

use super::builds::{BuildResult, StageStatus};
use super::names::JobName;

#[derive(Deserialize)]
pub(super) struct WhoAmI {
    pub name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Crumb {
    pub crumb: String,
    pub crumb_request_field: String,
}

#[derive(Deserialize)]
pub(super) struct Item {
    #[serde(rename = "_class", default)]
    pub class: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Job {
    #[serde(default)]
    pub buildable: bool,
    #[serde(default)]
    pub disabled: bool,
    #[serde(default)]
    pub in_queue: bool,
    #[serde(default)]
    pub next_build_number: u64,
    #[serde(default)]
    pub property: Vec<Property>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Property {
    #[serde(default)]
    pub parameter_definitions: Vec<Definition>,
}

#[derive(Deserialize)]
pub(super) struct Definition {
    pub name: String,
}

#[derive(Deserialize)]
pub(super) struct QueueItem {
    #[serde(rename = "_class", default)]
    pub class: String,
    pub why: Option<String>,
    #[serde(default)]
    pub cancelled: bool,
    pub executable: Option<Executable>,
}

#[derive(Deserialize)]
pub(super) struct Executable {
    pub number: u64,
}

#[derive(Deserialize)]
pub(super) struct Queue {
    #[serde(default)]
    pub items: Vec<Queued>,
}

#[derive(Deserialize)]
pub(super) struct Queued {
    pub id: u64,
    #[serde(default)]
    pub task: Task,
    #[serde(default)]
    pub actions: Vec<Action>,
}

#[derive(Default, Deserialize)]
pub(super) struct Task {
    #[serde(default)]
    pub url: String,
}

impl Task {
    /// Compares the end of the path alone, since the host is what Jenkins believes it to be.
    pub fn is_of(&self, name: &JobName) -> bool {
        let Ok(url) = url::Url::parse(&self.url) else {
            return false;
        };
        let mut wanted = url.clone();
        wanted.set_path("");
        let wanted = crate::integrations::http::join(&wanted, name.path(&[""]));
        url.path().ends_with(wanted.path())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Builds {
    #[serde(default)]
    all_builds: Vec<Build>,
    #[serde(default)]
    builds: Vec<Build>,
}

impl Builds {
    pub fn list(self) -> Vec<Build> {
        let mut list = self.all_builds;
        list.extend(self.builds);
        list
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Build {
    pub number: u64,
    /// -1 on builds that predate the field.
    pub queue_id: Option<i64>,
    #[serde(default)]
    pub building: bool,
    pub result: Option<BuildResult>,
    #[serde(default)]
    pub timestamp: i64,
    #[serde(default)]
    pub duration: i64,
    #[serde(default)]
    pub actions: Vec<Action>,
}

/// Most actions are `{}` to us; one holds the parameters.
#[derive(Deserialize)]
pub(super) struct Action {
    #[serde(default)]
    parameters: Vec<Parameter>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    #[serde(default)]
    value: serde_json::Value,
}

/// All parameters of an item or a build, values as text.
pub(super) fn parameters(actions: &[Action]) -> Vec<(String, String)> {
    let parameters = actions.iter().flat_map(|action| &action.parameters);
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    parameters
        .map(|p| (p.name.clone(), text(&p.value)))
        .collect()
}

#[derive(Deserialize)]
pub(super) struct Run {
    #[serde(default)]
    pub stages: Vec<Stage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stage {
    pub name: String,
    pub status: StageStatus,
    #[serde(default)]
    pub start_time_millis: i64,
    #[serde(default)]
    pub duration_millis: i64,
}

#[derive(Deserialize)]
pub(super) struct QueueIds {
    pub items: Vec<QueueId>,
}

#[derive(Deserialize)]
pub(super) struct QueueId {
    pub id: u64,
}
