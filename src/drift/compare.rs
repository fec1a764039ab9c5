//! Two versions of one object held against each other, and who wrote what differs.
//!
//! Invariant: pure. What the cluster keeps for itself, and the portal's own numbers and times, are
//! no differences.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use serde_json::{Value, json};

use super::{Line, Sort};
use crate::intake::tells_a_secret;
use crate::integrations::kubernetes::path::{self, Path, Step};
use crate::integrations::kubernetes::{CREATING_MANAGER, FIELD_MANAGER};
use crate::workloads::objects::{DEPLOYMENT, SEQUENCE};

/// Of the whole object's metadata, what is not for people.
const KEPT_BY_CLUSTER: [&str; 7] = [
    "managedFields",
    "resourceVersion",
    "generation",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
];
const NOTES: [&str; 4] = [
    DEPLOYMENT,
    SEQUENCE,
    "deployment.kubernetes.io/revision",
    "kubectl.kubernetes.io/last-applied-configuration",
];
const HIDDEN: &str = "•••";

/// One place with what is wanted there and what is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    pub path: Path,
    pub wanted: Value,
    pub live: Value,
}

/// Which fields are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Those of both.
    Both,
    /// Only those that are wanted, where the cluster would not say what it makes of them.
    Wanted,
}

/// The places that differ.
#[must_use]
pub fn differences(wanted: &Value, live: &Value, of: Of) -> Vec<Difference> {
    let mut found = Vec::new();
    differ(&Path::default(), (wanted, live), of, &mut found);
    found
}

fn differ(at: &Path, (wanted, live): (&Value, &Value), of: Of, found: &mut Vec<Difference>) {
    let nothing = &Value::Null;
    match (wanted, live) {
        _ if wanted == live || is_noise(at) => {}
        (Value::Object(here), Value::Object(there)) => {
            let added = there.keys().filter(|k| !here.contains_key(*k));
            let added = added.filter(|_| of == Of::Both);
            for name in here.keys().chain(added) {
                let pair = [here, there].map(|fields| fields.get(name).unwrap_or(nothing));
                differ(&at.field(name), (pair[0], pair[1]), of, found);
            }
        }
        (Value::Array(here), Value::Array(there)) => match path::key_of(here, there) {
            Some(key) => {
                let is = |one: &Value, other: &Value| one.get(key) == other.get(key);
                let added = there.iter().filter(|t| !here.iter().any(|h| is(h, t)));
                let added = added.filter(|_| of == Of::Both);
                for one in here.iter().chain(added) {
                    let in_list = |list: &'_ [Value]| {
                        let found = list.iter().find(|other| is(one, other));
                        found.cloned().unwrap_or_default()
                    };
                    let (wanted, live) = (in_list(here), in_list(there));
                    differ(&at.below(path::item(key, one)), (&wanted, &live), of, found);
                }
            }
            None if here.len() == there.len() => {
                for (n, pair) in here.iter().zip(there).enumerate() {
                    differ(&at.below(Step::Index(n)), pair, of, found);
                }
            }
            None => found.push(difference(at, wanted, live)),
        },
        _ => found.push(difference(at, wanted, live)),
    }
}

fn difference(at: &Path, wanted: &Value, live: &Value) -> Difference {
    Difference {
        path: at.clone(),
        wanted: wanted.clone(),
        live: live.clone(),
    }
}

/// How many there are is held against the parameters, because an apply does not say it.
fn is_noise(at: &Path) -> bool {
    let fields = |fields: &[&str]| at.is_under(fields);
    fields(&["status"])
        || fields(&["spec", "replicas"])
        || KEPT_BY_CLUSTER
            .iter()
            .any(|name| fields(&["metadata", name]))
        || NOTES
            .iter()
            .any(|note| fields(&["metadata", "annotations", note]))
}

/// A writer of fields, by the cluster's own record.
pub struct Owner {
    pub manager: String,
    pub at: Option<Timestamp>,
    /// By a door of its own, such as `scale`.
    is_beside: bool,
    pub places: Vec<Path>,
}

impl Owner {
    fn is_portal(&self) -> bool {
        [FIELD_MANAGER, CREATING_MANAGER].contains(&self.manager.as_str())
    }

    /// Controllers of the cluster itself, which nobody is told of.
    fn is_cluster(&self) -> bool {
        self.manager.starts_with("kube-") || self.manager == "cloud-controller-manager"
    }
}

