//! One cluster's objects, and what happened to them.
//!
//! Invariant: every change gets the next revision and stands in the log that watches read.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::sync::watch;

use super::access::Rights;
use super::exec::{self, Exec, PROTOCOLS};
use super::fields::Path;
use super::resources::{Resource, of_kind};
use super::write::Write;

/// A watch from before these many changes is told to list again.
const LOG_MAX: usize = 4_000;
const FIRST_REVISION: u64 = 1_000;
/// The letters of generated names: no vowels, so that no words come about.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Which object: its kind's plural, its namespace (empty for none), its name.
pub(super) type Key = (&'static str, String, String);

/// What happened to one object.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub revision: u64,
    pub resource: &'static str,
    pub namespace: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// Who wrote which fields, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub manager: String,
    pub apply: bool,
    pub subresource: &'static str,
    /// When it last took a field.
    pub at: Timestamp,
    pub fields: BTreeSet<Path>,
}

/// How a cluster behaves; change it through [`super::State::cluster`].
#[derive(Clone, Debug)]
pub struct Settings {
    pub version: String,
    /// From a pod's start until its readiness probe answers.
    pub ready_after: Duration,
    /// The same for namespaces whose programs take their own time.
    pub slow: BTreeMap<String, Duration>,
    /// How long programs of a namespace run before their readiness probe answers.
    pub boots: BTreeMap<String, Duration>,
    /// From a pod's deletion until it is gone.
    pub gone_after: Duration,
    pub pulls: Pulls,
    /// Pods that a namespace may have; more are refused as by a quota.
    pub pod_quota: Option<usize>,
    /// Whether no node has room for another pod.
    pub full: bool,
    /// What somebody without any credential may do. `kubectl` sends no token over plain HTTP, so
    /// it needs this; nobody else does.
    pub anonymous: Rights,
    pub exec: Exec,
    /// Images with this in their names hold no program, whatever others hold.
    pub bare: Option<&'static str>,
    /// Which of these a client asks for is chosen, in this order.
    pub exec_protocols: &'static [&'static str],
}

/// Which images nodes can pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulls {
    /// Those that the world's registry has; where a digest is given, by the digest.
    FromRegistry,
    /// All but those with `missing` in their name.
    Anything,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: "v1.33.4".to_owned(),
            ready_after: Duration::from_secs(2),
            slow: BTreeMap::new(),
            boots: BTreeMap::new(),
            gone_after: Duration::from_secs(1),
            pulls: Pulls::FromRegistry,
            pod_quota: None,
            full: false,
            anonymous: Rights::Nothing,
            exec: Exec::Runs,
            bare: None,
            exec_protocols: PROTOCOLS,
        }
    }
}

/// One simulated cluster.
#[derive(Debug)]
pub struct Cluster {
    pub settings: Settings,
    pub(super) name: String,
    pub(super) tokens: BTreeMap<String, Rights>,
    pub(super) objects: BTreeMap<Key, Value>,
    pub(super) owners: BTreeMap<Key, Vec<Owner>>,
    pub(super) log: VecDeque<Change>,
    pub(super) revision: u64,
    /// Watches from this revision or an earlier one are told to list again.
    pub(super) forgotten: u64,
    pub(super) changed: watch::Sender<u64>,
    /// Revision and time at which there was nothing left to do.
    pub(super) quiet: Option<(u64, Timestamp)>,
    pub(super) made: u64,
    /// What containers hold, by their pods' uids and their names.
    folders: BTreeMap<(String, String), TempDir>,
}

impl Cluster {
    /// Where a container's commands run, for as long as its pod is there.
    ///
    /// # Errors
    /// No such pod, or no room on this machine.
    pub fn folder(&mut self, namespace: &str, pod: &str, container: &str) -> io::Result<PathBuf> {
        let found = self.get(of_kind("Pod"), namespace, pod);
        let uid = found.map(|pod| text(pod, "/metadata/uid").to_owned());
        let uid = uid.ok_or(io::ErrorKind::NotFound)?;
        let there: BTreeSet<&str> = self
            .objects
            .iter()
            .filter(|((plural, ..), _)| *plural == "pods")
            .map(|(_, pod)| text(pod, "/metadata/uid"))
            .collect();
        self.folders
            .retain(|(uid, _), _| there.contains(uid.as_str()));
        let folder = match self.folders.entry((uid, container.to_owned())) {
            Entry::Occupied(old) => old.get().path().to_owned(),
            Entry::Vacant(new) => {
                let made = tempfile::tempdir()?;
                exec::give_to_nobody(made.path())?;
                new.insert(made).path().to_owned()
            }
        };
        Ok(folder)
    }

