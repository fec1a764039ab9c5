//! The fields of the form, drawn and read as the schema's outline says.

use serde_json::{Value, json};

use crate::standards::outline::{Leaf, Shape, outline};
use crate::web::form::{Control, Field, Typed};
use crate::web::layout::Chrome;

pub fn pointer(name: &str) -> String {
    format!("/{}", name.replace('.', "/"))
}

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
        Shape::Cores => unit("cores"),
        Shape::Mebibytes => unit("mebibytes"),
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
        Shape::Mebibytes => {
            let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            json!(if plain {
                format!("{text}Mi")
            } else {
                text.to_owned()
            })
        }
        Shape::Lines => {
            let lines = text.lines().map(str::trim_end).filter(|l| !l.is_empty());
            lines.collect()
        }
        Shape::Word | Shape::Cores | Shape::Choice { .. } => json!(text),
    }
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
            _ => name.ends_with(".text") || name == "note" || !text.contains(['\n', '\r']),
        }
    };
    let found = typed.iter().find(|(name, text)| !fits(name, text));
    found.map(|(name, _)| name.as_str())
}

/// How a leaf is typed, where the form has a field for it.
pub fn shape(pointer: &str) -> Option<&'static Shape> {
    outline().leaf(pointer).map(|leaf| &leaf.shape)
}

/// What the form calls a leaf.
pub fn label(c: &Chrome, pointer: &str) -> Option<String> {
    Some(c.t(&outline().leaf(pointer)?.code()))
}
