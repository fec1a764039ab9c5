//! Forms: fields with label, help and error, the summary of what is wrong, what was typed.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;

use super::layout::{Chrome, Errors};
use super::parts::Icon;
use crate::error::{AppError, FieldError, Words};

/// What somebody typed, by the field's name.
pub type Typed = BTreeMap<String, String>;

/// How a field is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    Line,
    /// A line for which a list of that id has suggestions.
    Suggest(String),
    /// What is typed is never shown, nor sent back.
    Password,
    Number,
    /// A day, as browsers let one be chosen.
    Day,
    Text,
    /// A document of several lines.
    Code,
    /// One of these.
    Select(Vec<String>),
    /// One of these: value, and the words for it.
    Choose(Vec<(String, String)>),
    /// A value with its unit in the field's box.
    Unit(String),
    /// A quantity as people write it, `500m` or `1Gi`, with its usual unit in the field's box.
    Quantity(String),
    /// One of these: value, words, what it means.
    Radio(Vec<(String, String, String)>),
    /// Yes or no; the help stands beside the box.
    Check,
    /// Only shown, in these words; what is sent is the value.
    Shown(String),
}

/// One row of a form.
#[derive(Debug, Clone, Template)]
#[template(path = "web/field_part.html")]
pub struct Field {
    pub id: String,
    pub name: String,
    pub label: String,
    pub value: String,
    pub help: String,
    pub error: Option<String>,
    /// Where the rule behind the error is explained.
    pub rule: Option<String>,
    /// What stands at the right: whether it may be left out, where a default came from.
    pub from: String,
    pub control: Control,
    /// Why nobody here may change it.
    pub locked: Option<String>,
    /// Fields of one part stand together; those of another kind than is chosen are not shown.
    pub part: String,
    /// The style's names of the kinds with which it is shown, each after a space.
    pub when: String,
    /// Between what it may be, in the field's own unit, and why.
    pub bounds: Bounds,
    rule_words: String,
    alert: Icon,
    lock: Icon,
}

/// What a number may be, and the words for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    pub least: Option<String>,
    pub most: Option<String>,
    pub words: Vec<String>,
}

/// Fields under one heading.
#[derive(Debug, Clone)]
pub struct Section {
    pub legend: String,
    pub fields: Vec<Field>,
}

/// What is wrong, on top of the form, each with a link to its field.
#[derive(Debug, Clone, Template)]
#[template(path = "web/summary_part.html")]
pub struct Summary {
    title: String,
    wrong: Vec<(String, String)>,
    alert: Icon,
}

impl HtmlSafe for Field {}
impl HtmlSafe for Summary {}

fn id(name: &str) -> String {
    format!("f-{}", name.replace('.', "-"))
}

impl Field {
    /// A field whose label and help are the messages `{code}` and `{code}-help`.
    #[must_use]
    pub fn new(c: &Chrome, name: &str, code: &str, control: Control) -> Self {
        Self {
            id: id(name),
            name: name.to_owned(),
            label: c.t(code),
            value: String::new(),
            help: c.t(&format!("{code}-help")),
            error: None,
            rule: None,
            from: String::new(),
            control,
            rule_words: c.t("rail-explained"),
            locked: None,
            part: String::new(),
            when: String::new(),
            bounds: Bounds::default(),
            alert: c.i("alert-circle"),
            lock: c.i_small("lock"),
        }
    }

    /// With why nobody here may change it: it is shown and sent as it is.
    #[must_use]
    pub fn locked(mut self, why: String) -> Self {
        let shown = match &self.control {
            Control::Select(_) => Some(self.value.clone()),
            Control::Choose(options) => {
                let mine = options.iter().find(|(value, _)| *value == self.value);
                mine.map(|(_, words)| words.clone())
            }
            Control::Radio(options) => {
                let mine = options.iter().find(|(value, _, _)| *value == self.value);
                mine.map(|(_, words, _)| words.clone())
            }
            _ => None,
        };
        if let Some(words) = shown {
            self.control = Control::Shown(words);
        }
        self.locked = Some(why);
        self
    }

    /// Filled with what was typed, and with what is wrong with it.
    #[must_use]
    pub fn filled(mut self, c: &Chrome, typed: &Typed, errors: &Errors) -> Self {
        if self.control != Control::Password {
            self.value = typed.get(&self.name).cloned().unwrap_or_default();
        }
        // Whoever left a field empty need not read its grammar first.
        let empty = typed.get(&self.name).is_none_or(|v| v.trim().is_empty());
        let rule = errors
            .of(&self.name)
            .and_then(|words| words.code.strip_prefix("rail-"));
        let rule = rule.and_then(|code| code.strip_suffix("-rule"));
        self.rule = rule.map(|id| format!("/help/rails/{id}"));
        self.error = errors.of(&self.name).map(|words| match empty {
            true => c.t("field-required"),
            false => c.w(words),
        });
        self
    }

