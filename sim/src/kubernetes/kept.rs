//! What clusters remember over a restart: every object with who owns which of its fields.
//! Whoever watches from before is told to list again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::State;
use super::cluster::{Cluster, Key, Owner, key_of};
use super::fields::Path;
use super::resources::{RESOURCES, Resource};

#[derive(Serialize, Deserialize)]
struct KeptCluster {
    objects: Vec<KeptObject>,
    revision: u64,
    made: u64,
}

#[derive(Serialize, Deserialize)]
struct KeptObject {
    plural: String,
    object: Value,
    owners: Vec<KeptOwner>,
}

#[derive(Serialize, Deserialize)]
struct KeptOwner {
    manager: String,
    apply: bool,
    subresource: String,
    /// Of what was kept before this was.
    #[serde(default)]
    at: Timestamp,
    fields: BTreeSet<Path>,
}

impl State {
    pub(crate) fn kept(&self) -> serde_json::Result<Value> {
        let clusters = self.clusters.iter();
        let kept: BTreeMap<_, _> = clusters.map(|(name, c)| (name, c.kept())).collect();
        serde_json::to_value(kept)
    }

    /// Only clusters that are served already remember.
    pub(crate) fn recall(&mut self, kept: &Value) -> serde_json::Result<()> {
        let kept = BTreeMap::<String, KeptCluster>::deserialize(kept)?;
        for (name, kept) in kept {
            if let Some(cluster) = self.clusters.get_mut(&name) {
                cluster.recall(kept);
            }
        }
        Ok(())
    }
}

impl Cluster {
    fn kept(&self) -> KeptCluster {
        let owners = |key: &Key| self.owners.get(key).into_iter().flatten();
        let objects = self.objects.iter().map(|(key, object)| KeptObject {
            plural: key.0.to_owned(),
            object: object.clone(),
            owners: owners(key).map(KeptOwner::of).collect(),
        });
        KeptCluster {
            objects: objects.collect(),
            revision: self.revision,
            made: self.made,
        }
    }

    fn recall(&mut self, kept: KeptCluster) {
        self.objects.clear();
        self.owners.clear();
        for KeptObject {
            plural,
            object,
            owners,
        } in kept.objects
        {
            // What this version does not know any more is gone.
            let Some(resource) = resource(&plural) else {
                continue;
            };
            let key = key_of(resource, &object);
            let owners = owners.into_iter().map(KeptOwner::into_owner).collect();
            self.owners.insert(key.clone(), owners);
            self.objects.insert(key, object);
        }
        self.revision = kept.revision;
        self.made = kept.made;
        self.quiet = None;
        self.forget_history();
    }
}

fn resource(plural: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.plural == plural)
}

impl KeptOwner {
    fn of(owner: &Owner) -> Self {
        Self {
            manager: owner.manager.clone(),
            apply: owner.apply,
            subresource: owner.subresource.to_owned(),
            at: owner.at,
            fields: owner.fields.clone(),
        }
    }

    fn into_owner(self) -> Owner {
        Owner {
            manager: self.manager,
            apply: self.apply,
            subresource: match self.subresource.as_str() {
                "scale" => "scale",
                "status" => "status",
                _ => "",
            },
            at: self.at,
            fields: self.fields,
        }
    }
}
