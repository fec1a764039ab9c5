//! Places in an object: as its own JSON has them, and as `managedFields` names them.
//!
//! Invariant: an item of a list that has keys is found by them, so that the order of a list and
//! what stands beside an item say nothing.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What tells the items of a list apart, the first that does.
const KEYS: [&str; 5] = ["mountPath", "containerPort", "port", "name", "key"];

const CHECKS: [&str; 5] = [
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "postStart",
    "preStop",
];
const HANDLERS: [&str; 5] = ["exec", "grpc", "httpGet", "sleep", "tcpSocket"];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Field(String),
    /// The item that has these.
    Item(Map<String, Value>),
    Index(usize),
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// One step further.
    #[must_use]
    pub fn below(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    #[must_use]
    pub fn field(&self, name: &str) -> Self {
        self.below(Step::Field(name.to_owned()))
    }

    /// Whether it leads through these fields first.
    #[must_use]
    pub fn is_under(&self, fields: &[&str]) -> bool {
        let same = |(step, field): (&Step, &&str)| matches!(step, Step::Field(f) if f == field);
        self.0.len() >= fields.len() && self.0.iter().zip(fields).all(same)
    }

    /// Whether one of two leads to the other, or both to the same.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| is_same(a, b))
    }

    /// What stands there.
    #[must_use]
    pub fn find<'a>(&self, object: &'a Value) -> Option<&'a Value> {
        let found = self.0.iter().try_fold(object, |here, step| match step {
            Step::Field(name) => here.get(name),
            Step::Item(keys) => here.as_array()?.iter().find(|item| has(item, keys)),
            Step::Index(at) => here.get(at),
        });
        found.filter(|value| !value.is_null())
    }

    /// The whole check or hook, where this is what it does: without it the rest says nothing.
    #[must_use]
    pub fn with_handler(&self) -> Self {
        match self.0.as_slice() {
            [above @ .., Step::Field(what), Step::Field(how)]
                if CHECKS.contains(&what.as_str()) && HANDLERS.contains(&how.as_str()) =>
            {
                let whole = above.iter().cloned().chain([Step::Field(what.clone())]);
                Self(whole.collect())
            }
            _ => self.clone(),
        }
    }

    /// The JSON pointer of what stands there now; `None` where nothing does.
    #[must_use]
    pub fn pointer(&self, object: &Value) -> Option<String> {
        self.find(object)?;
        let mut here = object;
        let mut pointer = String::new();
        for step in &self.0 {
            let (part, next) = match step {
                Step::Field(name) => (name.replace('~', "~0").replace('/', "~1"), here.get(name)),
                Step::Item(keys) => {
                    let at = here.as_array()?.iter().position(|item| has(item, keys))?;
                    (at.to_string(), here.get(at))
                }
                Step::Index(at) => (at.to_string(), here.get(at)),
            };
            pointer.push('/');
            pointer.push_str(&part);
            here = next?;
        }
        Some(pointer)
    }

    /// Puts a value there, making objects on the way; null takes away what is there.
    pub fn put(&self, object: &mut Value, value: &Value) {
        put(object, &self.0, value);
    }
}

fn put(here: &mut Value, steps: &[Step], value: &Value) {
    let Some((step, rest)) = steps.split_first() else {
        *here = value.clone();
        return;
    };
    let goes = value.is_null() && rest.is_empty();
    match step {
        Step::Field(name) => {
            if here.is_null() {
                *here = Value::Object(Map::new());
            }
            let Some(fields) = here.as_object_mut() else {
                return;
            };
            match goes {
                true => drop(fields.remove(name)),
                false => put(
                    fields.entry(name.clone()).or_insert(Value::Null),
                    rest,
                    value,
                ),
            }
        }
        Step::Item(keys) => {
            if here.is_null() {
                *here = Value::Array(Vec::new());
            }
            let Some(items) = here.as_array_mut() else {
                return;
            };
            match items.iter().position(|item| has(item, keys)) {
                Some(at) if goes => drop(items.remove(at)),
                Some(at) => items
                    .get_mut(at)
                    .into_iter()
                    .for_each(|i| put(i, rest, value)),
                None if goes => {}
                None => {
                    let mut item = Value::Object(keys.clone());
                    put(&mut item, rest, value);
                    items.push(item);
                }
            }
        }
        Step::Index(at) => {
            if let Some(item) = here.get_mut(at) {
                put(item, rest, value);
            }
        }
    }
}

fn has(item: &Value, keys: &Map<String, Value>) -> bool {
    keys.iter()
        .all(|(name, value)| item.get(name) == Some(value))
}

/// `managedFields` may name an item by more keys than we do.
fn is_same(a: &Step, b: &Step) -> bool {
    match (a, b) {
        (Step::Item(a), Step::Item(b)) => {
            let shared = a.iter().filter(|(name, _)| b.contains_key(*name));
            let mut shared = shared.peekable();
            shared.peek().is_some() && shared.all(|(name, value)| b.get(name) == Some(value))
        }
        (a, b) => a == b,
    }
}

