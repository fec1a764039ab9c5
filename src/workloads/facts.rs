//! What a request for containers comes to, line by line, for whoever decides.

use serde_json::Value;

use super::{cpu, memory};
use crate::error::Words;
use crate::requests::Fact;
use crate::standards::layers::text;

/// What each cluster gets, once where all get the same. Requests of former versions computed no
/// document and are shown what was asked.
pub(super) fn of(computed: &Value, asked: &Value) -> Vec<Fact> {
    let clusters = computed["clusters"].as_array();
    let clusters: Vec<&Value> = clusters.into_iter().flatten().collect();
    let is_like = |one: &Value, other: &Value| {
        one["parameters"] == other["parameters"] && one["rails"] == other["rails"]
    };
    let same = clusters.windows(2).all(|pair| match pair {
        [one, other] => is_like(one, other),
        _ => true,
    });
    let blocks: Vec<&[&Value]> = match same {
        true => vec![&clusters],
        false => clusters.chunks(1).collect(),
    };
    let block = |block: &[&Value]| {
        let keys: Vec<_> = block.iter().map(|c| text(&c["cluster"])).collect();
        let first = block.first().copied().unwrap_or(&Value::Null);
        let mut facts = vec![Fact::text("change-clusters", keys.join(", "))];
        facts.extend(said_of(match &first["parameters"] {
            Value::Null => asked,
            document => document,
        }));
        let notes = first["rails"].as_array().into_iter().flatten();
        facts.extend(notes.map(|note| {
            let code = format!("rail-{}", text(&note["rail"]));
            Fact::text(code, note_text(note))
        }));
        facts
    };
    blocks.into_iter().flat_map(block).collect()
}

/// What a document comes to, and what of it no object would show.
fn said_of(document: &Value) -> Vec<Fact> {
    let at = |pointer: &str| document.pointer(pointer).map(text).unwrap_or_default();
    let mut facts = vec![
        Fact::words(
            "containers-replicas",
            range(&at("/replicas/min"), &at("/replicas/max")),
        ),
        Fact::words(
            "containers-cpu",
            cpu(&at("/cpu/request"), &at("/cpu/limit")),
        ),
        Fact::words(
            "containers-memory",
            memory(&at("/memory/request"), &at("/memory/limit")),
        ),
        Fact::words(
            "containers-access",
            Words::new(&format!("access-{}", at("/access"))),
        ),
        Fact::text("containers-port", at("/port")),
    ];
    if let Some(registry) = document["discovery"].as_str().filter(|d| *d != "none") {
        facts.push(Fact::text("form-discovery", registry));
    }
    let command = document.pointer("/before_deploy/command");
    if let Some(command) = command.and_then(Value::as_array) {
        let words: Vec<_> = command.iter().map(text).collect();
        facts.push(Fact::exact("form-before_deploy-command", words.join(" ")));
    }
    facts
}

/// What breaks the rule, and why operations let it pass.
fn note_text(note: &Value) -> String {
    let is = format!("{}: {}", text(&note["field"]), text(&note["is"]));
    match &note["overruled"] {
        Value::String(reason) => format!("{is} — {reason}"),
        _ => is,
    }
}

fn range(min: &str, max: &str) -> Words {
    Words::new("containers-range")
        .with("min", min)
        .with("max", max)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::requests::Said;

    fn lines(computed: &Value) -> Vec<(String, String)> {
        let line = |fact: Fact| match fact.value {
            Said::Text(text) | Said::Exact(text) => (fact.code, text),
            Said::Words(words) => {
                let args: Vec<_> = words.args.into_iter().map(|(_, value)| value).collect();
                (fact.code, args.join(" "))
            }
        };
        of(computed, &Value::Null).into_iter().map(line).collect()
    }

    #[test]
    fn clusters_are_told_apart_where_they_get_different_things() {
        let cluster = |key: &str, most: i32| {
            json!({ "cluster": key, "rails": [], "parameters": {
                "replicas": {"min": 2, "max": most}, "access": "internal", "port": 80 } })
        };
        let of = |found: &[(String, String)], code: &str| -> Vec<String> {
            let mine = found.iter().filter(|(c, _)| c == code);
            mine.map(|(_, value)| value.clone()).collect()
        };
        let same = lines(&json!({ "clusters": [cluster("a", 4), cluster("b", 4)] }));
        assert_eq!(of(&same, "change-clusters"), ["a, b"]);
        assert_eq!(of(&same, "containers-replicas"), ["2 4"]);
        let other = lines(&json!({ "clusters": [cluster("a", 4), cluster("b", 200)] }));
        assert_eq!(of(&other, "change-clusters"), ["a", "b"]);
        assert_eq!(of(&other, "containers-replicas"), ["2 4", "2 200"]);
    }
}
