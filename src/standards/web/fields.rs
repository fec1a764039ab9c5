//! The fields of the form, drawn and read as the schema's outline says.

use serde_json::{Value, json};

use crate::standards::outline::{Leaf, Shape, outline, pointer};
use crate::web::form::{Control, Field, Typed};
use crate::web::layout::Chrome;

/// A field as it is drawn.
pub fn field(c: &Chrome, leaf: &Leaf) -> Field {
    let name = format!("parameters.{}", leaf.name);
    let field = Field::new(c, &name, &leaf.code(), control(c, &leaf.shape));
    let mut field = match leaf.is_optional {
        true => field.optional(c),
        false => field,
    };
    (field.part, field.when) = place(leaf);
    field
}

fn control(c: &Chrome, shape: &Shape) -> Control {
    let unit = |code: &str| Control::Unit(c.t(&format!("unit-{code}")));
    match shape {
        Shape::Word => Control::Line,
        Shape::Number(code) if code.is_empty() => Control::Number,
        Shape::Number(code) => unit(code),
        Shape::Cores => Control::Quantity(c.t("unit-cores")),
        Shape::Mebibytes => Control::Quantity(c.t("unit-mebibytes")),
        Shape::Lines => Control::Text,
        Shape::Choice {
            set,
            words,
            is_explained,
        } => {
            let coded = words.iter().map(|w| (w, format!("{set}-{w}")));
            if *is_explained {
                let explained =
                    coded.map(|(w, code)| (w.clone(), c.t(&code), c.t(&format!("{code}-means"))));
                Control::Radio(explained.collect())
            } else {
                Control::Choose(coded.map(|(w, code)| (w.clone(), c.t(&code))).collect())
            }
        }
    }
}

/// The part that a field stands in, and the style's names of the words with which it is shown.
fn place(leaf: &Leaf) -> (String, String) {
    if let Some((other, words)) = &leaf.with {
        let when: Vec<String> = words.iter().map(|w| format!(" when-{w}")).collect();
        return (other.clone(), when.concat());
    }
    let decides = |other: &Leaf| other.with.as_ref().is_some_and(|(of, _)| *of == leaf.name);
    match outline().leaves().any(decides) {
        true => (leaf.name.clone(), String::new()),
        false => Default::default(),
    }
}

/// What was typed as a value; what is none goes through as it is, and the schema says so.
pub fn value(shape: &Shape, text: &str) -> Value {
    match shape {
        Shape::Number(_) => text
            .parse::<i64>()
            .map_or_else(|_| json!(text), |n| json!(n)),
        Shape::Mebibytes => json!(mebibytes(text)),
        Shape::Lines => {
            let lines = text.lines().map(str::trim_end).filter(|l| !l.is_empty());
            lines.collect()
        }
        Shape::Word | Shape::Cores | Shape::Choice { .. } => json!(text),
    }
}

/// `512` is in mebibytes, and `1.5Gi` is as many as it comes to; the schema knows whole ones only.
fn mebibytes(text: &str) -> String {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return format!("{text}Mi");
    }
    let part = text.strip_suffix("Gi").and_then(|n| n.split_once('.'));
    let quarters = part.and_then(|(whole, part)| {
        let part = match part {
            "0" | "00" => 0,
            "25" => 256,
            "5" | "50" => 512,
            "75" => 768,
            _ => return None,
        };
        whole
            .parse::<u64>()
            .ok()?
            .checked_mul(1024)?
            .checked_add(part)
    });
    quarters.map_or_else(|| text.to_owned(), |mebibytes| format!("{mebibytes}Mi"))
}

/// The first field that cannot hold what is in it: a line is one line, a choice one of its words.
pub fn misfit(typed: &Typed) -> Option<&str> {
    let fits = |name: &str, text: &str| {
        let shape = name
            .strip_prefix("parameters.")
            .and_then(|n| shape(&pointer(n)));
        match shape {
            Some(Shape::Choice { words, .. }) => text.is_empty() || words.iter().any(|w| w == text),
            Some(Shape::Lines) => true,
            _ => is_long(name) || name == "note" || !text.contains(['\n', '\r']),
        }
    };
    let found = typed.iter().find(|(name, text)| !fits(name, text));
    found.map(|(name, _)| name.as_str())
}

/// Whether a cell of a list has several lines.
fn is_long(name: &str) -> bool {
    let mut lists = outline().lists.iter();
    lists.any(|list| {
        let cell = name.strip_prefix(&format!("{}.", list.name));
        let path = cell.and_then(|cell| cell.split_once('.'));
        let mut long = list.columns.iter().filter(|c| c.is_text);
        path.is_some_and(|(_, path)| long.any(|c| c.path == path))
    })
}

/// How a leaf is typed, where the form has a field for it.
pub fn shape(pointer: &str) -> Option<&'static Shape> {
    outline().leaf(pointer).map(|leaf| &leaf.shape)
}

/// What the form calls a leaf.
pub fn label(c: &Chrome, pointer: &str) -> Option<String> {
    Some(c.t(&outline().leaf(pointer)?.code()))
}
