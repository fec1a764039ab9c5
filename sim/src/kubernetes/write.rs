//! Creating, changing and deleting objects, with the ownership of their fields.
//!
//! Ownership is approximated: who wrote a field last, by apply or otherwise. The real server's
//! finer rules are its own to prove.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cluster::{Cluster, Owner, key, key_of, seconds, text};
use super::fields::{self, Path};
use super::resources::Resource;
use super::status::{self, No};
use super::{defaults, schema};

/// How a write was asked for.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub manager: String,
    pub subresource: &'static str,
    pub force: bool,
    pub dry_run: bool,
    pub now: Timestamp,
}

impl Cluster {
    pub(super) fn create(
        &mut self,
        resource: &'static Resource,
        mut object: Value,
        write: &Write,
    ) -> Result<Value, No> {
        let namespace = text(&object, "/metadata/namespace").to_owned();
        self.check_namespace(resource, &namespace)?;
        if text(&object, "/metadata/name").is_empty() {
            let prefix = text(&object, "/metadata/generateName").to_owned();
            object["metadata"]["name"] = json!(format!("{prefix}{}", self.suffix()));
        }
        let name = text(&object, "/metadata/name").to_owned();
        if self.get(resource, &namespace, &name).is_some() {
            return Err(status::already_exists(&resource.qualified(), &name));
        }
        if !text(&object, "/metadata/resourceVersion").is_empty() {
            let message = "resourceVersion should not be set on objects to be created";
            return Err(status::bad_request(message.to_owned()));
        }
        if resource.kind != "Pod" && resource.kind != "Event" {
            object.as_object_mut().map(|fields| fields.remove("status"));
        }
        self.complete(resource, &mut object)?;
        if write.dry_run {
            return Ok(object);
        }
        let stored = self.put_new(resource, object, write.now);
        self.own_changes(resource, &Value::Null, &stored, write);
        Ok(stored)
    }

    /// Replaces what is there; a `resourceVersion` that is given must be the current one.
    pub(super) fn replace(
        &mut self,
        resource: &'static Resource,
        mut object: Value,
        write: &Write,
    ) -> Result<Value, No> {
        let (_, namespace, name) = key_of(resource, &object);
        let live = self.existing(resource, &namespace, &name)?;
        check_version(resource, &live, &object)?;
        // Who owns what is the server's own to say, and is not stored with the object.
        for field in [
            "uid",
            "creationTimestamp",
            "generation",
            "deletionTimestamp",
            "managedFields",
        ] {
            object["metadata"][field] = live["metadata"][field].clone();
        }
        prune_nulls(&mut object["metadata"]);
        if write.subresource != "status" {
            object["status"] = live["status"].clone();
            prune_nulls(&mut object);
        }
        self.complete(resource, &mut object)?;
        if write.dry_run {
            return Ok(object);
        }
        count_note(resource, &live, &mut object);
        let stored = self.put(resource, object);
        self.own_changes(resource, &live, &stored, write);
        Ok(stored)
    }

