//! The `tree` parameter: which fields of an answer are wanted, as `a,b[c,d]{0,10}`.

use serde_json::{Map, Value};

/// A wanted field, the fields wanted inside of it, and a range where it is a list.
#[derive(Debug, PartialEq, Eq)]
struct Field {
    name: String,
    inside: Vec<Self>,
    range: Option<(usize, usize)>,
}

/// Keeps of `value` what `tree` asks for; `_class` is always kept. Fields that are not there are
/// left out without a word, as Jenkins does. `None` for a tree that can't be read.
pub(super) fn prune(value: &Value, tree: &str) -> Option<Value> {
    let mut rest = tree;
    let fields = fields(&mut rest)?;
    rest.is_empty().then(|| keep(value, &fields))
}

fn keep(value: &Value, fields: &[Field]) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| keep(item, fields)).collect(),
        Value::Object(all) => Value::Object(keep_fields(all, fields)),
        other => other.clone(),
    }
}

fn keep_fields(all: &Map<String, Value>, fields: &[Field]) -> Map<String, Value> {
    let mut kept = Map::new();
    if let Some(class) = all.get("_class") {
        kept.insert("_class".to_owned(), class.clone());
    }
    for field in fields {
        let Some(value) = all.get(&field.name) else {
            continue;
        };
        let value = match (value, field.range) {
            (Value::Array(items), Some((from, to))) => {
                let to = to.min(items.len());
                Value::Array(items[from.min(to)..to].to_vec())
            }
            (value, _) => value.clone(),
        };
        let value = match field.inside.as_slice() {
            [] => value,
            inside => keep(&value, inside),
        };
        kept.insert(field.name.clone(), value);
    }
    kept
}

fn fields(rest: &mut &str) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    loop {
        let end = rest.find([',', '[', ']', '{']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        *rest = after;
        let mut field = Field {
            name: (!name.is_empty()).then(|| name.to_owned())?,
            inside: Vec::new(),
            range: None,
        };
        if let Some(after) = rest.strip_prefix('[') {
            *rest = after;
            field.inside = self::fields(rest)?;
            *rest = rest.strip_prefix(']')?;
        }
        if let Some(after) = rest.strip_prefix('{') {
            let (range, after) = after.split_once('}')?;
            field.range = Some(bounds(range)?);
            *rest = after;
        }
        fields.push(field);
        match rest.strip_prefix(',') {
            Some(after) => *rest = after,
            None => return Some(fields),
        }
    }
}

/// `{m,n}`, `{m,}`, `{,n}` and `{m}`.
fn bounds(range: &str) -> Option<(usize, usize)> {
    let number = |text: &str, default| match text {
        "" => Some(default),
        text => text.parse().ok(),
    };
    match range.split_once(',') {
        Some((from, to)) => Some((number(from, 0)?, number(to, usize::MAX)?)),
        None => {
            let one: usize = range.parse().ok()?;
            Some((one, one + 1))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keeps_what_is_asked_for() {
        let value = json!({
            "_class": "J", "a": 1, "gone": 2,
            "b": [{ "_class": "B", "c": 1, "d": 2 }, { "c": 3 }],
        });
        assert_eq!(
            prune(&value, "a,b[c]{0,1},missing"),
            Some(json!({ "_class": "J", "a": 1, "b": [{ "_class": "B", "c": 1 }] }))
        );
        assert_eq!(prune(&value, "b[c"), None);
        assert_eq!(prune(&value, "a,"), None);
    }
}
