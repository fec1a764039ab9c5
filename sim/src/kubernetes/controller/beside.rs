//! Ephemeral containers: pulled, running, and ended by themselves. None is started a second time.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{all, fate};
use crate::clock::later;
use crate::kubernetes::beside;
use crate::kubernetes::cluster::{Cluster, seconds, text};
use crate::kubernetes::logs::status_of;
use crate::kubernetes::resources::of_kind;
use crate::world::World;

pub(super) fn pass(cluster: &mut Cluster, now: Timestamp, world: &World) {
    for mut pod in all(cluster, "Pod") {
        let runs = text(&pod, "/status/phase") == "Running";
        if !runs || beside::all(&pod).is_empty() {
            continue;
        }
        let is_there = |one: &Value| {
            let image = text(one, "/image");
            fate::is_there(image, cluster.settings.pulls, world)
        };
        let statuses = beside::all(&pod).iter().map(|one| {
            let before = status_of(&pod, text(one, "/name"));
            status(one, &before["state"], is_there(one), now)
        });
        let statuses: Vec<Value> = statuses.collect();
        pod["status"]["ephemeralContainerStatuses"] = json!(statuses);
        cluster.put(of_kind("Pod"), pod);
    }
}

fn status(one: &Value, before: &Value, is_there: bool, now: Timestamp) -> Value {
    let image = text(one, "/image");
    let state = next(one, before, is_there, now);
    let ran = state.get("waiting").is_none();
    json!({
        "name": one["name"], "image": image, "imageID": if ran { image } else { "" },
        "ready": false, "restartCount": 0, "state": state,
    })
}

fn next(one: &Value, before: &Value, is_there: bool, now: Timestamp) -> Value {
    let since = text(before, "/running/startedAt");
    if let Ok(began) = since.parse() {
        return match lives(one).map(|long| later(began, long)) {
            Some(end) if end <= now => json!({"terminated": {"exitCode": 0,
                "reason": "Completed", "startedAt": since, "finishedAt": seconds(end)}}),
            _ => before.clone(),
        };
    }
    match text(before, "/waiting/reason") {
        "" if before.is_null() => json!({"waiting": {"reason": "ContainerCreating"}}),
        "" => before.clone(),
        _ if is_there => json!({"running": {"startedAt": seconds(now)}}),
        "ContainerCreating" => json!({"waiting": {"reason": "ErrImagePull",
            "message": "not found"}}),
        _ => json!({"waiting": {"reason": "ImagePullBackOff",
            "message": "Back-off pulling image"}}),
    }
}

/// How long its command goes on by itself, where it says so.
fn lives(one: &Value) -> Option<Duration> {
    let sleeps = text(one, "/command/0") == "sleep";
    let long = text(one, "/command/1").parse().ok()?;
    sleeps.then(|| Duration::from_secs(long))
}
