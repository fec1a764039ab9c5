//! What a pretended container would have written.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::Value;

use super::cluster::{number, text};
use super::status::{No, bad_request};
use crate::call::Call;

/// The log that a call asks for, or why there is none.
pub(super) fn read(pod: &Value, call: &Call) -> Result<String, No> {
    let name = text(pod, "/metadata/name");
    let container = which(pod, call.query("container"))?;
    let status = status_of(pod, &container);
    let previous = call.query("previous") == Some("true");
    if previous && number(&status, "/restartCount") == 0 {
        let message =
            format!("previous terminated container \"{container}\" in pod \"{name}\" not found");
        return Err(bad_request(message));
    }
    let waiting = text(&status, "/state/waiting/reason");
    let never_ran = status.is_null() || (!waiting.is_empty() && waiting != "CrashLoopBackOff");
    if never_ran {
        let reason = match waiting {
            "" => "ContainerCreating",
            "ErrImagePull" | "ImagePullBackOff" => "trying and failing to pull image",
            other => other,
        };
        let message =
            format!("container \"{container}\" in pod \"{name}\" is waiting to start: {reason}");
        return Err(bad_request(message));
    }
    Ok(shown(&lines(pod, &status), call))
}

pub(super) fn which(pod: &Value, named: Option<&str>) -> Result<String, No> {
    let names = |list: &str| -> Vec<&str> {
        let containers = pod.pointer(list).and_then(Value::as_array);
        let containers = containers.into_iter().flatten();
        containers
            .map(|container| text(container, "/name"))
            .collect()
    };
    let beside = names("/spec/ephemeralContainers");
    let names = names("/spec/containers");
    let pod_name = text(pod, "/metadata/name");
    match (named, names.as_slice()) {
        (Some(name), _) if names.contains(&name) || beside.contains(&name) => Ok(name.to_owned()),
        (Some(name), _) => {
            let message = format!("container {name} is not valid for pod {pod_name}");
            Err(bad_request(message))
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, several) => {
            let message = format!(
                "a container name must be specified for pod {pod_name}, choose one of: [{}]",
                several.join(" ")
            );
            Err(bad_request(message))
        }
    }
}

pub(super) fn status_of(pod: &Value, container: &str) -> Value {
    let lists = ["containerStatuses", "ephemeralContainerStatuses"];
    let statuses = lists.map(|list| pod["status"][list].as_array());
    let mut statuses = statuses.into_iter().flatten().flatten();
    let found = statuses.find(|status| text(status, "/name") == container);
    found.cloned().unwrap_or_default()
}

fn lines(pod: &Value, status: &Value) -> Vec<(Timestamp, String)> {
    let start = text(pod, "/status/startTime")
        .parse()
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let mut lines = vec![
        (start, format!("starting {}", text(status, "/image"))),
        (start, format!("running as {}", text(pod, "/metadata/name"))),
    ];
    let ended = status.pointer("/state/terminated/exitCode");
    if let Some(code) = ended.and_then(Value::as_i64) {
        lines.push((start, format!("ending with exit code {code}")));
    } else if number(status, "/restartCount") > 0 {
        let code = number(status, "/lastState/terminated/exitCode");
        lines.push((start, format!("fatal: ending with exit code {code}")));
    } else if status["ready"] == true {
        lines.push((start, "ready".to_owned()));
    }
    lines
}

fn shown(lines: &[(Timestamp, String)], call: &Call) -> String {
    let tail = call.query("tailLines").and_then(|lines| lines.parse().ok());
    let from = tail.map_or(0, |tail: usize| lines.len().saturating_sub(tail));
    let stamped = call.query("timestamps") == Some("true");
    let mut shown = String::new();
    for (at, line) in lines.iter().skip(from) {
        if stamped {
            let _ = write!(shown, "{at} ");
        }
        let _ = writeln!(shown, "{line}");
    }
    if let Some(limit) = call
        .query("limitBytes")
        .and_then(|limit| limit.parse().ok())
    {
        shown.truncate(limit);
    }
    shown
}
