use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::standards::schema::NEWEST;
use crate::web::text::Locale;

/// Each leaf of the schema by its name, with the words that it may be.
type Leaves = BTreeMap<String, Vec<String>>;

fn schema() -> Value {
    serde_json::from_str(NEWEST).expect("a schema")
}

fn walk(all: &Value, part: &Value, name: &str, found: &mut Leaves) {
    if let Some(at) = part["$ref"].as_str() {
        let target = all.pointer(at.trim_start_matches('#'));
        return walk(all, target.expect("what it leads to"), name, found);
    }
    // A part that may be left out is of either form.
    for either in ["then", "else"] {
        if part[either].is_object() {
            walk(all, &part[either], name, found);
        }
    }
    let below = part["properties"].as_object();
    for (key, value) in below.into_iter().flatten() {
        let name = if name.is_empty() {
            key.clone()
        } else {
            format!("{name}.{key}")
        };
        walk(all, value, &name, found);
    }
    let is_leaf = ["type", "enum", "const", "allOf"]
        .iter()
        .any(|k| part.get(k).is_some());
    if below.is_none() && is_leaf {
        let words = part["enum"].as_array().into_iter().flatten();
        let words = words.chain(part.get("const"));
        let words = words.filter_map(|w| w.as_str().map(str::to_owned));
        found.entry(name.to_owned()).or_default().extend(words);
    }
}

fn named(outline: &Outline, name: &str) -> Leaf {
    let mut leaves = outline.leaves();
    leaves.find(|l| l.name == name).expect(name).clone()
}

#[test]
fn the_outline_has_every_leaf_of_the_schema_and_no_other() {
    let schema = schema();
    let mut said = Leaves::new();
    walk(&schema, &schema, "", &mut said);
    let outline = Outline::read(NEWEST).expect("an outline");
    let mut shown = Leaves::new();
    for leaf in outline.leaves() {
        let words = match &leaf.shape {
            Shape::Choice { words, .. } => words.clone(),
            _ => Vec::new(),
        };
        shown.insert(leaf.name.clone(), words);
    }
    shown.extend(outline.lists.iter().map(|l| (l.name.clone(), Vec::new())));
    for words in said.values_mut().chain(shown.values_mut()) {
        words.sort_unstable();
        words.dedup();
    }
    assert_eq!(said, shown);
}

#[test]
fn a_leaf_that_the_schema_gains_has_its_place_in_the_form() {
    let with = |hints: Value| {
        let mut schema = schema();
        let leaf = json!({"type": "integer", "minimum": 1, "maximum": 9, "x-form": hints});
        schema["properties"]["shards"] = leaf;
        Outline::read(&schema.to_string())
    };
    let outline = with(json!({"section": "life", "unit": "seconds", "begin": 4})).expect("one");
    let leaf = named(&outline, "shards");
    assert_eq!(leaf.shape, Shape::Number("seconds".to_owned()));
    assert_eq!((leaf.least, leaf.most), (Some(1), Some(9)));
    assert_eq!(leaf.begins.as_deref(), Some("4"));
    assert!(!leaf.is_needed && leaf.with.is_none());
    let life = outline.sections.iter().find(|s| s.id == "life");
    assert!(life.expect("a section").leaves.contains(&leaf));
    assert_eq!(
        with(json!({"unit": "seconds"})),
        Err("shards stands in no section".to_owned())
    );
    assert!(with(json!({"sectoin": "life"})).is_err());
}

#[test]
fn what_is_needed_optional_or_of_use_is_what_the_schema_says() {
    let outline = outline();
    let names = |of: fn(&Leaf) -> bool| -> Vec<&str> {
        let found = outline.leaves().filter(|l| of(l));
        found.map(|l| l.name.as_str()).collect()
    };
    assert_eq!(
        names(|l| l.is_needed),
        [
            "replicas.min",
            "replicas.max",
            "cpu.request",
            "cpu.limit",
            "memory.request",
            "memory.limit",
            "access",
            "port",
            "probes.readiness.kind",
            "probes.liveness.kind",
        ]
    );
    assert_eq!(
        names(|l| l.is_optional),
        [
            "ingress.path",
            "ingress.class",
            "ingress.tls_secret",
            "args",
            "priority"
        ]
    );
    let of_use = |name: &str| named(outline, name).with.map(|(_, words)| words.join(" "));
    for (name, words) in [
        ("ingress.host", Some("ingress")),
        ("probes.startup.kind", None),
        ("probes.startup.path", Some("http")),
        ("probes.startup.failures", Some("http tcp exec")),
        ("probes.liveness.command", Some("exec")),
        ("before_stop.seconds", Some("sleep")),
        ("before_deploy.timeout_seconds", Some("exec")),
        ("rollout.surge", None),
    ] {
        assert_eq!(of_use(name).as_deref(), words, "{name}");
    }
}

