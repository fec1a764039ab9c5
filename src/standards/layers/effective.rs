//! What holds for a service when all its layers are put on top of each other.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::leaves::{Leaves, compare, document, is_below, is_same, leaves};
use super::{Kind, Layer, Lock, Name, Rule};
use crate::standards::outline::outline;

/// The document that holds, with where each leaf is from and what binds it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Effective {
    pub document: Value,
    /// By JSON pointer, the layer that gave the leaf. A variable's pointer ends in its name.
    pub provenance: BTreeMap<String, Name>,
    /// By JSON pointer, what binds the leaf, uppermost first.
    pub locks: BTreeMap<String, Vec<Held>>,
    /// The revision of each layer that took part, by its name.
    pub versions: BTreeMap<String, i32>,
    /// What lower layers wanted and did not get.
    pub breaches: Vec<Breach>,
}

/// A lock with the layer that holds it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Held {
    pub layer: Name,
    pub revision: i32,
    #[serde(flatten)]
    pub lock: Lock,
}

/// A leaf that a lower layer wanted otherwise than a lock above it allows.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Breach {
    pub pointer: String,
    pub wanted: Value,
    pub by: Name,
    pub held: Held,
}

impl Effective {
    /// The locks that a leaf is under.
    pub fn locks_of(&self, pointer: &str) -> impl Iterator<Item = &Held> {
        self.locks
            .iter()
            .filter(move |(at, _)| *at == pointer || is_below(pointer, at))
            .flat_map(|(_, held)| held)
    }

    /// What of a whole document differs from what holds without it: a layer's own part.
    #[must_use]
    pub fn own_of(&self, wanted: &Value) -> Value {
        let mine = leaves(&self.document);
        let wanted = leaves(wanted);
        let differs = |pointer: &str, value: &Value| {
            mine.get(pointer)
                .is_none_or(|here| !is_same(pointer, here, value))
        };
        document(wanted.iter().filter(|(p, v)| differs(p, v)))
    }
}

/// Puts layers on top of each other, the strongest word last. What breaks a lock is not taken but
/// told, and a bound lifts what stood there before it.
#[must_use]
pub fn effective(layers: &[Layer]) -> Effective {
    let mut state = State::default();
    for layer in layers {
        state.put(layer);
        state.lock(layer);
    }
    state.drop_foreign_fields();
    let versions = layers.iter().filter(|l| l.revision > 0);
    Effective {
        document: document(state.given.iter().map(|(p, (value, _))| (p, value))),
        provenance: state
            .given
            .iter()
            .map(|(p, (_, name))| (p.to_owned(), name.clone()))
            .collect(),
        locks: state.locks,
        versions: versions.map(|l| (l.name.to_string(), l.revision)).collect(),
        breaches: state.breaches,
    }
}

#[derive(Default)]
struct State {
    given: Leaves<(Value, Name)>,
    locks: BTreeMap<String, Vec<Held>>,
    breaches: Vec<Breach>,
}

impl State {
    fn put(&mut self, layer: &Layer) {
        for (pointer, wanted) in leaves(&layer.document).iter() {
            let here = self.given.get(pointer).map(|(value, _)| value);
            let held = self
                .locks
                .iter()
                .filter(|(at, _)| *at == pointer || is_below(pointer, at) || is_below(at, pointer));
            let broken: Vec<Held> = held
                .flat_map(|(_, held)| held)
                .filter(|h| h.layer != layer.name && !allows(pointer, &h.lock, here, wanted))
                .cloned()
                .collect();
            let mut value = Some(wanted.clone());
            for held in broken {
                value = value.and_then(|v| nearest(pointer, &held.lock, here, &v));
                self.breaches.push(Breach {
                    pointer: pointer.to_owned(),
                    wanted: wanted.clone(),
                    by: layer.name.clone(),
                    held,
                });
            }
            // What was forced back to what stood there is still the upper layer's word.
            if let Some(value) = value.filter(|v| here.is_none_or(|h| !is_same(pointer, h, v))) {
                self.given.put(pointer, (value, layer.name.clone()));
            } else if here.is_some_and(|h| is_same(pointer, h, wanted))
                && layer.name.kind != Kind::Workload
            {
                self.given
                    .put(pointer, (wanted.clone(), layer.name.clone()));
            }
        }
    }

    fn lock(&mut self, layer: &Layer) {
        for lock in &layer.locks {
            let here = self
                .given
                .get(&lock.pointer)
                .map(|(value, _)| value.clone());
            if let Some(here) = here
                && !allows(&lock.pointer, lock, Some(&here), &here)
                && let Some(lifted) = nearest(&lock.pointer, lock, None, &here)
            {
                self.given.put(&lock.pointer, (lifted, layer.name.clone()));
            }
            let held = Held {
                layer: layer.name.clone(),
                revision: layer.revision,
                lock: lock.clone(),
            };
            self.locks
                .entry(lock.pointer.clone())
                .or_default()
                .push(held);
        }
    }

    /// What belongs to another kind of its part is left behind when another layer changes the
    /// kind. A workload that says both itself is told that it cannot.
    fn drop_foreign_fields(&mut self) {
        for part in &outline().parts {
            let kind = self.given.get(&format!("{}/kind", part.pointer)).cloned();
            let Some((kind, from)) = kind else {
                continue;
            };
            let mine = part.fields(kind.as_str().unwrap_or_default());
            let foreign = |(pointer, (_, by)): (&str, &(Value, Name))| {
                let field = pointer.strip_prefix(&part.pointer)?.strip_prefix('/')?;
                let stays = field == "kind" || mine.iter().any(|f| f == field);
                let goes = !stays && *by != from && by.kind != Kind::Workload;
                goes.then(|| pointer.to_owned())
            };
            let foreign: Vec<String> = self.given.iter().filter_map(foreign).collect();
            for pointer in foreign {
                self.given.remove(&pointer);
            }
        }
    }
}

/// Whether a lock lets a value be.
fn allows(pointer: &str, lock: &Lock, here: Option<&Value>, wanted: &Value) -> bool {
    match &lock.rule {
        Rule::Fixed => here.is_some_and(|h| is_same(pointer, h, wanted)),
        Rule::Min { bound } => compare(pointer, wanted, bound) != Some(Ordering::Less),
        Rule::Max { bound } => compare(pointer, wanted, bound) != Some(Ordering::Greater),
        Rule::OneOf { options } => options.iter().any(|o| is_same(pointer, o, wanted)),
    }
}

/// The value that a lock leaves of what was wanted; `None` for nothing.
fn nearest(pointer: &str, lock: &Lock, here: Option<&Value>, wanted: &Value) -> Option<Value> {
    match &lock.rule {
        Rule::Fixed => here.cloned(),
        Rule::Min { bound } if compare(pointer, wanted, bound) == Some(Ordering::Less) => {
            Some(bound.clone())
        }
        Rule::Max { bound } if compare(pointer, wanted, bound) == Some(Ordering::Greater) => {
            Some(bound.clone())
        }
        Rule::Min { .. } | Rule::Max { .. } => Some(wanted.clone()),
        Rule::OneOf { options } => here
            .filter(|h| options.iter().any(|o| is_same(pointer, o, h)))
            .or(options.first())
            .cloned(),
    }
}
