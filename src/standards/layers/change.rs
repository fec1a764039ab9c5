//! A layer as somebody wants it to be, and whether it can be one at all.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Kind, Layer, Lock, Name, Rule, compare, effective, is_below, leaves};
use crate::error::FieldError;
use crate::standards::outline::{Shape, outline};
use crate::standards::{SCHEMA_VERSION, schema, versions};

const MOST_LOCKS: usize = 100;
const LONGEST_REASON: usize = 500;

/// A change of a layer: its whole document and its locks from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    pub layer: Name,
    /// Any part of the schema of deployment parameters.
    #[schema(value_type = Object)]
    pub document: Value,
    #[serde(default)]
    pub locks: Vec<Lock>,
    #[serde(default)]
    pub waves: Pace,
}

/// How a change goes out: so many workloads at a time, and how long to wait between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    #[serde(default = "usual_size")]
    pub size: i32,
    #[serde(default = "usual_pause")]
    pub pause_seconds: i32,
}

const fn usual_size() -> i32 {
    10
}

const fn usual_pause() -> i32 {
    60
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            size: usual_size(),
            pause_seconds: usual_pause(),
        }
    }
}

impl Proposal {
    /// Whether it is some of a document, with locks that can bind something.
    ///
    /// # Errors
    /// Every field that is wrong, by its path with dots.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut errors = Vec::new();
        if self.document.is_object() {
            let found = schema::check(SCHEMA_VERSION, &over_sample(&self.document));
            let renamed = |e: FieldError| FieldError {
                field: e.field.replacen("parameters", "document", 1),
                words: e.words,
            };
            errors.extend(found.err().into_iter().flatten().map(renamed));
        } else {
            errors.push(FieldError::new("document", "field-wrong-type"));
        }
        if self.locks.len() > MOST_LOCKS {
            errors.push(FieldError::new("locks", "field-too-long"));
        }
        for (n, lock) in self.locks.iter().enumerate() {
            errors.extend(self.check_lock(n, lock));
        }
        if !(1..=100).contains(&self.waves.size) {
            errors.push(FieldError::new("waves.size", "wave-size-range"));
        }
        if !(0..=86_400).contains(&self.waves.pause_seconds) {
            errors.push(FieldError::new("waves.pause_seconds", "wave-pause-range"));
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }

    fn check_lock(&self, n: usize, lock: &Lock) -> Option<FieldError> {
        let wrong =
            |part: &str, code: &str| Some(FieldError::new(&format!("locks.{n}.{part}"), code));
        let reason = lock.reason.trim();
        if reason.is_empty() {
            return wrong("reason", "field-required");
        }
        if reason.chars().count() > LONGEST_REASON {
            return wrong("reason", "field-too-long");
        }
        let known = leaves(&over_sample(&self.document));
        let is_of_form = outline().leaf(&lock.pointer).is_some();
        let is_leaf = known.get(&lock.pointer).is_some() || is_of_form;
        let is_part = known.iter().any(|(p, _)| is_below(p, &lock.pointer));
        let is_variable = outline().list_of(&format!("{}/", lock.pointer)).is_some();
        match &lock.rule {
            Rule::Fixed if is_leaf || (is_part && !lock.pointer.is_empty()) || is_variable => None,
            Rule::Fixed => wrong("pointer", "lock-pointer-unknown"),
            _ if !is_leaf => wrong("pointer", "lock-pointer-unknown"),
            Rule::Min { bound } | Rule::Max { bound } => {
                let orders = compare(&lock.pointer, bound, bound).is_some();
                let fits = orders && fits(&lock.pointer, bound);
                if fits {
                    None
                } else {
                    wrong("bound", "lock-bound-wrong")
                }
            }
            Rule::OneOf { options } if options.is_empty() => wrong("options", "field-required"),
            Rule::OneOf { options } if options.iter().all(|o| fits(&lock.pointer, o)) => None,
            Rule::OneOf { .. } => wrong("options", "lock-bound-wrong"),
        }
    }
}

/// Whether the schema takes a value in this place.
fn fits(pointer: &str, value: &Value) -> bool {
    let mut document = json!({});
    let mut place = &mut document;
    for part in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[part];
    }
    *place = value.clone();
    schema::check(SCHEMA_VERSION, &over_sample(&document)).is_ok()
}

/// A part of a document put over a whole one that is right, so that the schema judges the part.
fn over_sample(document: &Value) -> Value {
    let layer = |kind, document| Layer {
        name: Name::new(kind, ""),
        revision: 0,
        document,
        locks: Vec::new(),
    };
    let own = document.clone();
    let sample = sample_for(document);
    let layers = [layer(Kind::Platform, sample), layer(Kind::Project, own)];
    effective(&layers).document
}

