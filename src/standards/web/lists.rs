//! Lists of the form: ports, files, rooms, node labels; a row each, some empty rows after them.

use serde_json::{Map, Value, json};

use crate::standards::layers::{Effective, is_below, leaves, text};
use crate::web::form::Typed;
use crate::web::layout::{Chrome, Errors};

const EMPTY_ROWS: usize = 2;
/// As many as the longest list may have.
const MOST_ROWS: usize = 200;

/// A list by its name in the document, with its columns.
pub type Kind = (&'static str, &'static [&'static str]);

const FILES: Kind = ("files", &["path", "text", "secret", "key"]);
const PORTS: Kind = ("ports", &["name", "port"]);
const SCRATCH: Kind = ("scratch", &["path", "size"]);
const NODES: Kind = ("nodes", &["label", "value"]);

/// A workload's variables may be secrets, and have rows of their own.
pub const OF_WORKLOAD: &[Kind] = &[PORTS, FILES, SCRATCH, NODES];
/// A layer holds no secrets.
pub const OF_LAYER: &[Kind] = &[PORTS, FILES, SCRATCH, NODES, ("env", &["name", "value"])];

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
    pub value: String,
    /// Several lines.
    pub is_text: bool,
}

/// The rows that hold something.
fn filled(typed: &Typed, (list, columns): &Kind) -> Vec<Vec<String>> {
    let of = |at: usize, column: &str| typed.get(&format!("{list}.{at}.{column}")).cloned();
    let rows = (0..MOST_ROWS).map_while(|at| {
        of(at, columns.first()?)?;
        Some(
            columns
                .iter()
                .map(|c| of(at, c).unwrap_or_default())
                .collect(),
        )
    });
    rows.filter(|row: &Vec<String>| row.iter().any(|cell| !cell.trim().is_empty()))
        .collect()
}

/// Each list of the document, as it was typed.
pub fn values(typed: &Typed, kinds: &[Kind]) -> Map<String, Value> {
    let list = |kind: &Kind| {
        let rows = filled(typed, kind);
        let items: Vec<Value> = rows.iter().map(|row| item(kind, row)).collect();
        (!items.is_empty()).then(|| (kind.0.to_owned(), json!(items)))
    };
    kinds.iter().filter_map(list).collect()
}

/// The rows of a document's lists, as their form would have them.
pub fn typed_of(document: &Value, kinds: &[Kind]) -> Typed {
    let mut typed = Typed::new();
    for (list, columns) in kinds {
        let items = document[*list].as_array().into_iter().flatten();
        for (at, item) in items.enumerate() {
            for column in *columns {
                let value = match *column {
                    "secret" => &item["secret"]["name"],
                    "key" => &item["secret"]["key"],
                    column => &item[column],
                };
                let cell = if value.is_null() {
                    String::new()
                } else {
                    text(value)
                };
                typed.insert(format!("{list}.{at}.{column}"), cell);
            }
        }
    }
    typed
}

fn item((list, columns): &Kind, row: &[String]) -> Value {
    let mut cells: Map<String, Value> = columns
        .iter()
        .zip(row)
        .map(|(column, cell)| ((*column).to_owned(), json!(cell)))
        .collect();
    if *list == "files" {
        let key = cells.remove("key");
        let name = cells.remove("secret").filter(|n| *n != json!(""));
        // With the name of a Secret there is no text of ours.
        if let Some(name) = name {
            cells.remove("text");
            cells.insert("secret".to_owned(), json!({ "name": name, "key": key }));
        }
    }
    if *list == "ports" {
        // What is no number is refused as it was typed.
        let number = row.get(1).and_then(|port| port.trim().parse::<u64>().ok());
        cells.extend(number.map(|number| ("port".to_owned(), json!(number))));
    }
    for cell in cells.values_mut() {
        if let Value::String(text) = cell {
            *text = text.replace("\r\n", "\n");
        }
    }
    Value::Object(cells)
}

/// Every list with what was typed, what is wrong with it, and what stands above it.
pub fn lists(
    c: &Chrome,
    typed: &Typed,
    errors: &Errors,
    (made, kinds): (&Effective, &[Kind]),
) -> Vec<ListView> {
    kinds
        .iter()
        .map(|kind| list(c, typed, errors, made, kind))
        .collect()
}

fn list(c: &Chrome, typed: &Typed, errors: &Errors, made: &Effective, kind: &Kind) -> ListView {
    let (name, columns) = kind;
    let mut rows = filled(typed, kind);
    let all = (rows.len() + EMPTY_ROWS).min(MOST_ROWS);
    rows.resize(all, vec![String::new(); columns.len()]);
    let cell = |at: usize, column: &str, value: &String| Cell {
        id: format!("f-parameters-{name}-{at}-{column}"),
        name: format!("{name}.{at}.{column}"),
        label: c.t(&format!("form-{name}-{column}")),
        value: value.clone(),
        is_text: column == "text",
    };
    let row = |(at, cells): (usize, &Vec<String>)| {
        let cells = columns.iter().zip(cells);
        cells
            .map(|(column, value)| cell(at, column, value))
            .collect()
    };
    let field = format!("parameters.{name}");
    let wrong = errors.0.iter().filter(|e| e.field.starts_with(&field));
    ListView {
        name,
        legend: c.t(&format!("form-{name}")),
        help: c.t(&format!("form-{name}-help")),
        errors: wrong.map(|e| c.w(&e.words)).collect(),
        given: given(c, made, kind),
        rows: rows.iter().enumerate().map(row).collect(),
    }
}

fn given(c: &Chrome, made: &Effective, (list, columns): &Kind) -> Vec<(String, String)> {
    let leaves = leaves(&made.document);
    let mine = leaves
        .iter()
        .filter(|(p, _)| is_below(p, &format!("/{list}")));
    mine.map(|(pointer, item)| {
        let cell = |at: usize| {
            columns
                .get(at)
                .map_or(&Value::Null, |column| &item[*column])
        };
        let second = match cell(1) {
            Value::Null => text(&item["secret"]["name"]),
            value => text(value).chars().take(40).collect(),
        };
        let from = made.provenance.get(pointer);
        let from = from.map_or(String::new(), |name| c.w(&name.from_words()));
        (format!("{} = {second}", text(cell(0))), from)
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
            ("files.0.secret", ""),
            ("files.0.key", ""),
            ("files.1.path", "/etc/b"),
            ("files.1.text", ""),
            ("files.1.secret", "tls"),
            ("files.1.key", "tls.key"),
            ("nodes.0.label", ""),
            ("nodes.0.value", " "),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let made = values(&typed, OF_WORKLOAD);
        assert_eq!(
            json!(made),
            json!({"files": [{"path": "/etc/a", "text": "a\nb"},
                {"path": "/etc/b", "secret": {"name": "tls", "key": "tls.key"}}]})
        );
    }
}
