//! The fields of the form in their sections and order, each with its widget and its shape.

use serde_json::{Value, json};

use crate::standards::layers::{PARTS, part_has};
use crate::web::form::{Control, Field, Typed};
use crate::web::layout::Chrome;

/// How a leaf is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Word,
    Number(&'static str),
    Cores,
    Mebibytes,
    /// One of these; each word of a part is `{set}-{word}`.
    Choice(&'static str, &'static [&'static str]),
    /// A word that may be left out.
    Maybe,
    /// One argument a line.
    Lines,
}

use Shape::{Choice, Cores, Lines, Maybe, Mebibytes, Number, Word};

const NONE: &str = "";
const SECONDS: &str = "unit-seconds";
const CONTAINERS: &str = "unit-containers";
const CHECKS: &str = "unit-checks";
const PERCENT: &str = "unit-percent";
const BY_MINUTE: &str = "unit-containers-a-minute";
const CHECK_KINDS: &[&str] = &["http", "tcp", "exec"];
const START_KINDS: &[&str] = &["none", "http", "tcp", "exec"];
const SPREADS: &[&str] = &["none", "prefer", "require"];

/// A field by its name in the document.
pub type Row = (&'static str, Shape);

const SIZE: &[Row] = &[
    ("replicas.min", Number(CONTAINERS)),
    ("replicas.max", Number(CONTAINERS)),
    ("cpu.request", Cores),
    ("cpu.limit", Cores),
    ("memory.request", Mebibytes),
    ("memory.limit", Mebibytes),
];
const SCALING: &[Row] = &[
    ("scaling.cpu_percent", Number(PERCENT)),
    ("scaling.memory_percent", Number(PERCENT)),
    ("scaling.up_seconds", Number(SECONDS)),
    ("scaling.up_most", Number(BY_MINUTE)),
    ("scaling.down_seconds", Number(SECONDS)),
    ("scaling.down_most", Number(BY_MINUTE)),
];
const TRAFFIC: &[Row] = &[
    (
        "access",
        Choice("access", &["internal", "public", "ingress"]),
    ),
    ("ingress.host", Word),
    ("ingress.path", Word),
    ("ingress.class", Maybe),
    ("ingress.tls_secret", Maybe),
    ("port", Number(NONE)),
    (
        "discovery",
        Choice("discovery", &["none", "eureka", "consul", "nacos"]),
    ),
];
const HEALTH: &[Row] = &[
    ("probes.startup.kind", Choice("check", START_KINDS)),
    ("probes.startup.path", Word),
    ("probes.startup.command", Lines),
    ("probes.startup.delay_seconds", Number(SECONDS)),
    ("probes.startup.period_seconds", Number(SECONDS)),
    ("probes.startup.timeout_seconds", Number(SECONDS)),
    ("probes.startup.failures", Number(CHECKS)),
    ("probes.readiness.kind", Choice("check", CHECK_KINDS)),
    ("probes.readiness.path", Word),
    ("probes.readiness.command", Lines),
    ("probes.readiness.delay_seconds", Number(SECONDS)),
    ("probes.readiness.period_seconds", Number(SECONDS)),
    ("probes.readiness.timeout_seconds", Number(SECONDS)),
    ("probes.readiness.failures", Number(CHECKS)),
    ("probes.liveness.kind", Choice("check", CHECK_KINDS)),
    ("probes.liveness.path", Word),
    ("probes.liveness.command", Lines),
    ("probes.liveness.delay_seconds", Number(SECONDS)),
    ("probes.liveness.period_seconds", Number(SECONDS)),
    ("probes.liveness.timeout_seconds", Number(SECONDS)),
    ("probes.liveness.failures", Number(CHECKS)),
];
const LIFE: &[Row] = &[
    ("args", Lines),
    (
        "before_stop.kind",
        Choice("stop", &["none", "sleep", "http", "exec"]),
    ),
    ("before_stop.seconds", Number(SECONDS)),
    ("before_stop.path", Word),
    ("before_stop.command", Lines),
    ("grace_seconds", Number(SECONDS)),
    ("rollout.kind", Choice("rollout", &["rolling", "recreate"])),
    ("rollout.surge", Number(CONTAINERS)),
    ("rollout.unavailable", Number(CONTAINERS)),
    ("rollout.warm_seconds", Number(SECONDS)),
    ("before_deploy.kind", Choice("before", &["none", "exec"])),
    ("before_deploy.command", Lines),
    ("before_deploy.timeout_seconds", Number(SECONDS)),
];
const PLACE: &[Row] = &[
    ("disruption.most_away", Number(CONTAINERS)),
    ("spread.zones", Choice("spread", SPREADS)),
    ("spread.hosts", Choice("spread", SPREADS)),
    ("priority", Maybe),
];

/// Headings with their fields.
pub const SECTIONS: &[(&str, &[Row])] = &[
    ("form-size", SIZE),
    ("form-scaling", SCALING),
    ("form-traffic", TRAFFIC),
    ("form-health", HEALTH),
    ("form-life", LIFE),
    ("form-place", PLACE),
];

/// Sections that hardly any service says something of: folded away until one does.
pub const RARE: &[&str] = &["form-scaling", "form-place"];

/// What an empty field of a part begins with once its kind is chosen.
pub const BEGINNINGS: &[(&str, &str)] = &[
    ("probes.startup.delay_seconds", "1"),
    ("probes.startup.period_seconds", "5"),
    ("probes.startup.timeout_seconds", "3"),
    ("probes.startup.failures", "30"),
    ("before_stop.seconds", "10"),
    ("before_deploy.timeout_seconds", "600"),
    ("ingress.path", "/"),
];

/// Every field, in the order of the form.
pub fn all() -> impl Iterator<Item = &'static Row> {
    SECTIONS.iter().flat_map(|(_, rows)| rows.iter())
}

/// Whether a field is of any use with the kind that its part has been given.
pub fn belongs(name: &str, kind_of: impl Fn(&str) -> String) -> bool {
    if name.starts_with("ingress.") {
        return kind_of("access") == "ingress";
    }
    let (part, _) = name.rsplit_once('.').unwrap_or_default();
    let kind = kind_of(&format!("{part}.kind"));
    part_has(&pointer(name), &kind).unwrap_or(true)
}

pub fn pointer(name: &str) -> String {
    format!("/{}", name.replace('.', "/"))
}

/// A field as it is drawn.
pub fn field(c: &Chrome, (name, shape): &Row) -> Field {
    let unit = |code: &str| match code {
        "" => Control::Number,
        code => Control::Unit(c.t(code)),
    };
    let control = match shape {
        Word | Maybe => Control::Line,
        Number(code) => unit(code),
        Cores => unit("unit-cores"),
        Mebibytes => unit("unit-mebibytes"),
        Lines => Control::Text,
        Choice("access", words) => Control::Radio(words.iter().map(|w| radio(c, w)).collect()),
        Choice(set, words) => {
            let words = words
                .iter()
                .map(|w| ((*w).to_owned(), c.t(&format!("{set}-{w}"))));
            Control::Choose(words.collect())
        }
    };
    let field = Field::new(c, &format!("parameters.{name}"), &code(name), control);
    let mut field = match shape {
        Maybe => field.optional(c),
        _ => field,
    };
    (field.part, field.when) = place(name);
    field
}

fn radio(c: &Chrome, word: &str) -> (String, String, String) {
    let code = format!("access-{word}");
    (word.to_owned(), c.t(&code), c.t(&format!("{code}-means")))
}

/// The part that a field stands in, and the kinds with which it is shown.
fn place(name: &str) -> (String, String) {
    if name == "access" || name.starts_with("ingress.") {
        let when = if name == "access" {
            ""
        } else {
            " when-ingress"
        };
        return ("access".to_owned(), when.to_owned());
    }
    let pointer = pointer(name);
    let Some((part, kinds)) = PARTS
        .iter()
        .find(|(part, _)| pointer.starts_with(&format!("{part}/")))
    else {
        return Default::default();
    };
    let with = |kind: &str| part_has(&pointer, kind) == Some(true);
    let shown = kinds.iter().filter(|(kind, _)| with(kind));
    let mut shown: Vec<String> = shown.map(|(kind, _)| format!(" when-{kind}")).collect();
    if name.ends_with(".kind") {
        shown.clear();
    }
    ((*part).to_owned(), shown.concat())
}

/// What was typed as a value; what is none goes through as it is, and the schema says so.
pub fn value(shape: Shape, text: &str) -> Value {
    match shape {
        Number(_) => text
            .parse::<i64>()
            .map_or_else(|_| json!(text), |n| json!(n)),
        Mebibytes => {
            let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            json!(if plain {
                format!("{text}Mi")
            } else {
                text.to_owned()
            })
        }
        Lines => {
            let lines = text.lines().map(str::trim_end).filter(|l| !l.is_empty());
            lines.collect()
        }
        Word | Maybe | Cores | Choice(..) => json!(text),
    }
}

/// The first field that cannot hold what is in it: a line is one line, a choice one of its words.
pub fn misfit(typed: &Typed) -> Option<&str> {
    let fits = |name: &str, text: &str| {
        let shape = name
            .strip_prefix("parameters.")
            .and_then(|n| shape(&pointer(n)));
        match shape {
            Some(Choice(_, words)) => text.is_empty() || words.contains(&text),
            Some(Lines) => true,
            _ => name.ends_with(".text") || name == "note" || !text.contains(['\n', '\r']),
        }
    };
    let found = typed.iter().find(|(name, text)| !fits(name, text));
    found.map(|(name, _)| name.as_str())
}

/// How a leaf is typed, where the form has a field for it.
pub fn shape(pointer: &str) -> Option<Shape> {
    let found = all().find(|(name, _)| self::pointer(name) == pointer);
    found.map(|(_, shape)| *shape)
}

/// What the form calls a leaf.
pub fn label(c: &Chrome, pointer: &str) -> Option<String> {
    let (name, _) = all().find(|(name, _)| self::pointer(name) == pointer)?;
    Some(c.t(&code(name)))
}

fn code(name: &str) -> String {
    format!("form-{}", name.replace('.', "-"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::standards::web::lists::OF_WORKLOAD;

    /// Each leaf of the schema by its name, with the words that it may be.
    type Leaves = BTreeMap<String, Vec<String>>;

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

    /// What the schema gains the form has to gain too, and nothing else may be typed.
    #[test]
    fn the_form_has_every_leaf_of_the_schema_and_no_other() {
        let text = include_str!("../../../schemas/parameters.v2.json");
        let schema: Value = serde_json::from_str(text).expect("a schema");
        let mut said = Leaves::new();
        walk(&schema, &schema, "", &mut said);
        let mut shown = Leaves::new();
        for (name, shape) in all() {
            let words = match shape {
                Choice(_, words) => words.iter().map(|w| (*w).to_owned()).collect(),
                Word | Number(_) | Cores | Mebibytes | Maybe | Lines => Vec::new(),
            };
            shown.insert((*name).to_owned(), words);
        }
        // Lists have rows of their own; variables may be secrets besides.
        let lists = OF_WORKLOAD.iter().map(|(list, _)| *list).chain(["env"]);
        shown.extend(lists.map(|list| (list.to_owned(), Vec::new())));
        for words in said.values_mut().chain(shown.values_mut()) {
            words.sort_unstable();
            words.dedup();
        }
        assert_eq!(said, shown);
    }
}