/// A right document whose parts are of the kind that the given fields belong to.
fn sample_for(document: &Value) -> Value {
    let mut sample = sample();
    for part in &outline().parts {
        let said = document.pointer(&part.pointer).and_then(Value::as_object);
        let Some(said) = said.filter(|said| !said.contains_key("kind")) else {
            continue;
        };
        let fits = |fields: &[String]| said.keys().all(|k| fields.contains(k));
        let Some(place) = sample.pointer_mut(&part.pointer) else {
            continue;
        };
        let stays = fits(part.fields(place["kind"].as_str().unwrap_or_default()));
        let other = part.kinds.iter().find(|(_, fields)| fits(fields));
        if let (false, Some((kind, fields))) = (stays, other) {
            *place = json!({ "kind": kind });
            for field in fields {
                let leaf = outline().leaf(&format!("{}/{field}", part.pointer));
                place[field] = leaf.map_or(Value::Null, |leaf| usual_of(&leaf.shape));
            }
        }
    }
    sample
}

fn usual_of(shape: &Shape) -> Value {
    match shape {
        Shape::Number(_) => json!(30),
        Shape::Lines => json!(["true"]),
        Shape::Word | Shape::Cores | Shape::Mebibytes | Shape::Choice { .. } => json!("/"),
    }
}

fn sample() -> Value {
    let probe = json!({"kind": "http", "path": "/", "delay_seconds": 60, "period_seconds": 10,
        "timeout_seconds": 3, "failures": 3});
    let mut sample = versions::from_the_start();
    let more = json!({
        "replicas": {"min": 2, "max": 4}, "cpu": {"request": "1", "limit": "2"},
        "memory": {"request": "1Gi", "limit": "2Gi"}, "access": "internal", "port": 8080,
        "ingress": {"host": "a.example", "path": "/", "class": "nginx", "tls_secret": "tls"},
        "args": [], "env": [], "ports": [], "files": [], "scratch": [], "nodes": [],
        "priority": "usual",
        "probes": {"readiness": probe, "liveness": probe},
    });
    json_patch::merge(&mut sample, &more);
    sample
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(document: Value, locks: Value) -> Vec<String> {
        let proposal = json!({"layer": {"kind": "platform", "key": ""}, "document": document,
            "locks": locks});
        let proposal: Proposal = serde_json::from_value(proposal).unwrap();
        let errors = proposal.check().err().unwrap_or_default();
        errors.into_iter().map(|e| e.field).collect()
    }

    #[test]
    fn a_part_is_judged_by_the_schema_of_the_whole() {
        let none = json!([]);
        assert!(wrong(json!({}), none.clone()).is_empty());
        let tcp = json!({"probes": {"liveness": {"kind": "tcp"}}});
        let later = json!({"probes": {"startup": {"failures": 30}}, "before_stop": {"seconds": 9}});
        assert!(wrong(later, none.clone()).is_empty());
        let late = json!({"before_stop": {"seconds": 0}});
        assert_eq!(wrong(late, none.clone()), ["document.before_stop.seconds"]);
        assert!(wrong(tcp, none.clone()).is_empty());
        let bad = json!({"replicas": {"min": 0}, "hostPath": "/"});
        let mut fields = wrong(bad, none.clone());
        fields.sort();
        assert_eq!(fields, ["document.hostPath", "document.replicas.min"]);
        assert_eq!(wrong(json!([]), none), ["document"]);
    }

    #[test]
    fn a_lock_must_be_able_to_bind_something() {
        let lock = |pointer: &str, rule: Value| {
            let mut lock = json!({"pointer": pointer, "reason": "So"});
            lock.as_object_mut()
                .unwrap()
                .extend(rule.as_object().unwrap().clone());
            wrong(json!({}), json!([lock]))
        };
        let (fixed, min) = (
            json!({"kind": "fixed"}),
            json!({"kind": "min", "bound": 60}),
        );
        assert!(lock("/access", fixed.clone()).is_empty());
        assert!(lock("/probes", fixed.clone()).is_empty());
        assert!(lock("/env/JAVA_OPTS", fixed.clone()).is_empty());
        assert!(lock("/files", fixed.clone()).is_empty());
        assert!(lock("/before_stop/seconds", min.clone()).is_empty());
        assert!(lock("/probes/startup/failures", min.clone()).is_empty());
        assert_eq!(lock("/nowhere", fixed.clone()), ["locks.0.pointer"]);
        assert_eq!(lock("", fixed), ["locks.0.pointer"]);
        assert!(lock("/port", min.clone()).is_empty());
        assert_eq!(lock("/access", min.clone()), ["locks.0.bound"]);
        assert_eq!(lock("/cpu/limit", min), ["locks.0.bound"]);
        let max = json!({"kind": "max", "bound": "1500m"});
        assert!(lock("/cpu/limit", max).is_empty());
        let one = json!({"kind": "one_of", "options": ["internal", "root"]});
        assert_eq!(lock("/access", one), ["locks.0.options"]);
    }
}