    /// An empty cluster with two namespaces and three nodes.
    pub(super) fn new(name: &str, now: Timestamp) -> Self {
        let mut cluster = Self {
            settings: Settings::default(),
            name: name.to_owned(),
            tokens: BTreeMap::new(),
            objects: BTreeMap::new(),
            owners: BTreeMap::new(),
            log: VecDeque::new(),
            revision: FIRST_REVISION,
            forgotten: FIRST_REVISION,
            changed: watch::Sender::new(FIRST_REVISION),
            quiet: None,
            made: 0,
            folders: BTreeMap::new(),
        };
        for namespace in ["default", "kube-system"] {
            let object = json!({"metadata": {"name": namespace}, "status": {"phase": "Active"}});
            cluster.put_new(of_kind("Namespace"), object, now);
        }
        for letter in ["a", "b", "c"] {
            cluster.put_new(
                of_kind("Node"),
                node(letter, &cluster.settings.version),
                now,
            );
        }
        cluster
    }

    /// Makes an object as somebody with `kubectl` does; one that is there already stays.
    pub fn make_by_hand(&mut self, kind: &str, object: Value, now: Timestamp) {
        let how = Write {
            manager: "kubectl".to_owned(),
            subresource: "",
            force: false,
            dry_run: false,
            now,
        };
        let _ = self.create(of_kind(kind), object, &how);
    }

    /// An object as it is now, for a test to look at without asking the API.
    #[must_use]
    pub fn object(&self, kind: &str, namespace: &str, name: &str) -> Option<&Value> {
        self.get(of_kind(kind), namespace, name)
    }