    #[must_use]
    pub fn optional(mut self, c: &Chrome) -> Self {
        self.from = c.t("form-optional");
        self
    }

    /// Whether its choices are named together rather than one box.
    fn is_group(&self) -> bool {
        matches!(
            self.control,
            Control::Check | Control::Radio(_) | Control::Shown(_)
        )
    }

    fn has_limits(&self) -> bool {
        let is_text = matches!(self.control, Control::Quantity(_));
        !is_text && (self.bounds.least.is_some() || self.bounds.most.is_some())
    }

    fn describes(&self) -> String {
        let error = self.error.as_ref().map(|_| format!("e-{}", self.name));
        let help = (!self.help.is_empty()).then(|| format!("h-{}", self.name));
        let bound = self.locked.is_some() || !self.bounds.words.is_empty();
        let lock = bound.then(|| format!("k-{}", self.name));
        let ids: Vec<String> = error.into_iter().chain(help).chain(lock).collect();
        ids.join(" ")
    }
}

impl Section {
    /// Neighbours of one part together, all others each for itself.
    #[must_use]
    pub fn parts(&self) -> Vec<&[Field]> {
        let together = |a: &Field, b: &Field| !a.part.is_empty() && a.part == b.part;
        self.fields.chunk_by(together).collect()
    }
}

impl Summary {
    /// Nothing is shown unless something is wrong: the form's fields in their order, then what
    /// the form has no field for.
    #[must_use]
    pub fn of(c: &Chrome, sections: &[Section], errors: &Errors) -> Option<Self> {
        let fields: Vec<&Field> = sections.iter().flat_map(|s| &s.fields).collect();
        let line = |f: &&Field| {
            let error = f.error.as_ref()?;
            Some((f.id.clone(), format!("{}: {error}", f.label)))
        };
        let lacking = |e: &&FieldError| fields.iter().all(|f| f.name != e.field);
        let named = |e: &FieldError| format!("{}: {}", c.locale.named(&e.field), c.w(&e.words));
        let other = |e: &FieldError| (id(&e.field), named(e));
        let others = errors.0.iter().filter(lacking).map(other);
        Self::lines(c, fields.iter().filter_map(line).chain(others).collect())
    }

    /// The same where one field holds all that may be wrong.
    #[must_use]
    pub fn at(c: &Chrome, field: &Field, errors: &Errors) -> Option<Self> {
        let line = |e: &FieldError| {
            let name = match e.field == field.name {
                true => &field.label,
                false => e.field.trim_start_matches("parameters."),
            };
            (field.id.clone(), format!("{name}: {}", c.w(&e.words)))
        };
        Self::lines(c, errors.0.iter().map(line).collect())
    }

    /// Lines of their own, each with the id of its field.
    #[must_use]
    pub fn lines(c: &Chrome, wrong: Vec<(String, String)>) -> Option<Self> {
        (!wrong.is_empty()).then(|| Self {
            title: c.t1("form-wrong-values", "n", &wrong.len()),
            wrong,
            alert: c.i("alert-circle"),
        })
    }

    /// One sentence that belongs to no field.
    #[must_use]
    pub fn sentence(c: &Chrome, words: &Words) -> Self {
        Self {
            title: c.w(words),
            wrong: Vec::new(),
            alert: c.i("alert-circle"),
        }
    }
}

/// The errors that a form shows itself; others are answered with a page of their own.
///
/// # Errors
/// Everything else.
pub fn shown_by_form(error: &AppError, prefix: &str) -> Result<(Errors, Option<Words>), AppError> {
    match error {
        AppError::Invalid(fields) => {
            let strip = |e: &FieldError| FieldError {
                field: e.field.strip_prefix(prefix).unwrap_or(&e.field).to_owned(),
                words: e.words.clone(),
            };
            Ok((Errors(fields.iter().map(strip).collect()), None))
        }
        AppError::Conflict(words) => Ok((Errors::default(), Some(words.clone()))),
        AppError::Unauthorized
        | AppError::NotFound
        | AppError::Forbidden(_)
        | AppError::TooMany { .. }
        | AppError::Unavailable(_)
        | AppError::TooLarge
        | AppError::Internal(_) => Err(error.clone()),
    }
}
