//! Pods: given a node, started, and ended, as time goes by.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::all;
use super::events::{self, Event};
use super::fate::{self, Fate};
use crate::clock::later;
use crate::kubernetes::cluster::{Cluster, seconds, text};
use crate::kubernetes::resources::of_kind;
use crate::world::World;

const NODES: [&str; 3] = ["node-a", "node-b", "node-c"];
const STARTED_AT: &str = "/status/containerStatuses/0/state/running/startedAt";

pub(super) fn is_ready(pod: &Value) -> bool {
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|one| text(one, "/type") == "Ready" && text(one, "/status") == "True")
}

pub(super) fn pass(cluster: &mut Cluster, now: Timestamp, world: &World) {
    for pod in all(cluster, "Pod") {
        if !pod["metadata"]["deletionTimestamp"].is_null() {
            end(cluster, &pod, now);
            continue;
        }
        match schedule(cluster, pod, now) {
            Some(pod) if !is_ready(&pod) && !has_ended(&pod) => start(cluster, &pod, now, world),
            _ => {}
        }
    }
}

fn has_ended(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

fn end(cluster: &mut Cluster, pod: &Value, now: Timestamp) {
    let asked = time(pod, "/metadata/deletionTimestamp", now);
    if now >= later(asked, cluster.settings.gone_after) {
        let (namespace, name) = (
            text(pod, "/metadata/namespace"),
            text(pod, "/metadata/name"),
        );
        cluster.take(of_kind("Pod"), namespace, name);
    }
}

/// Gives the pod a node at once, or says that there is none.
fn schedule(cluster: &mut Cluster, mut pod: Value, now: Timestamp) -> Option<Value> {
    if !text(&pod, "/spec/nodeName").is_empty() {
        return Some(pod);
    }
    if cluster.settings.full {
        let message = "0/3 nodes are available: 3 Insufficient cpu.";
        events::tell(
            cluster,
            &pod,
            Event::warning("FailedScheduling", message),
            now,
        );
        if pod["status"]["conditions"].is_null() {
            pod["status"]["conditions"] = json!([{
                "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                "message": message, "lastTransitionTime": seconds(now),
            }]);
            cluster.put(of_kind("Pod"), pod);
        }
        return None;
    }
    let at = text(&pod, "/metadata/uid")
        .bytes()
        .map(usize::from)
        .sum::<usize>()
        % NODES.len();
    pod["spec"]["nodeName"] = json!(NODES.get(at));
    pod["status"]["startTime"] = json!(seconds(now));
    pod["status"]["conditions"] = json!([condition("PodScheduled", true, now)]);
    let pod = cluster.put(of_kind("Pod"), pod);
    let message = format!("Successfully assigned to {}", text(&pod, "/spec/nodeName"));
    events::tell(cluster, &pod, Event::normal("Scheduled", &message), now);
    Some(pod)
}

fn start(cluster: &mut Cluster, pod: &Value, now: Timestamp, world: &World) {
    let began = time(pod, "/status/startTime", now);
    let settings = &cluster.settings;
    let slow = settings.slow.get(text(pod, "/metadata/namespace"));
    let starts = *slow.unwrap_or(&settings.ready_after);
    let boots = settings.boots.get(text(pod, "/metadata/namespace"));
    // From when the program runs, which is later than `starts` where nobody looked in between.
    let runs = time(pod, STARTED_AT, now);
    let answers = boots.is_none_or(|boots| now >= later(runs, *boots));
    let up = now >= later(began, starts);
    let waiting = text(pod, "/status/containerStatuses/0/state/waiting/reason");
    match fate::of(cluster, pod, world) {
        Fate::NoImage => {
            let (reason, event) = if up {
                (
                    "ImagePullBackOff",
                    Event::normal("BackOff", "Back-off pulling image"),
                )
            } else {
                (
                    "ErrImagePull",
                    Event::warning("Failed", "Failed to pull image: not found"),
                )
            };
            let message = "not found";
            stay(
                cluster,
                pod,
                &json!({"reason": reason, "message": message}),
                event,
                now,
            );
        }
        Fate::BadConfig(missing) => {
            let state = json!({"reason": "CreateContainerConfigError", "message": missing});
            stay(
                cluster,
                pod,
                &state,
                Event::warning("Failed", &format!("Error: {missing}")),
                now,
            );
        }
        Fate::Crash(..) if !up => creating(cluster, pod, now),
        Fate::Crash(code, reason) if of_job(pod) => finish(cluster, pod, (code, reason), now),
        Fate::Ready | Fate::Unready if up && of_job(pod) => {
            finish(cluster, pod, (0, "Completed"), now);
        }
        Fate::Crash(code, reason) => crash(cluster, pod, (code, reason), now),
        Fate::Unready if !up => creating(cluster, pod, now),
        Fate::Unready => run(cluster, pod, false, now),
        Fate::Ready if up && waiting != "CrashLoopBackOff" => run(cluster, pod, answers, now),
        Fate::Ready => creating(cluster, pod, now),
    }
}

fn of_job(pod: &Value) -> bool {
    text(pod, "/metadata/ownerReferences/0/kind") == "Job"
}

/// Its process has ended, and nobody starts it again.
fn finish(cluster: &mut Cluster, pod: &Value, (code, reason): (i64, &str), now: Timestamp) {
    let began = time(pod, "/status/startTime", now);
    let ended = json!({"terminated": {"exitCode": code, "reason": reason,
        "startedAt": seconds(began), "finishedAt": seconds(now)}});
    let statuses = statuses(pod, &ended, false, &json!({}));
    let phase = if code == 0 { "Succeeded" } else { "Failed" };
    write(cluster, pod, phase, statuses, false, now);
}

fn creating(cluster: &mut Cluster, pod: &Value, now: Timestamp) {
    let state = json!({"waiting": {"reason": "ContainerCreating"}});
    let statuses = statuses(pod, &state, false, &json!({}));
    write(cluster, pod, "Pending", statuses, false, now);
}

/// Waits for somebody to mend what keeps it from starting.
fn stay(cluster: &mut Cluster, pod: &Value, waiting: &Value, event: Event<'_>, now: Timestamp) {
    let statuses = statuses(pod, &json!({"waiting": waiting}), false, &json!({}));
    if write(cluster, pod, "Pending", statuses, false, now) {
        events::tell(cluster, pod, event, now);
    }
}

fn run(cluster: &mut Cluster, pod: &Value, ready: bool, now: Timestamp) {
    let since = match text(pod, STARTED_AT) {
        "" => seconds(now),
        since => since.to_owned(),
    };
    let statuses = statuses(
        pod,
        &json!({"running": {"startedAt": since}}),
        ready,
        &json!({}),
    );
    if write(cluster, pod, "Running", statuses, ready, now) {
        events::tell(
            cluster,
            pod,
            Event::normal("Started", "Started container"),
            now,
        );
        if !ready {
            let message = "Readiness probe failed: HTTP probe failed with statuscode: 503";
            events::tell(cluster, pod, Event::warning("Unhealthy", message), now);
        }
    }
}

/// The restarts are counted by time: the first at once, then one each half minute.
fn crash(cluster: &mut Cluster, pod: &Value, ended: (i64, &str), now: Timestamp) {
    let began = time(pod, "/status/startTime", now);
    let restarts = 1 + (now.as_second() - began.as_second()) / 30;
    let (code, reason) = ended;
    let last = json!({"restartCount": restarts, "lastState": {"terminated": {
        "exitCode": code, "reason": reason,
        "startedAt": seconds(began), "finishedAt": seconds(began),
    }}});
    let state = json!({"waiting": {"reason": "CrashLoopBackOff",
        "message": "back-off restarting failed container"}});
    let statuses = statuses(pod, &state, false, &last);
    if write(cluster, pod, "Running", statuses, false, now) {
        let event = Event::warning("BackOff", "Back-off restarting failed container");
        events::tell(cluster, pod, event, now);
    }
}

fn statuses(pod: &Value, state: &Value, ready: bool, more: &Value) -> Vec<Value> {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    let one = |container: &Value| {
        let image = text(container, "/image");
        let runs = state.get("running").is_some();
        let mut status = json!({
            "name": container["name"], "image": image, "ready": ready, "started": runs,
            "imageID": if runs { image } else { "" }, "restartCount": 0, "state": state,
        });
        for (field, value) in more.as_object().into_iter().flatten() {
            status[field] = value.clone();
        }
        status
    };
    containers.into_iter().flatten().map(one).collect()
}

/// Whether anything is new about the pod.
fn write(
    cluster: &mut Cluster,
    pod: &Value,
    phase: &str,
    statuses: Vec<Value>,
    ready: bool,
    now: Timestamp,
) -> bool {
    let statuses = Value::Array(statuses);
    if pod["status"]["containerStatuses"] == statuses && is_ready(pod) == ready {
        return false;
    }
    let mut pod = pod.clone();
    let since = time(&pod, "/status/startTime", now);
    pod["status"]["phase"] = json!(phase);
    pod["status"]["containerStatuses"] = statuses;
    pod["status"]["conditions"] = json!([
        condition("PodScheduled", true, since),
        condition("Initialized", true, since),
        condition("ContainersReady", ready, now),
        condition("Ready", ready, now),
    ]);
    if phase == "Running" {
        let address = 1 + text(&pod, "/metadata/uid")
            .bytes()
            .map(u32::from)
            .sum::<u32>()
            % 250;
        pod["status"]["podIP"] = json!(format!("10.1.0.{address}"));
        pod["status"]["hostIP"] = json!("127.0.0.1");
    }
    cluster.put(of_kind("Pod"), pod);
    true
}

fn condition(kind: &str, holds: bool, since: Timestamp) -> Value {
    let mut condition = json!({"type": kind, "status": if holds { "True" } else { "False" },
        "lastTransitionTime": seconds(since)});
    if !holds {
        condition["reason"] = json!("ContainersNotReady");
    }
    condition
}

fn time(object: &Value, pointer: &str, otherwise: Timestamp) -> Timestamp {
    text(object, pointer).parse().unwrap_or(otherwise)
}
