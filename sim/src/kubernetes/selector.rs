//! Label and field selectors of lists and watches.

use serde_json::Value;

use super::cluster::text;
use super::status::{No, bad_request};

/// What a list or watch shows of all objects of a kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Selector {
    terms: Vec<Term>,
}

#[derive(Clone, Debug)]
struct Term {
    field: Field,
    wanted: Wanted,
}

#[derive(Clone, Debug)]
enum Field {
    Label(String),
    /// A JSON pointer.
    Path(String),
}

#[derive(Clone, Debug)]
enum Wanted {
    AnyOf(Vec<String>),
    NoneOf(Vec<String>),
    Present,
    Absent,
}

impl Selector {
    pub(super) fn parse(labels: Option<&str>, fields: Option<&str>) -> Result<Self, No> {
        let mut terms = Vec::new();
        for term in split(labels.unwrap_or_default()) {
            terms.push(label_term(term.trim()));
        }
        for term in split(fields.unwrap_or_default()) {
            terms.push(field_term(term.trim())?);
        }
        Ok(Self { terms })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub(super) fn fits(&self, object: &Value) -> bool {
        self.terms.iter().all(|term| term.fits(object))
    }
}

impl Term {
    fn fits(&self, object: &Value) -> bool {
        let value = match &self.field {
            Field::Label(label) => object["metadata"]["labels"]
                .get(label)
                .and_then(Value::as_str),
            Field::Path(pointer) => Some(text(object, pointer)),
        };
        match &self.wanted {
            Wanted::AnyOf(list) => value.is_some_and(|value| list.iter().any(|one| one == value)),
            Wanted::NoneOf(list) => value.is_none_or(|value| list.iter().all(|one| one != value)),
            Wanted::Present => value.is_some(),
            Wanted::Absent => value.is_none(),
        }
    }
}

/// Commas inside brackets belong to a set.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text.get(from..at).unwrap_or_default());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(from..).unwrap_or_default());
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn label_term(term: &str) -> Term {
    let label = |name: &str| Field::Label(name.trim().to_owned());
    let set = |list: &str| -> Vec<String> {
        let inner = list.trim().trim_start_matches('(').trim_end_matches(')');
        inner.split(',').map(|one| one.trim().to_owned()).collect()
    };
    if let Some((name, list)) = term.split_once(" notin ") {
        return Term {
            field: label(name),
            wanted: Wanted::NoneOf(set(list)),
        };
    }
    if let Some((name, list)) = term.split_once(" in ") {
        return Term {
            field: label(name),
            wanted: Wanted::AnyOf(set(list)),
        };
    }
    match (equation(term), term.strip_prefix('!')) {
        (Some((name, wanted)), _) => Term {
            field: label(name),
            wanted,
        },
        (None, Some(name)) => Term {
            field: label(name),
            wanted: Wanted::Absent,
        },
        (None, None) => Term {
            field: label(term),
            wanted: Wanted::Present,
        },
    }
}

fn field_term(term: &str) -> Result<Term, No> {
    let Some((name, wanted)) = equation(term) else {
        return Err(bad_request(format!("invalid field selector {term}")));
    };
    let pointer = format!("/{}", name.trim().replace('.', "/"));
    Ok(Term {
        field: Field::Path(pointer),
        wanted,
    })
}

fn equation(term: &str) -> Option<(&str, Wanted)> {
    if let Some((name, value)) = term.split_once("!=") {
        return Some((name, Wanted::NoneOf(vec![value.trim().to_owned()])));
    }
    let (name, value) = term.split_once("==").or_else(|| term.split_once('='))?;
    Some((name, Wanted::AnyOf(vec![value.trim().to_owned()])))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_choose() {
        let object = json!({"metadata": {"name": "p", "labels": {"app": "shop", "tier": "web"}}});
        let fits = |labels: &str, fields: &str| {
            Selector::parse(Some(labels), Some(fields))
                .expect("a selector")
                .fits(&object)
        };
        for yes in [
            "",
            "app=shop",
            "app==shop,tier!=db",
            "app in (a, shop),tier",
            "!gone",
        ] {
            assert!(fits(yes, ""), "{yes}");
        }
        for no in [
            "app=other",
            "app notin (shop)",
            "gone",
            "!app",
            "app=shop,tier=db",
        ] {
            assert!(!fits(no, ""), "{no}");
        }
        assert!(fits("", "metadata.name=p"));
        assert!(!fits("", "metadata.name=q"));
    }
}