    /// Server-side apply of a whole object.
    pub(super) fn apply(
        &mut self,
        resource: &'static Resource,
        applied: &Value,
        write: &Write,
    ) -> Result<Value, No> {
        let (_, namespace, name) = key_of(resource, applied);
        let shape = schema::kind(resource.kind);
        let wanted = fields::paths(shape, applied);
        let key = key(resource, &namespace, &name);
        let Some(live) = self.objects.get(&key).cloned() else {
            return self.apply_new(resource, applied, wanted.into_keys().collect(), write);
        };
        check_version(resource, &live, applied)?;
        let owners = self.owners.entry(key.clone()).or_default().clone();
        let have = fields::paths(shape, &live);
        let differs = |path: &Path| match (wanted.get(path), have.get(path)) {
            (Some(Some(want)), Some(Some(have))) => want != have,
            _ => false,
        };
        let taken = conflicts(&owners, write, differs);
        if !taken.is_empty() && !write.force {
            let told: Vec<_> = taken
                .iter()
                .map(|(path, owner)| (fields::display(path), describe(owner, resource)))
                .collect();
            return Err(status::owned_by_others(&told));
        }
        let wanted: BTreeSet<Path> = wanted.into_keys().collect();
        let mut object = live.clone();
        for path in left_out(&owners, write, &wanted) {
            fields::cut(shape, &mut object, &path);
        }
        fields::merge(shape, &mut object, applied);
        object["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
        self.complete(resource, &mut object)?;
        if write.dry_run {
            return Ok(object);
        }
        self.owners
            .insert(key, after_apply(owners, &taken, wanted, write));
        count_note(resource, &live, &mut object);
        Ok(self.put(resource, object))
    }

    fn apply_new(
        &mut self,
        resource: &'static Resource,
        applied: &Value,
        wanted: BTreeSet<Path>,
        write: &Write,
    ) -> Result<Value, No> {
        let (_, namespace, name) = key_of(resource, applied);
        self.check_namespace(resource, &namespace)?;
        // The real server heeds a uid here, and no resourceVersion.
        if !text(applied, "/metadata/uid").is_empty() {
            return Err(status::stale(&resource.qualified(), &name));
        }
        let mut object = applied.clone();
        self.complete(resource, &mut object)?;
        if write.dry_run {
            return Ok(object);
        }
        let stored = self.put_new(resource, object, write.now);
        let owners = after_apply(Vec::new(), &[], wanted, write);
        self.owners.insert(key_of(resource, &stored), owners);
        Ok(stored)
    }

    /// Marks for deletion what needs time to end, and takes away everything else.
    pub(super) fn delete(
        &mut self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<Value, No> {
        let mut object = self.existing(resource, namespace, name)?;
        match resource.kind {
            "Pod" | "Namespace" => {
                if object["metadata"]["deletionTimestamp"].is_null() {
                    object["metadata"]["deletionTimestamp"] = json!(seconds(now));
                    object["metadata"]["deletionGracePeriodSeconds"] = json!(30);
                }
                if resource.kind == "Namespace" {
                    object["status"]["phase"] = json!("Terminating");
                }
                Ok(self.put(resource, object))
            }
            _ => {
                self.take(resource, namespace, name);
                Ok(object)
            }
        }
    }

    pub(super) fn existing(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Value, No> {
        let found = self.get(resource, namespace, name).cloned();
        found.ok_or_else(|| status::not_found(&resource.qualified(), name))
    }

    fn check_namespace(&self, resource: &Resource, namespace: &str) -> Result<(), No> {
        if !resource.namespaced {
            return Ok(());
        }
        let namespaces = super::resources::of_kind("Namespace");
        let found = self.existing(namespaces, "", namespace)?;
        if text(&found, "/status/phase") == "Terminating" {
            let what = format!("creating in namespace {namespace} because it is being terminated");
            return Err(status::forbidden(&what));
        }
        Ok(())
    }

    fn complete(&mut self, resource: &Resource, object: &mut Value) -> Result<(), No> {
        defaults::fill(resource.kind, object);
        defaults::check(resource.kind, object)?;
        if resource.kind == "Service" && object.pointer("/spec/clusterIP").is_none() {
            let low = self.revision % 250 + 1;
            let address = format!("10.96.{}.{low}", self.revision / 250 % 250);
            object["spec"]["clusterIP"] = json!(address);
            object["spec"]["clusterIPs"] = json!([address]);
        }
        Ok(())
    }

    /// Notes who changed what, taking it from whoever had it.
    pub(super) fn own_changes(
        &mut self,
        resource: &'static Resource,
        before: &Value,
        after: &Value,
        write: &Write,
    ) {
        let shape = schema::kind(resource.kind);
        let (old, new) = (fields::paths(shape, before), fields::paths(shape, after));
        let changed: BTreeSet<Path> = new
            .iter()
            .filter(|(path, value)| old.get(*path) != Some(value))
            .map(|(path, _)| path.clone())
            .collect();
        let owners = self.owners.entry(key_of(resource, after)).or_default();
        for owner in owners.iter_mut() {
            owner
                .fields
                .retain(|path| new.contains_key(path) && !changed.contains(path));
        }
        let mine = |owner: &&mut Owner| is_same(owner, write, false);
        match owners.iter_mut().find(mine) {
            Some(_) if changed.is_empty() => {}
            Some(owner) => {
                owner.fields.extend(changed);
                owner.at = write.now;
            }
            None if changed.is_empty() => {}
            None => owners.push(Owner {
                manager: write.manager.clone(),
                apply: false,
                subresource: write.subresource,
                at: write.now,
                fields: changed,
            }),
        }
        owners.retain(|owner| !owner.fields.is_empty());
    }
}

fn is_same(owner: &Owner, write: &Write, apply: bool) -> bool {
    owner.manager == write.manager && owner.apply == apply && owner.subresource == write.subresource
}

/// The fields that the write would change although somebody else has them.
fn conflicts(
    owners: &[Owner],
    write: &Write,
    differs: impl Fn(&Path) -> bool,
) -> Vec<(Path, Owner)> {
    let others = owners.iter().filter(|owner| !is_same(owner, write, true));
    others
        .flat_map(|owner| owner.fields.iter().map(move |path| (path, owner)))
        .filter(|(path, _)| differs(path))
        .map(|(path, owner)| (path.clone(), owner.clone()))
        .collect()
}

/// What we applied before, leave out now, and nobody else has.
fn left_out(owners: &[Owner], write: &Write, wanted: &BTreeSet<Path>) -> Vec<Path> {
    let (mine, others): (Vec<&Owner>, Vec<&Owner>) =
        owners.iter().partition(|owner| is_same(owner, write, true));
    let before = mine.iter().flat_map(|owner| &owner.fields);
    before
        .filter(|path| !wanted.contains(*path))
        .filter(|path| !others.iter().any(|owner| owner.fields.contains(*path)))
        .cloned()
        .collect()
}

fn after_apply(
    mut owners: Vec<Owner>,
    taken: &[(Path, Owner)],
    wanted: BTreeSet<Path>,
    write: &Write,
) -> Vec<Owner> {
    for owner in &mut owners {
        owner.fields.retain(|path| {
            !taken
                .iter()
                .any(|(lost, from)| lost == path && from.manager == owner.manager)
        });
    }
    owners.retain(|owner| !is_same(owner, write, true) && !owner.fields.is_empty());
    owners.push(Owner {
        manager: write.manager.clone(),
        apply: true,
        subresource: write.subresource,
        at: write.now,
        fields: wanted,
    });
    owners
}

fn describe(owner: &Owner, resource: &Resource) -> String {
    let version = resource.api_version();
    let through = match owner.subresource {
        "" => String::new(),
        subresource => format!(" with subresource \"{subresource}\""),
    };
    format!("\"{}\"{through} using {version}", owner.manager)
}

/// A Deployment's annotations count as a new generation when a client changes them.
fn count_note(resource: &Resource, live: &Value, object: &mut Value) {
    let note = live["metadata"]["annotations"] != object["metadata"]["annotations"];
    if resource.kind == "Deployment" && note && live["spec"] == object["spec"] {
        let generation = live["metadata"]["generation"].as_i64().unwrap_or(1);
        object["metadata"]["generation"] = json!(generation + 1);
    }
}

fn check_version(resource: &Resource, live: &Value, sent: &Value) -> Result<(), No> {
    let name = text(live, "/metadata/name");
    let version = text(sent, "/metadata/resourceVersion");
    if !version.is_empty() && version != text(live, "/metadata/resourceVersion") {
        return Err(status::stale(&resource.qualified(), name));
    }
    let uid = text(sent, "/metadata/uid");
    if !uid.is_empty() && uid != text(live, "/metadata/uid") {
        let message = "Invalid value: field is immutable";
        return Err(status::invalid(
            resource.kind,
            name,
            "metadata.uid",
            message,
        ));
    }
    Ok(())
}

pub(super) fn prune_nulls(object: &mut Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
}