    /// Objects of a kind in a namespace as they are now, in name order.
    pub fn objects<'a>(
        &'a self,
        kind: &str,
        namespace: &'a str,
    ) -> impl Iterator<Item = &'a Value> {
        self.list(of_kind(kind), namespace)
    }

    pub(super) fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<&Value> {
        self.objects.get(&key(resource, namespace, name))
    }

    /// Objects of a kind in name order; an empty namespace means all of them.
    pub(super) fn list<'a>(
        &'a self,
        resource: &'a Resource,
        namespace: &'a str,
    ) -> impl Iterator<Item = &'a Value> {
        let from: Key = (resource.plural, namespace.to_owned(), String::new());
        let found = self
            .objects
            .range(from..)
            .take_while(move |((plural, within, _), _)| {
                *plural == resource.plural && (namespace.is_empty() || within == namespace)
            });
        found.map(|(_, object)| object)
    }

    /// The objects of a kind that a controller owns. It named them after their owner, so only
    /// such names are looked at.
    pub(super) fn owned(&self, kind: &str, owner: &Value) -> Vec<Value> {
        let uid = text(owner, "/metadata/uid");
        let from = key_of(of_kind(kind), owner);
        let (_, namespace, prefix) = &from;
        let named = self
            .objects
            .range(from.clone()..)
            .take_while(|((plural, within, name), _)| {
                *plural == from.0 && within == namespace && name.starts_with(prefix)
            });
        let mine = |object: &&Value| text(object, "/metadata/ownerReferences/0/uid") == uid;
        named
            .map(|(_, object)| object)
            .filter(mine)
            .cloned()
            .collect()
    }

    /// Stores an object that is not there yet, filling in what the server knows better.
    pub(super) fn put_new(
        &mut self,
        resource: &'static Resource,
        mut object: Value,
        now: Timestamp,
    ) -> Value {
        let uid = self.uid();
        object["apiVersion"] = json!(resource.api_version());
        object["kind"] = json!(resource.kind);
        object["metadata"]["uid"] = json!(uid);
        object["metadata"]["creationTimestamp"] = json!(seconds(now));
        if counts_generations(resource) {
            object["metadata"]["generation"] = json!(1);
        }
        self.put(resource, object)
    }

    /// Stores an object as given, under the next revision. One that says nothing new is left
    /// alone, as the real server does it.
    pub(super) fn put(&mut self, resource: &'static Resource, mut object: Value) -> Value {
        let key = key_of(resource, &object);
        let before = self.objects.get(&key).cloned();
        if let Some(before) = &before {
            object["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"].clone();
            if counts_generations(resource) && before["spec"] != object["spec"] {
                let generation = before["metadata"]["generation"].as_i64().unwrap_or(1);
                object["metadata"]["generation"] = json!(generation + 1);
            }
            if *before == object {
                return object;
            }
        }
        let revision = self.revision + 1;
        object["metadata"]["resourceVersion"] = json!(revision.to_string());
        self.objects.insert(key.clone(), object.clone());
        self.record(key, before, Some(object.clone()));
        object
    }

    /// Takes an object out of the store at once.
    pub(super) fn take(&mut self, resource: &'static Resource, namespace: &str, name: &str) {
        let key = key(resource, namespace, name);
        if let Some(before) = self.objects.remove(&key) {
            self.owners.remove(&key);
            self.record(key, Some(before), None);
        }
    }

    fn record(&mut self, key: Key, before: Option<Value>, after: Option<Value>) {
        self.revision += 1;
        let (resource, namespace, _) = key;
        self.log.push_back(Change {
            revision: self.revision,
            resource,
            namespace,
            before,
            after,
        });
        if self.log.len() > LOG_MAX
            && let Some(oldest) = self.log.pop_front()
        {
            self.forgotten = oldest.revision;
        }
        self.changed.send_replace(self.revision);
    }

    /// Forgets what happened so far: whoever watches from earlier is told to list again.
    pub fn forget_history(&mut self) {
        self.log.clear();
        self.forgotten = self.revision;
        self.changed.send_replace(self.revision);
    }

    /// Five letters for a generated name, the same in every run.
    pub(super) fn suffix(&mut self) -> String {
        self.made += 1;
        letters(&format!("{} {}", self.name, self.made), 5)
    }

    fn uid(&mut self) -> String {
        self.made += 1;
        let hash = Sha256::digest(format!("{} uid {}", self.name, self.made));
        let bytes: [u8; 16] = std::array::from_fn(|at| hash.get(at).copied().unwrap_or_default());
        uuid::Uuid::from_bytes(bytes).to_string()
    }
}

fn node(letter: &str, version: &str) -> Value {
    let size = json!({"cpu": "64", "memory": "512Gi", "pods": "1000"});
    json!({
        "metadata": {"name": format!("node-{letter}"),
            "labels": {"kubernetes.io/hostname": format!("node-{letter}")}},
        "spec": {},
        "status": {
            "capacity": size, "allocatable": size,
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
            "nodeInfo": {"kubeletVersion": version},
        },
    })
}

/// Letters that a text always gives, as in pod names and template hashes.
pub(super) fn letters(text: &str, count: usize) -> String {
    let hash = Sha256::digest(text);
    let pick = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied();
    hash.iter()
        .take(count)
        .filter_map(pick)
        .map(char::from)
        .collect()
}

pub(super) fn key(resource: &Resource, namespace: &str, name: &str) -> Key {
    let plural = super::resources::of_kind(resource.kind).plural;
    (plural, namespace.to_owned(), name.to_owned())
}

pub(super) fn key_of(resource: &Resource, object: &Value) -> Key {
    let namespace = text(object, "/metadata/namespace");
    key(resource, namespace, text(object, "/metadata/name"))
}

/// Kinds whose `metadata.generation` counts changes of their `spec`.
fn counts_generations(resource: &Resource) -> bool {
    matches!(resource.kind, "Deployment" | "ReplicaSet")
}

/// The text at a JSON pointer, or an empty one.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The number at a JSON pointer, or zero.
pub(super) fn number(object: &Value, pointer: &str) -> i64 {
    object
        .pointer(pointer)
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

/// A time as Kubernetes writes it, in whole seconds.
pub(super) fn seconds(at: Timestamp) -> String {
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
    whole.to_string()
}
