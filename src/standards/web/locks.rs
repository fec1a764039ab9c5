//! The locks of a layer's form: each with its four fields, and some empty ones after them.

use serde_json::{Value, json};

use super::document::typed as in_unit;
use super::fields;
use crate::error::FieldError;
use crate::standards::layers::{Lock, Rule};
use crate::standards::outline::{self, Shape};
use crate::web::form::{Control, Field, Section, Typed};
use crate::web::layout::{Chrome, Errors};

/// The list from which a parameter is chosen.
pub const POINTERS: &str = "lock-pointers";
const EMPTY: usize = 2;
const MOST: usize = 100;
const PARTS: [&str; 4] = ["pointer", "kind", "bound", "reason"];
const KINDS: [&str; 4] = ["fixed", "min", "max", "one_of"];

type Row = [String; 4];

/// The locks that hold something.
fn filled(typed: &Typed) -> Vec<Row> {
    let of = |at: usize, part: &str| typed.get(&format!("locks.{at}.{part}"));
    let row = |at: usize| -> Option<Row> {
        of(at, "pointer")?;
        Some(PARTS.map(|part| of(at, part).map_or("", |t| t.trim()).to_owned()))
    };
    let says = |[pointer, _, bound, reason]: &Row| {
        [pointer, bound, reason].iter().any(|text| !text.is_empty())
    };
    (0..MOST + EMPTY).map_while(row).filter(says).collect()
}

/// The locks as they were typed, for the rules to judge.
///
/// # Errors
/// A bound where nothing may change anyway: one of the two was not meant.
pub fn values(typed: &Typed) -> Result<Vec<Value>, Vec<FieldError>> {
    let rows = filled(typed);
    let wrong = rows
        .iter()
        .enumerate()
        .filter_map(|(at, [_, kind, bound, _])| {
            let both = kind == "fixed" && !bound.is_empty();
            both.then(|| FieldError::new(&format!("locks.{at}.bound"), "lock-fixed-bound"))
        });
    let wrong: Vec<FieldError> = wrong.collect();
    if wrong.is_empty() {
        Ok(rows.iter().map(value).collect())
    } else {
        Err(wrong)
    }
}

fn value([pointer, kind, bound, reason]: &Row) -> Value {
    let pointer = match pointer.starts_with('/') || pointer.is_empty() {
        true => pointer.clone(),
        false => outline::pointer(pointer),
    };
    let shape = fields::shape(&pointer).unwrap_or(&Shape::Word);
    let read = |text: &str| fields::value(shape, text.trim());
    let mut lock = json!({ "pointer": pointer, "kind": kind, "reason": reason });
    match kind.as_str() {
        "min" | "max" => lock["bound"] = read(bound),
        "one_of" => {
            let options = bound.split([',', '，', '、']).map(str::trim);
            lock["options"] = options.filter(|o| !o.is_empty()).map(read).collect();
        }
        _ => {}
    }
    lock
}

/// The fields of locks that are there.
pub fn typed_of(locks: &[Lock]) -> Typed {
    let of = |(at, lock): (usize, &Lock)| {
        let bound = |value: &Value| in_unit(&lock.pointer, value);
        let (kind, bound) = match &lock.rule {
            Rule::Fixed => ("fixed", String::new()),
            Rule::Min { bound: least } => ("min", bound(least)),
            Rule::Max { bound: most } => ("max", bound(most)),
            Rule::OneOf { options } => {
                let options: Vec<String> = options.iter().map(bound).collect();
                ("one_of", options.join(", "))
            }
        };
        let texts = [&lock.pointer, kind, &bound, &lock.reason].map(str::to_owned);
        let named = PARTS.map(|part| format!("locks.{at}.{part}"));
        named.into_iter().zip(texts)
    };
    locks.iter().enumerate().flat_map(of).collect()
}

/// Each lock under what it says, with whether it is folded away.
pub fn sections(c: &Chrome, typed: &Typed, errors: &Errors) -> Vec<(Section, bool)> {
    let rows = filled(typed);
    let mut again = Typed::new();
    for (at, row) in rows.iter().enumerate() {
        again.extend(PARTS.iter().zip(row).map(|(part, text)| {
            let name = format!("locks.{at}.{part}");
            (name, text.clone())
        }));
    }
    let section = |at: usize| {
        let field = |part: &&str| {
            let name = format!("locks.{at}.{part}");
            Field::new(c, &name, &format!("lock-{part}"), control(c, part))
                .filled(c, &again, errors)
        };
        let fields: Vec<Field> = PARTS.iter().map(field).collect();
        let is_right = fields.iter().all(|f| f.error.is_none());
        let legend = rows
            .get(at)
            .map_or_else(|| c.t("lock-new"), |row| legend(c, row));
        (Section { legend, fields }, is_right)
    };
    (0..(rows.len() + EMPTY).min(MOST)).map(section).collect()
}

fn legend(c: &Chrome, [pointer, kind, bound, _]: &Row) -> String {
    let name = fields::label(c, pointer).unwrap_or_else(|| pointer.clone());
    let kind = match KINDS.contains(&kind.as_str()) {
        true => c.t(&format!("lock-kind-{kind}")),
        false => kind.clone(),
    };
    format!("{name}: {kind} {bound}").trim_end().to_owned()
}

fn control(c: &Chrome, part: &str) -> Control {
    match part {
        "pointer" => Control::Suggest(POINTERS.to_owned()),
        "kind" => {
            let kinds = KINDS.map(|kind| (kind.to_owned(), c.t(&format!("lock-kind-{kind}"))));
            Control::Choose(kinds.into())
        }
        _ => Control::Line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_become_fields_and_locks_again() {
        let locks = json!([
            {"pointer": "/probes/liveness/delay_seconds", "kind": "min", "bound": 60,
                "reason": "It starts slowly"},
            {"pointer": "/memory/limit", "kind": "max", "bound": "2048Mi", "reason": "Nodes"},
            {"pointer": "/access", "kind": "one_of", "options": ["internal", "ingress"],
                "reason": "No public addresses"},
            {"pointer": "/env/JAVA_OPTS", "kind": "fixed", "reason": "Measured"},
        ]);
        let read: Vec<Lock> = serde_json::from_value(locks.clone()).expect("locks");
        let mut typed = typed_of(&read);
        assert_eq!(typed["locks.1.bound"], "2048");
        assert_eq!(json!(values(&typed).expect("locks")), locks);
        // A name with dots is as good as a pointer.
        typed.insert("locks.2.pointer".to_owned(), "access".to_owned());
        assert_eq!(json!(values(&typed).expect("locks")), locks);
        typed.insert("locks.3.bound".to_owned(), "1".to_owned());
        let wrong = values(&typed).expect_err("one of the two was not meant");
        assert_eq!(wrong[0].field, "locks.3.bound");
    }
}
