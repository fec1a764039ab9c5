//! Lists of the form: ports, files, rooms, node labels; a row each, some empty rows after them.

use serde_json::{Map, Value, json};

use crate::standards::Sealing;
use crate::standards::layers::{Effective, is_below, leaves, text};
use crate::standards::outline::{Column, List, outline, pointer};
use crate::web::form::Typed;
use crate::web::layout::{Chrome, Errors};

const EMPTY_ROWS: usize = 2;
/// What a box sends that names no secret yet.
const TICKED: &str = "true";
/// As many as the longest list may have.
const MOST_ROWS: usize = 200;

/// Whose form it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Its variables may be secrets, and have rows of their own.
    Workload,
    /// It holds no secrets.
    Layer,
}

impl Whose {
    fn columns(self, list: &'static List) -> impl Iterator<Item = &'static Column> {
        let columns = list.columns.iter();
        columns.filter(move |column| self == Self::Workload || !column.is_seal)
    }

    fn lists(self) -> impl Iterator<Item = &'static List> {
        let lists = outline().lists.iter();
        lists.filter(move |list| self == Self::Layer || !list.has_own_rows)
    }
}

/// One list as it is drawn.
pub struct ListView {
    pub name: &'static str,
    pub legend: String,
    pub help: String,
    pub errors: Vec<String>,
    /// What the layers above give already, each with where it is from.
    pub given: Vec<(String, String)>,
    pub rows: Vec<Vec<Cell>>,
}

impl ListView {
    /// Whether nobody said anything here, so that it may be folded away.
    pub fn is_folded(&self) -> bool {
        let is_empty = |row: &Vec<Cell>| row.iter().all(|cell| cell.value.trim().is_empty());
        self.errors.is_empty() && self.given.is_empty() && self.rows.iter().all(is_empty)
    }

    pub fn row_name(&self, c: &Chrome, n: &usize) -> String {
        c.t2("form-list-row", ("list", &self.legend), ("n", n))
    }
}

pub struct Cell {
    /// What a link to what is wrong with it leads to.
    pub id: String,
    pub name: String,
    pub label: String,
    /// Shown while it is empty.
    pub example: String,
    /// Of a box, what it sends: a reference where there is a secret already.
    pub value: String,
    /// Several lines.
    pub is_text: bool,
    /// Whether it is a box, and whether that is ticked.
    pub ticked: Option<bool>,
}

/// The rows that hold something.
fn filled(typed: &Typed, list: &List) -> Vec<Vec<String>> {
    let of = |at: usize, c: &Column| {
        typed
            .get(&format!("{}.{at}.{}", list.name, c.path))
            .cloned()
    };
    let rows = (0..MOST_ROWS).map_while(|at| {
        of(at, list.columns.first()?)?;
        let cells = list.columns.iter();
        Some(cells.map(|c| of(at, c).unwrap_or_default()).collect())
    });
    rows.filter(|row: &Vec<String>| row.iter().any(|cell| !cell.trim().is_empty()))
        .collect()
}

/// Each list of the document, as it was typed.
pub fn values(typed: &Typed, whose: Whose) -> Map<String, Value> {
    let list = |list: &List| {
        let rows = filled(typed, list);
        let items: Vec<Value> = rows.iter().map(|row| item(list, row)).collect();
        (!items.is_empty()).then(|| (list.name.clone(), json!(items)))
    };
    whose.lists().filter_map(list).collect()
}

/// The rows of a document's lists, as their form would have them.
///
/// A secret that is stored is named where it may stay as it is, and typed again elsewhere.
pub fn typed_of(document: &Value, whose: Whose, may_hold: bool) -> Typed {
    let mut typed = Typed::new();
    for list in whose.lists() {
        let items = document[&list.name].as_array().into_iter().flatten();
        for (at, item) in items.enumerate() {
            let cells = whose.columns(list).filter_map(|column| {
                let found = at_path(item, column);
                let cell = match found {
                    Some(held) if column.is_seal && may_hold => held.to_string(),
                    Some(_) if column.is_seal => TICKED.to_owned(),
                    None if column.is_seal => {
                        item.get(Sealing::VALUE)?;
                        TICKED.to_owned()
                    }
                    found => found.map(text).unwrap_or_default(),
                };
                Some((format!("{}.{at}.{}", list.name, column.path), cell))
            });
            typed.extend(cells);
        }
    }
    typed
}

fn at_path<'a>(item: &'a Value, column: &Column) -> Option<&'a Value> {
    let found = item.pointer(&pointer(&column.path));
    found.filter(|value| !value.is_null())
}

/// What a row says. Of groups of which an item has one, the last that holds something is meant:
/// with the name of a Secret there is no text of ours.
fn item(list: &List, row: &[String]) -> Value {
    let is_of = |column: &Column, group: &str| {
        column.path == group || is_below(&pointer(&column.path), &pointer(group))
    };
    let holds = |group: &&String| {
        let mut cells = list.columns.iter().zip(row);
        cells.any(|(column, cell)| is_of(column, group) && !cell.trim().is_empty())
    };
    let meant = list.either.iter().rev().find(holds).or(list.either.first());
    let goes = |column: &Column| {
        let mut other = list.either.iter().filter(|group| Some(*group) != meant);
        other.any(|group| is_of(column, group))
    };
    let mut made = json!({});
    for (column, cell) in list.columns.iter().zip(row).filter(|(c, _)| !goes(c)) {
        if column.is_seal {
            let (name, value) = secret(list, row, cell);
            made[name] = value;
            continue;
        }
        let text = cell.replace("\r\n", "\n");
        // What is no number is refused as it was typed.
        let number = text.trim().parse::<u64>().ok().filter(|_| column.is_number);
        let mut place = &mut made;
        for name in column.path.split('.') {
            place = &mut place[name];
        }
        *place = number.map_or(json!(text), |number| json!(number));
    }
    made
}

