//! What controllers and nodes tell about an object.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::kubernetes::cluster::{Cluster, letters, seconds, text};
use crate::kubernetes::resources::of_kind;

/// A thing to tell; the same thing about the same object is told once.
#[derive(Clone, Copy)]
pub(super) struct Event<'a> {
    kind: &'static str,
    reason: &'static str,
    message: &'a str,
}

impl<'a> Event<'a> {
    pub(super) fn normal(reason: &'static str, message: &'a str) -> Self {
        Self {
            kind: "Normal",
            reason,
            message,
        }
    }

    pub(super) fn warning(reason: &'static str, message: &'a str) -> Self {
        Self {
            kind: "Warning",
            reason,
            message,
        }
    }
}

pub(super) fn tell(cluster: &mut Cluster, about: &Value, event: Event<'_>, now: Timestamp) {
    let Event {
        kind,
        reason,
        message,
    } = event;
    let (object, uid) = (text(about, "/metadata/name"), text(about, "/metadata/uid"));
    let name = format!(
        "{object}.{}",
        letters(&format!("{uid} {reason} {message}"), 16)
    );
    let namespace = text(about, "/metadata/namespace");
    if cluster.get(of_kind("Event"), namespace, &name).is_some() {
        return;
    }
    let at = seconds(now);
    let told = json!({
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": {
            "apiVersion": about["apiVersion"], "kind": about["kind"], "name": object,
            "namespace": namespace, "uid": uid,
        },
        "type": kind, "reason": reason, "message": message, "count": 1,
        "firstTimestamp": at, "lastTimestamp": at, "source": {"component": "simulated"},
        "reportingComponent": "simulated", "reportingInstance": "",
    });
    cluster.put_new(of_kind("Event"), told, now);
}
