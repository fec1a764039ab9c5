//! Layers and locks as people read them.

use serde_json::Value;

use super::{Breach, Effective, Held, Kind, Lock, Name, Rule, is_same};
use crate::error::{FieldError, Words};

impl Name {
    /// "from language java".
    #[must_use]
    pub fn from_words(&self) -> Words {
        let code = match self.kind {
            Kind::Workload => "from-own",
            Kind::Platform => "from-platform",
            Kind::Language => "from-language",
            Kind::Environment => "from-environment",
            Kind::Project => "from-project",
        };
        Words::new(code).with(self.kind.as_str(), &self.key)
    }
}

impl Name {
    /// "Language java".
    #[must_use]
    pub fn words(&self) -> Words {
        Words::new(&format!("layer-{}", self.kind)).with("key", &self.key)
    }
}

impl Held {
    /// What it lets be, who says so, and why.
    #[must_use]
    pub fn words(&self) -> Words {
        let (code, bound) = match &self.lock.rule {
            Rule::Fixed => ("lock-fixed", String::new()),
            Rule::Min { bound } => ("lock-min", text(bound)),
            Rule::Max { bound } => ("lock-max", text(bound)),
            Rule::OneOf { options } => {
                let options: Vec<String> = options.iter().map(text).collect();
                ("lock-one-of", options.join(", "))
            }
        };
        Words::new(code)
            .with("bound", bound)
            .with("layer", self.layer.kind)
            .with("key", &self.layer.key)
            .with("reason", &self.lock.reason)
    }
}

impl Lock {
    /// Whether two locks hold the same, whatever their quantities are written in.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let same = |a: &Value, b: &Value| is_same(&self.pointer, a, b);
        let is_rule = match (&self.rule, &other.rule) {
            (Rule::Fixed, Rule::Fixed) => true,
            (Rule::Min { bound: a }, Rule::Min { bound: b })
            | (Rule::Max { bound: a }, Rule::Max { bound: b }) => same(a, b),
            (Rule::OneOf { options: a }, Rule::OneOf { options: b }) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            _ => false,
        };
        is_rule && self.pointer == other.pointer && self.reason.trim() == other.reason.trim()
    }

    /// "min 60: It starts slowly", in the words of the document itself.
    #[must_use]
    pub fn brief(&self) -> String {
        let rule = match &self.rule {
            Rule::Fixed => "fixed".to_owned(),
            Rule::Min { bound } => format!("min {}", text(bound)),
            Rule::Max { bound } => format!("max {}", text(bound)),
            Rule::OneOf { options } => {
                let options: Vec<String> = options.iter().map(text).collect();
                format!("one_of {}", options.join(" "))
            }
        };
        format!("{rule}: {}", self.reason)
    }
}

/// A value as a person would type it.
#[must_use]
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Breach {
    /// The refusal of the field, named from `parameters` on.
    #[must_use]
    pub fn refusal(&self) -> FieldError {
        FieldError {
            field: format!("parameters{}", self.pointer.replace('/', ".")),
            words: self.held.words(),
        }
    }
}

impl Effective {
    /// What the lowest layer may not say, field by field.
    #[must_use]
    pub fn refusals(&self) -> Vec<FieldError> {
        self.breaches.iter().map(Breach::refusal).collect()
    }
}