/// What a ticked box of a row means: its text, or the secret that is held where nobody typed one.
fn secret(list: &List, row: &[String], ticked: &str) -> (&'static str, Value) {
    let mut cells = list.columns.iter().zip(row);
    let typed = cells.find(|(column, _)| column.is_text);
    let typed = typed.map_or(String::new(), |(_, cell)| cell.replace("\r\n", "\n"));
    let sealing = Sealing::ALL.iter().find(|s| s.list == list.name);
    match (sealing, serde_json::from_str(ticked)) {
        (Some(s), Ok(held @ Value::Object(_))) if typed.is_empty() => (s.reference, held),
        _ => (Sealing::VALUE, json!(typed)),
    }
}

/// Every list with what was typed, what is wrong with it, and what stands above it.
pub fn lists(
    c: &Chrome,
    typed: &Typed,
    errors: &Errors,
    (made, whose): (&Effective, Whose),
) -> Vec<ListView> {
    let lists = whose.lists();
    lists
        .map(|l| list(c, typed, errors, (made, whose), l))
        .collect()
}

fn list(
    c: &Chrome,
    typed: &Typed,
    errors: &Errors,
    (made, whose): (&Effective, Whose),
    list: &'static List,
) -> ListView {
    let name = list.name.as_str();
    let mut rows = filled(typed, list);
    let all = (rows.len() + EMPTY_ROWS).min(MOST_ROWS);
    rows.resize(all, vec![String::new(); list.columns.len()]);
    let cell = |at: usize, column: &Column, value: &str, example: &str| Cell {
        id: format!("f-parameters-{name}-{at}-{}", column.path.replace('.', "-")),
        name: format!("{name}.{at}.{}", column.path),
        label: c.t(&list.code(column)),
        example: c.t(example),
        value: value.to_owned(),
        is_text: column.is_text,
        ticked: None,
    };
    let row = |(at, cells): (usize, &Vec<String>)| {
        let cells = || list.columns.iter().zip(cells);
        let sealed = cells().find(|(column, cell)| column.is_seal && !cell.is_empty());
        let is_held = sealed.is_some_and(|(_, cell)| cell != TICKED);
        let drawn = cells().filter(|(column, _)| whose == Whose::Workload || !column.is_seal);
        let drawn = drawn.map(|(column, value)| match column {
            seal if seal.is_seal => Cell {
                value: if is_held { value } else { TICKED }.to_owned(),
                ticked: Some(sealed.is_some()),
                ..cell(at, column, "", &list.code(column))
            },
            // What is secret is never sent back.
            text if text.is_text && sealed.is_some() => {
                let example = if is_held {
                    "form-env-held"
                } else {
                    "form-secret-again"
                };
                cell(at, column, "", example)
            }
            _ => cell(at, column, value, &format!("{}-example", list.code(column))),
        });
        drawn.collect()
    };
    let field = format!("parameters.{name}");
    let wrong = errors.0.iter().filter(|e| e.field.starts_with(&field));
    ListView {
        name,
        legend: c.t(&format!("form-{name}")),
        help: c.t(&format!("form-{name}-help")),
        errors: wrong.map(|e| c.w(&e.words)).collect(),
        given: given(c, made, list),
        rows: rows.iter().enumerate().map(row).collect(),
    }
}

fn given(c: &Chrome, made: &Effective, list: &List) -> Vec<(String, String)> {
    let leaves = leaves(&made.document);
    let mine = leaves.iter().filter(|(p, _)| is_below(p, &list.pointer));
    mine.map(|(pointer, item)| {
        let mut cells = list.columns.iter().filter_map(|c| at_path(item, c));
        let mut next = || cells.next().map(text).unwrap_or_default();
        let (first, second) = (next(), next());
        let second: String = second.chars().take(40).collect();
        let from = made.provenance.get(pointer);
        let from = from.map_or(String::new(), |name| c.w(&name.from_words()));
        (format!("{first} = {second}"), from)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_items_and_empty_ones_nothing() {
        let typed: Typed = [
            ("files.0.path", "/etc/a"),
            ("files.0.text", "a\r\nb"),
            ("files.0.secret.name", ""),
            ("files.0.secret.key", ""),
            ("files.1.path", "/etc/b"),
            ("files.1.text", ""),
            ("files.1.secret.name", "tls"),
            ("files.1.secret.key", "tls.key"),
            ("nodes.0.label", ""),
            ("nodes.0.value", " "),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let made = values(&typed, Whose::Workload);
        assert_eq!(
            json!(made),
            json!({"files": [{"path": "/etc/a", "text": "a\nb"},
                {"path": "/etc/b", "secret": {"name": "tls", "key": "tls.key"}}]})
        );
    }
}
