//! What the cluster does by itself: controllers, scheduler, nodes.
//!
//! Invariant: a pass that finds nothing to do changes nothing, so passes run until one of them
//! leaves the revision as it was.

mod beside;
mod deployments;
mod events;
mod fate;
mod jobs;
mod pods;
mod replicas;
mod scaling;
mod services;

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::cluster::{Cluster, text};
use super::resources::{RESOURCES, of_kind};
use crate::clock::later;
use crate::world::World;

/// A rollout needs a few passes; more than this would be a controller that fights another.
const PASSES_MAX: usize = 50;
const IDLE_STEP: Duration = Duration::from_secs(1);

pub(super) fn settle(cluster: &mut Cluster, now: Timestamp, world: &World) {
    if !world.clock().is_explicit() && is_quiet(cluster, now) {
        return;
    }
    for _ in 0..PASSES_MAX {
        let before = cluster.revision;
        collect_garbage(cluster);
        scaling::pass(cluster, now);
        deployments::pass(cluster, now);
        replicas::pass(cluster, now);
        jobs::pass(cluster, now);
        pods::pass(cluster, now, world);
        beside::pass(cluster, now, world);
        replicas::count(cluster);
        jobs::report(cluster, now);
        deployments::report(cluster, now);
        services::pass(cluster);
        if cluster.revision == before {
            cluster.quiet = Some((before, now));
            return;
        }
    }
}

/// In real time the world settles many times a second; where nobody wrote anything, only time
/// moves things, and Kubernetes counts it in seconds.
fn is_quiet(cluster: &Cluster, now: Timestamp) -> bool {
    cluster.quiet.is_some_and(|(revision, since)| {
        revision == cluster.revision && now < later(since, IDLE_STEP)
    })
}

/// Takes away what was owned by something that is gone, and the contents of ending namespaces.
fn collect_garbage(cluster: &mut Cluster) {
    let ending: Vec<String> = cluster
        .list(of_kind("Namespace"), "")
        .filter(|namespace| !namespace["metadata"]["deletionTimestamp"].is_null())
        .map(|namespace| text(namespace, "/metadata/name").to_owned())
        .collect();
    let alive: HashSet<String> = cluster
        .objects
        .values()
        .map(|object| text(object, "/metadata/uid").to_owned())
        .collect();
    let lost = |object: &Value| {
        let owner = text(object, "/metadata/ownerReferences/0/uid");
        let orphan = !owner.is_empty() && !alive.contains(owner);
        orphan
            || ending
                .iter()
                .any(|name| text(object, "/metadata/namespace") == name)
    };
    let gone: Vec<_> = cluster
        .objects
        .iter()
        .filter(|(_, object)| lost(object))
        .map(|(key, _)| key.clone())
        .collect();
    for (plural, namespace, name) in gone {
        if let Some(resource) = RESOURCES.iter().find(|resource| resource.plural == plural) {
            cluster.take(resource, &namespace, &name);
        }
    }
    for namespace in ending {
        cluster.take(of_kind("Namespace"), "", &namespace);
    }
}

/// All objects of a kind, as they are now.
fn all(cluster: &Cluster, kind: &str) -> Vec<Value> {
    cluster.list(of_kind(kind), "").cloned().collect()
}