#[test]
fn the_form_has_its_sections_in_the_order_of_the_schema() {
    let sections = outline().sections.iter();
    let sections: Vec<_> = sections
        .map(|s| {
            let first = s.leaves.first().map_or("", |l| &l.name);
            (s.id.as_str(), s.is_folded, first, s.leaves.len())
        })
        .collect();
    assert_eq!(
        sections,
        [
            ("size", false, "replicas.min", 6),
            ("scaling", true, "scaling.cpu_percent", 6),
            ("traffic", false, "access", 7),
            ("health", false, "probes.startup.kind", 21),
            ("life", false, "args", 13),
            ("place", true, "disruption.most_away", 4),
        ]
    );
    let begins = outline().leaves().filter_map(|l| {
        let begins = l.begins.as_deref()?;
        Some((l.name.as_str(), begins))
    });
    assert_eq!(
        begins.collect::<Vec<_>>(),
        [
            ("ingress.path", "/"),
            ("probes.startup.delay_seconds", "1"),
            ("probes.startup.period_seconds", "5"),
            ("probes.startup.timeout_seconds", "3"),
            ("probes.startup.failures", "30"),
            ("before_stop.seconds", "10"),
            ("before_deploy.timeout_seconds", "600"),
        ]
    );
}

/// What the schema says holds without a word is what reading a document without it gives.
#[test]
fn what_a_part_leaves_out_is_as_the_schema_says() {
    let probe = json!({"kind": "tcp"});
    let document = json!({
        "replicas": {"min": 2, "max": 2}, "cpu": {"request": "1", "limit": "1"},
        "memory": {"request": "1Gi", "limit": "1Gi"}, "access": "ingress", "port": 1,
        "ingress": {"host": "a.example"},
        "probes": {"startup": probe, "readiness": probe, "liveness": probe},
        "before_deploy": {"kind": "exec", "command": ["a"]},
    });
    let read: crate::standards::Parameters = serde_json::from_value(document).expect("parameters");
    let read = json!(read);
    let defaults = outline()
        .leaves()
        .filter_map(|l| Some((l, l.default.as_ref()?)));
    let mut seen = 0;
    for (leaf, default) in defaults {
        let value = read.pointer(&leaf.pointer).expect(&leaf.name);
        assert_eq!(
            &crate::standards::layers::text(value),
            default,
            "{}",
            leaf.name
        );
        seen += 1;
    }
    assert_eq!(seen, 14);
}

#[test]
fn a_list_has_its_columns_and_what_tells_its_items_apart() {
    let lists = outline().lists.iter().map(|list| {
        let columns: Vec<&str> = list.columns.iter().map(|c| c.path.as_str()).collect();
        (list.name.as_str(), columns.join(" "), list.either.join("|"))
    });
    let lists: Vec<_> = lists.collect();
    let owned = |name, columns: &str, either: &str| (name, columns.to_owned(), either.to_owned());
    let seals = outline().lists.iter().flat_map(|list| &list.columns);
    let seals: Vec<&str> = seals
        .filter(|c| c.is_seal)
        .map(|c| c.path.as_str())
        .collect();
    assert_eq!(seals, ["stored"]);
    assert_eq!(
        lists,
        [
            owned("ports", "name port", ""),
            owned(
                "files",
                "path text secret.name secret.key stored",
                "text|secret|stored"
            ),
            owned("scratch", "path size", ""),
            owned("nodes", "label value", ""),
            owned("env", "name value", "value|secret"),
        ]
    );
}

#[test]
fn everything_that_the_form_names_has_words_in_both_languages() {
    let mut codes = Vec::new();
    codes.extend(outline().sections.iter().map(Section::code));
    for leaf in outline().leaves() {
        codes.push(leaf.code());
        codes.push(format!("{}-help", leaf.code()));
        match &leaf.shape {
            Shape::Number(unit) if !unit.is_empty() => codes.push(format!("unit-{unit}")),
            Shape::Choice {
                set,
                words,
                is_explained,
            } => {
                codes.extend(words.iter().map(|w| format!("{set}-{w}")));
                let means = words.iter().filter(|_| *is_explained);
                codes.extend(means.map(|w| format!("{set}-{w}-means")));
            }
            _ => {}
        }
    }
    for list in &outline().lists {
        codes.push(format!("form-{}", list.name));
        codes.push(format!("form-{}-help", list.name));
        for column in &list.columns {
            let code = list.code(column);
            let example = (!column.is_seal).then(|| format!("{code}-example"));
            codes.extend(example.into_iter().chain([code]));
        }
    }
    for locale in [Locale::En, Locale::ZhCn] {
        let missing = codes.iter().filter(|code| locale.t(code).contains('⟦'));
        assert_eq!(
            missing.collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "{locale:?}"
        );
    }
}

/// Without a script the style hides what is of no use.
#[test]
fn the_style_knows_every_word_with_which_a_field_is_shown() {
    let style = include_str!("../../../static/slipway.css");
    let words = outline().leaves().filter_map(|l| l.with.as_ref());
    for word in words.flat_map(|(_, words)| words) {
        assert!(style.contains(&format!("> .when-{word}")), "{word}");
    }
}