/// Everybody who wrote to an object.
#[must_use]
pub fn owners(entries: &[ManagedFieldsEntry]) -> Vec<Owner> {
    let owner = |entry: &ManagedFieldsEntry| Owner {
        manager: entry.manager.clone().unwrap_or_default(),
        at: entry.time.as_ref().map(|time| time.0),
        is_beside: entry.subresource.as_ref().is_some_and(|s| !s.is_empty()),
        places: entry
            .fields_v1
            .iter()
            .flat_map(|f| path::owned(&f.0))
            .collect(),
    };
    entries.iter().map(owner).collect()
}

/// Who wrote last what is at a place.
fn writer<'a>(owners: &'a [Owner], place: &Path) -> Option<&'a Owner> {
    let others = owners.iter().filter(|o| !o.is_portal());
    let writes = others.filter(|o| o.places.iter().any(|p| p.meets(place)));
    writes.max_by_key(|owner| {
        let near = owner.places.iter().filter(|p| p.meets(place));
        (near.map(|p| p.0.len()).max(), owner.at)
    })
}

/// An object as it is compared: its kind and name, what is wanted, what is there and who wrote it.
pub struct Held<'a> {
    pub kind: &'a str,
    pub name: &'a str,
    /// What we would apply.
    pub wanted: &'a Value,
    /// What the cluster would make of it.
    pub made: &'a Value,
    pub live: &'a Value,
    pub owners: &'a [Owner],
    pub of: Of,
}

impl Held<'_> {
    /// The places where ours is not what it should be.
    #[must_use]
    pub fn ours(&self) -> Vec<Difference> {
        differences(self.made, self.live, self.of)
    }

    /// The places that others wrote beside ours, since a time where one is given.
    #[must_use]
    pub fn beside(&self, since: Option<Timestamp>) -> Vec<Difference> {
        let is_late = |o: &&Owner| since.is_none_or(|since| o.at.is_some_and(|at| at > since));
        let others = self
            .owners
            .iter()
            .filter(|o| !o.is_portal() && !o.is_cluster() && !o.is_beside);
        let mut found: Vec<Difference> = Vec::new();
        for place in others.filter(is_late).flat_map(|o| &o.places) {
            let Some(place) = self.top(place) else {
                continue;
            };
            let Some(live) = place.find(self.live) else {
                continue;
            };
            if !found.iter().any(|f| f.path == place) {
                found.push(difference(&place, &Value::Null, live));
            }
        }
        found
    }

    /// The shortest way to a place that is under `spec` and leads to nothing of ours.
    fn top(&self, place: &Path) -> Option<Path> {
        if !place.is_under(&["spec"]) || place.is_under(&["spec", "replicas"]) {
            return None;
        }
        let portal = || self.owners.iter().filter(|o| o.is_portal());
        let is_ours = |path: &Path| {
            path.find(self.wanted).is_some()
                || portal().any(|o| o.places.iter().any(|p| starts(p, path)))
        };
        // Neither a list without saying which item, nor all labels because of one.
        let is_whole = |n: usize| {
            let next = place.0.get(n);
            let is_list = matches!(next, Some(Step::Item(_)));
            let is_map = matches!(place.0.get(n - 1), Some(Step::Field(name))
                if name == "labels" || name == "annotations");
            !(is_list || is_map && next.is_some())
        };
        let mut ways = (2..=place.0.len()).filter(|n| is_whole(*n));
        ways.find_map(|n| {
            let way = Path(place.0.iter().take(n).cloned().collect());
            (!is_ours(&way)).then_some(way)
        })
    }

    /// A line of a difference, for people.
    #[must_use]
    pub fn line(&self, sort: Sort, found: &Difference) -> Line {
        let writer = writer(self.owners, &found.path);
        Line {
            kind: self.kind.to_owned(),
            name: self.name.to_owned(),
            field: found.path.to_string(),
            sort,
            wanted: shown(&found.path, &found.wanted),
            live: shown(&found.path, &found.live),
            by: writer.map(|o| o.manager.clone()),
            at: writer.and_then(|o| o.at),
            said: Vec::new(),
        }
    }
}

fn starts(long: &Path, short: &Path) -> bool {
    long.0.len() >= short.0.len() && long.meets(short)
}

/// A value as it may be seen: that of a variable whose name tells of a secret is not.
fn shown(at: &Path, value: &Value) -> Value {
    let in_env = at.0.iter().zip(at.0.iter().skip(1)).any(|pair| match pair {
        (Step::Field(list), Step::Item(keys)) => {
            list == "env"
                && keys
                    .get("name")
                    .and_then(Value::as_str)
                    .is_some_and(tells_a_secret)
        }
        _ => false,
    });
    match value {
        Value::String(_) if in_env && !is_name(at) => json!(HIDDEN),
        _ => without_secrets(value),
    }
}

