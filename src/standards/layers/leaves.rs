//! A document as its leaves, each under its JSON pointer, in the order in which they were given.
//!
//! What stands in a list by a name of its own is a leaf by that name, so that a layer adds one
//! variable or file without repeating the others.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::standards::outline::{List, Shape, outline};
use crate::standards::{cpu_millis, memory_mebibytes};

/// What tells the items of a list apart.
fn name_in(list: &str) -> Option<&'static str> {
    let found = outline().lists.iter().find(|l| l.pointer == list);
    found.map(List::key)
}

/// Leaves in order; a variable may refer to one that stands before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaves<T>(Vec<(String, T)>);

impl<T> Default for Leaves<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Leaves<T> {
    #[must_use]
    pub fn get(&self, pointer: &str) -> Option<&T> {
        self.0.iter().find(|(p, _)| p == pointer).map(|(_, v)| v)
    }

    /// Puts a leaf in its place; what stood above or below it is gone.
    pub fn put(&mut self, pointer: &str, value: T) {
        self.0
            .retain(|(p, _)| !is_below(p, pointer) && !is_below(pointer, p));
        match self.0.iter_mut().find(|(p, _)| p == pointer) {
            Some((_, old)) => *old = value,
            None => self.0.push((pointer.to_owned(), value)),
        }
    }

    pub fn remove(&mut self, pointer: &str) {
        self.0.retain(|(p, _)| p != pointer);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(p, v)| (p.as_str(), v))
    }
}

/// Whether a pointer leads into what another one names.
#[must_use]
pub fn is_below(pointer: &str, above: &str) -> bool {
    pointer
        .strip_prefix(above)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// The leaves of a document.
#[must_use]
pub fn leaves(document: &Value) -> Leaves<Value> {
    let mut found = Leaves(Vec::new());
    collect(document, "", &mut found.0);
    found
}

fn collect(value: &Value, at: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                collect(value, &format!("{at}/{}", escape(name)), found);
            }
        }
        Value::Array(items) if are_named_once(at, items) => {
            let name = name_in(at).unwrap_or_default();
            for item in items {
                let name = item[name].as_str().unwrap_or_default();
                found.push((format!("{at}/{}", escape(name)), item.clone()));
            }
        }
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.push((at.to_owned(), value.clone()));
        }
    }
}

/// Otherwise the list is one leaf, and the schema says what is wrong with it.
fn are_named_once(list: &str, items: &[Value]) -> bool {
    let Some(name) = name_in(list) else {
        return false;
    };
    let mut names: Vec<&str> = items.iter().filter_map(|i| i[name].as_str()).collect();
    let all = names.len() == items.len();
    names.sort_unstable();
    all && !names.windows(2).any(|w| matches!(w, [a, b] if a == b))
}

/// The document of these leaves.
#[must_use]
pub fn document<'a>(leaves: impl Iterator<Item = (&'a str, &'a Value)>) -> Value {
    let mut made = Value::Object(Map::new());
    for (pointer, value) in leaves {
        insert(&mut made, pointer, value);
    }
    made
}

fn insert(made: &mut Value, pointer: &str, value: &Value) {
    if let Some(list) = outline().list_of(pointer) {
        at(made, &[list.name.as_str()], |place| match place {
            Value::Array(items) => items.push(value.clone()),
            other => *other = Value::Array(vec![value.clone()]),
        });
        return;
    }
    let parts: Vec<&str> = pointer.split('/').skip(1).collect();
    at(made, &parts, |place| *place = value.clone());
}

/// Goes down to a place, making objects on the way.
fn at(value: &mut Value, parts: &[&str], act: impl FnOnce(&mut Value)) {
    let [first, rest @ ..] = parts else {
        return act(value);
    };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    if let Some(fields) = value.as_object_mut() {
        at(
            fields.entry(unescape(first)).or_insert(Value::Null),
            rest,
            act,
        );
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// How two values of one leaf compare; `None` for those that have no order.
#[must_use]
pub fn compare(pointer: &str, a: &Value, b: &Value) -> Option<Ordering> {
    let quantity = |a: &str, b: &str| match outline().leaf(pointer)?.shape {
        Shape::Cores => Some(cpu_millis(a).cmp(&cpu_millis(b))),
        Shape::Mebibytes => Some(memory_mebibytes(a).cmp(&memory_mebibytes(b))),
        _ => None,
    };
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        (Value::String(a), Value::String(b)) => quantity(a, b),
        _ => None,
    }
}

/// Whether two values of one leaf mean the same: `500m` is `0.5`.
#[must_use]
pub fn is_same(pointer: &str, a: &Value, b: &Value) -> bool {
    a == b || compare(pointer, a, b) == Some(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_its_leaves_and_back() {
        let whole = json!({
            "cpu": {"limit": "1"}, "args": ["-x"], "a/b~c": 1,
            "env": [{"name": "B", "value": "1"}, {"name": "A", "value": "$(B)"}],
            "files": [{"path": "/etc/a", "text": ""}], "nodes": [{"label": "x/y", "value": "1"}],
        });
        let found = leaves(&whole);
        assert_eq!(found.get("/cpu/limit"), Some(&json!("1")));
        assert_eq!(found.get("/a~1b~0c"), Some(&json!(1)));
        assert_eq!(found.get("/args"), Some(&json!(["-x"])));
        assert!(found.get("/env/A").is_some());
        assert!(found.get("/files/~1etc~1a").is_some());
        assert!(found.get("/nodes/x~1y").is_some());
        assert_eq!(document(found.iter()), whole);
    }

    #[test]
    fn what_is_no_list_of_names_stays_whole_for_the_schema() {
        for env in [
            json!("x"),
            json!([1]),
            json!([{"name": "A"}, {"name": "A"}]),
        ] {
            let whole = json!({ "env": env });
            assert_eq!(leaves(&whole).get("/env"), Some(&env));
            assert_eq!(document(leaves(&whole).iter()), whole);
        }
        assert_eq!(document(leaves(&json!("x")).iter()), json!("x"));
    }

    #[test]
    fn a_leaf_replaces_what_it_stands_in_the_way_of() {
        let mut found = leaves(&json!({"cpu": {"limit": "1", "request": "1"}}));
        found.put("/cpu", json!(5));
        assert_eq!(document(found.iter()), json!({"cpu": 5}));
        found.put("/cpu/limit", json!("2"));
        assert_eq!(document(found.iter()), json!({"cpu": {"limit": "2"}}));
    }
}