/// The one key that tells apart the items of both lists.
pub fn key_of(a: &[Value], b: &[Value]) -> Option<&'static str> {
    let tells = |list: &[Value], key: &str| {
        let all: Vec<&Value> = list.iter().filter_map(|item| item.get(key)).collect();
        let is_once = |(at, value): (usize, &&Value)| !all.iter().take(at).any(|v| v == value);
        all.len() == list.len() && all.iter().enumerate().all(is_once)
    };
    let found = KEYS.iter().find(|key| tells(a, key) && tells(b, key));
    found.copied().filter(|_| !(a.is_empty() && b.is_empty()))
}

/// One item by one key.
pub fn item(key: &str, item: &Value) -> Step {
    let value = item.get(key).cloned().unwrap_or_default();
    Step::Item(Map::from_iter([(key.to_owned(), value)]))
}

/// Every place that a set of `managedFields` names, written as `fieldsV1`.
#[must_use]
pub fn owned(fields: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    collect(fields, &Path::default(), &mut found);
    found
}

fn collect(fields: &Value, here: &Path, found: &mut Vec<Path>) {
    let below = fields.as_object().filter(|below| !below.is_empty());
    let Some(below) = below else {
        found.push(here.clone());
        return;
    };
    for (name, inner) in below {
        match name.split_once(':') {
            Some(("f", field)) => collect(inner, &here.field(field), found),
            Some(("k", keys)) => match serde_json::from_str(keys) {
                Ok(Value::Object(keys)) => collect(inner, &here.below(Step::Item(keys)), found),
                _ => found.push(here.clone()),
            },
            // What is in a set, or at a place in a list, belongs to the list.
            _ => found.push(here.clone()),
        }
    }
}

impl Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if name.contains(['.', '/']) => write!(out, "[{name}]")?,
                Step::Field(name) if at == 0 => write!(out, "{name}")?,
                Step::Field(name) => write!(out, ".{name}")?,
                Step::Index(n) => write!(out, "[{n}]")?,
                Step::Item(keys) => {
                    let known = KEYS.iter().find_map(|key| keys.get(*key));
                    match known.or_else(|| keys.values().next()) {
                        Some(Value::String(text)) => write!(out, "[{text}]")?,
                        Some(other) => write!(out, "[{other}]")?,
                        None => write!(out, "[]")?,
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_read_from_managed_fields() {
        let fields = json!({ "f:spec": {
            "f:template": { "f:spec": { "f:containers": {
                "k:{\"name\":\"pay\"}": { ".": {}, "f:image": {}, "f:ports": {
                    "k:{\"containerPort\":8080,\"protocol\":\"TCP\"}": { ".": {} } } } } } },
            "f:finalizers": { "v:\"a\"": {} } } });
        let places: Vec<String> = owned(&fields).iter().map(ToString::to_string).collect();
        let pod = "spec.template.spec.containers[pay]";
        let expected = [
            "spec.finalizers".to_owned(),
            pod.to_owned(),
            format!("{pod}.image"),
            format!("{pod}.ports[8080]"),
        ];
        let mut places = places;
        places.sort();
        assert_eq!(places, expected);
        assert!(
            owned(&json!({ "k:broken": {} }))
                .iter()
                .all(|p| p.0.is_empty())
        );
    }

    #[test]
    fn an_item_is_found_by_its_keys_wherever_it_stands() {
        let mut object = json!({ "env": [{ "name": "B" }, { "name": "A", "value": "1" }] });
        let place = Path::default()
            .field("env")
            .below(item("name", &json!({ "name": "A" })));
        let value = place.field("value");
        assert_eq!(value.find(&object), Some(&json!("1")));
        value.put(&mut object, &json!("2"));
        place.put(&mut object, &Value::Null);
        assert_eq!(object, json!({ "env": [{ "name": "B" }] }));
        value.put(&mut object, &json!("3"));
        assert_eq!(value.find(&object), Some(&json!("3")));
        assert_eq!(value.to_string(), "env[A].value");
        let more = serde_json::from_value(json!({ "containerPort": 80, "protocol": "TCP" }));
        let more = Path(vec![Step::Item(more.expect("an item's fields"))]);
        let port = item("containerPort", &json!({ "containerPort": 80 }));
        assert!(more.meets(&Path(vec![port.clone()])));
        let other = item("containerPort", &json!({ "containerPort": 81 }));
        assert!(!Path(vec![port]).meets(&Path(vec![other])));
    }

    #[test]
    fn a_place_has_a_pointer_while_something_stands_there() {
        let object = json!({"spec": {"env": [{"name": "A"}, {"name": "B", "value": "1"}],
            "labels": {"a/b": "x"}}});
        let item = |name: &str| Step::Item(Map::from_iter([("name".to_owned(), json!(name))]));
        let env = Path::default().field("spec").field("env");
        let value = env.below(item("B")).field("value");
        assert_eq!(value.pointer(&object).as_deref(), Some("/spec/env/1/value"));
        assert_eq!(env.below(item("C")).pointer(&object), None);
        let label = Path::default().field("spec").field("labels").field("a/b");
        assert_eq!(label.pointer(&object).as_deref(), Some("/spec/labels/a~1b"));
        let probe = Path::default().field("spec").field("livenessProbe");
        assert_eq!(probe.field("exec").with_handler(), probe);
        let delay = probe.field("initialDelaySeconds");
        assert_eq!(delay.with_handler(), delay);
        let stored = json!(value);
        assert_eq!(
            serde_json::from_value::<Path>(stored).expect("a place"),
            value
        );
    }
}