fn is_name(at: &Path) -> bool {
    matches!(at.0.last(), Some(Step::Field(name)) if name == "name")
}

fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let is_secret = fields
                .get("name")
                .and_then(Value::as_str)
                .is_some_and(tells_a_secret);
            let hide = |(name, value): (&String, &Value)| {
                let hidden = is_secret && name == "value";
                let value = if hidden {
                    json!(HIDDEN)
                } else {
                    without_secrets(value)
                };
                (name.clone(), value)
            };
            Value::Object(fields.iter().map(hide).collect())
        }
        Value::Array(items) => items.iter().map(without_secrets).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(container: &Value) -> Value {
        json!({ "metadata": { "name": "pay", "generation": 1 },
            "spec": { "replicas": 2, "template": { "spec": { "containers": [container] } } } })
    }

    fn owner(manager: &str, fields: &Value) -> Owner {
        Owner {
            manager: manager.to_owned(),
            at: Some(Timestamp::UNIX_EPOCH),
            is_beside: false,
            places: path::owned(fields),
        }
    }

    fn in_container(fields: &Value) -> Value {
        json!({ "f:spec": { "f:template": { "f:spec": { "f:containers": {
            "k:{\"name\":\"pay\"}": fields } } } } })
    }

    #[test]
    fn only_what_somebody_changed_is_different() {
        let wanted = deployment(
            &json!({ "name": "pay", "env": [{ "name": "A", "value": "1" },
            { "name": "B", "value": "2" }], "args": ["x"] }),
        );
        let mut live = deployment(
            &json!({ "name": "pay", "env": [{ "name": "B", "value": "3" },
            { "name": "A", "value": "1" }], "args": ["x", "y"] }),
        );
        live["metadata"]["generation"] = json!(7);
        live["metadata"]["annotations"] = json!({ SEQUENCE: "2" });
        live["spec"]["replicas"] = json!(9);
        live["status"] = json!({ "replicas": 9 });
        let found = differences(&wanted, &live, Of::Wanted);
        let at: Vec<String> = found.iter().map(|d| d.path.to_string()).collect();
        let container = "spec.template.spec.containers[pay]";
        assert_eq!(
            at,
            [
                format!("{container}.args"),
                format!("{container}.env[B].value")
            ]
        );
        assert!(differences(&live, &live, Of::Both).is_empty());
    }

    #[test]
    fn what_others_wrote_beside_ours_is_told_once_and_whole() {
        let wanted = deployment(&json!({ "name": "pay", "env": [{ "name": "A" }] }));
        let live = deployment(
            &json!({ "name": "pay", "startupProbe": { "exec": {}, "x": 1 },
            "env": [{ "name": "A" }, { "name": "DB_PASSWORD", "value": "s3cret" }] }),
        );
        let mut live = live;
        live["spec"]["template"]["spec"]["schedulerName"] = json!("default-scheduler");
        let probe = json!({ "f:startupProbe": { "f:exec": {}, "f:x": {} }, "f:env": {
            "k:{\"name\":\"DB_PASSWORD\"}": { ".": {}, "f:name": {}, "f:value": {} } } });
        let made = json!({ "f:spec": { "f:template": { "f:spec": { "f:schedulerName": {} } } } });
        let owners = [
            owner(FIELD_MANAGER, &in_container(&json!({ "f:env": {} }))),
            owner(CREATING_MANAGER, &made),
            owner("kubectl-edit", &in_container(&probe)),
            owner(
                "kube-controller-manager",
                &in_container(&json!({ "f:image": {} })),
            ),
        ];
        let held = Held {
            kind: "Deployment",
            name: "pay",
            wanted: &wanted,
            made: &live,
            live: &live,
            owners: &owners,
            of: Of::Both,
        };
        assert!(held.ours().is_empty());
        let beside = held.beside(None);
        let lines: Vec<Line> = beside.iter().map(|d| held.line(Sort::Beside, d)).collect();
        let at: Vec<&str> = lines.iter().map(|l| l.field.as_str()).collect();
        let container = "spec.template.spec.containers[pay]";
        let expected = [
            format!("{container}.env[DB_PASSWORD]"),
            format!("{container}.startupProbe"),
        ];
        assert_eq!(at, expected);
        assert_eq!(lines[0].by.as_deref(), Some("kubectl-edit"));
        assert_eq!(lines[0].live["value"], HIDDEN);
        assert!(held.beside(Some(Timestamp::UNIX_EPOCH)).is_empty());
    }
}
