//! Objects as trees of fields: listing their paths, merging one into another, cutting paths out.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::schema::Shape;

/// Steps from the root: a field's name, or an item as `[name="app"]`.
pub(super) type Path = Vec<String>;

/// Fields that say which object it is; nobody owns them.
const IDENTITY: [&str; 9] = [
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "managedFields",
    "generateName",
    "deletionTimestamp",
];

/// All paths of an object that can be owned; those that end in a value come with it.
pub(super) fn paths(shape: Shape<'_>, object: &Value) -> BTreeMap<Path, Option<Value>> {
    let mut found = BTreeMap::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        if matches!(name.as_str(), "apiVersion" | "kind" | "status") {
            continue;
        }
        let Some(inner) = shape.field(name) else {
            continue;
        };
        collect(inner, value, &vec![name.clone()], &mut found);
    }
    found.remove(&vec!["metadata".to_owned()]);
    found.retain(|path, _| {
        let identity = path
            .get(1)
            .is_some_and(|field| IDENTITY.contains(&field.as_str()));
        !(identity && path.first().is_some_and(|field| field == "metadata"))
    });
    found
}

fn collect(
    shape: Shape<'_>,
    value: &Value,
    path: &Path,
    found: &mut BTreeMap<Path, Option<Value>>,
) {
    let below = |step: String| {
        let mut path = path.clone();
        path.push(step);
        path
    };
    match (shape, value) {
        (_, Value::Null) => {}
        (Shape::Struct(_) | Shape::Map, Value::Object(fields)) => {
            found.insert(path.clone(), None);
            for (name, value) in fields {
                let inner = shape.field(name).unwrap_or(Shape::Whole);
                collect(inner, value, &below(name.clone()), found);
            }
        }
        (Shape::Keyed(fields), Value::Array(items)) => {
            found.insert(path.clone(), None);
            for item in items {
                collect(
                    Shape::Struct(fields),
                    item,
                    &below(shape.item_name(item)),
                    found,
                );
            }
        }
        _ => {
            found.insert(path.clone(), Some(value.clone()));
        }
    }
}

/// Writes what `patch` says into `object`; a null takes the field away.
pub(super) fn merge(shape: Shape<'_>, object: &mut Value, patch: &Value) {
    match (shape, &mut *object, patch) {
        (Shape::Struct(_) | Shape::Map, Value::Object(fields), Value::Object(changes)) => {
            merge_fields(shape, fields, changes);
        }
        (Shape::Struct(_) | Shape::Map, other, Value::Object(changes)) => {
            let mut fields = Map::new();
            merge_fields(shape, &mut fields, changes);
            *other = Value::Object(fields);
        }
        (Shape::Keyed(_), Value::Array(items), Value::Array(changes)) => {
            merge_items(shape, items, changes);
        }
        _ => *object = patch.clone(),
    }
}

fn merge_fields(shape: Shape<'_>, fields: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
            continue;
        }
        let inner = shape.field(name).unwrap_or(Shape::Whole);
        merge(
            inner,
            fields.entry(name.clone()).or_insert(Value::Null),
            change,
        );
    }
}

fn merge_items(shape: Shape<'_>, items: &mut Vec<Value>, changes: &[Value]) {
    let Shape::Keyed(fields) = shape else { return };
    for change in changes {
        let name = shape.item_name(change);
        let place = items.iter().position(|item| shape.item_name(item) == name);
        if change.get("$patch").is_some_and(|word| word == "delete") {
            if let Some(place) = place {
                items.remove(place);
            }
            continue;
        }
        match place.and_then(|place| items.get_mut(place)) {
            Some(item) => merge(Shape::Struct(fields), item, change),
            None => items.push(change.clone()),
        }
    }
}

/// Takes away what is at the path, with all below it.
pub(super) fn cut(shape: Shape<'_>, object: &mut Value, path: &[String]) {
    let Some((step, rest)) = path.split_first() else {
        return;
    };
    match (shape, object) {
        (Shape::Keyed(fields), Value::Array(items)) => {
            if rest.is_empty() {
                items.retain(|item| shape.item_name(item) != *step);
            } else if let Some(item) = items.iter_mut().find(|item| shape.item_name(item) == *step)
            {
                cut(Shape::Struct(fields), item, rest);
            }
        }
        (_, Value::Object(fields)) => {
            if rest.is_empty() {
                fields.remove(step);
            } else if let (Some(inner), Some(value)) = (shape.field(step), fields.get_mut(step)) {
                cut(inner, value, rest);
            }
        }
        _ => {}
    }
}

/// A path as Kubernetes writes it in a conflict: `.spec.containers[name="app"].image`.
pub(super) fn display(path: &Path) -> String {
    path.iter()
        .map(|step| {
            if step.starts_with('[') {
                step.clone()
            } else {
                format!(".{step}")
            }
        })
        .collect()
}

/// RFC 7386, for patches whose lists are replaced as a whole.
pub(super) fn merge_plain(object: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    let Value::Object(fields) = object else {
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
        } else {
            merge_plain(fields.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}
