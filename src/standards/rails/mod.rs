//! Guard rails: what was learned once, held against every document before it reaches a cluster.
//!
//! Invariant: a rule that refuses is passed by nobody but through an override of operations, which
//! has a reason, is shown wherever it counts, and is on record.

pub mod api;
mod life;
mod overrides;
mod room;
mod rules;
mod store;
#[cfg(test)]
mod tests;
pub mod web;

use serde::Serialize;

pub use overrides::live_for_image;
pub use overrides::{
    Override, OverrideId, Overriding, end, live, live_everywhere, live_in, overrule,
};
pub use rules::RAILS;
pub(super) use rules::found;

use super::{Parameters, images};
use crate::clusters::Tier;
use crate::error::{FieldError, Words};

crate::words! {
    /// What happens to a document that breaks a rule.
    pub enum Severity as RailSeverity { Refuse = "refuse", Warn = "warn", Always = "always" }
}

/// One rule. Its words are the messages `rail-{id}`, `rail-{id}-rule` and `rail-{id}-why`.
pub struct Rail {
    pub id: &'static str,
    pub severity: Severity,
    /// Where the thing itself is documented, for everybody.
    pub source: &'static str,
    pub(super) check: Check,
}

/// What a rule judges, and how.
#[derive(Clone, Copy)]
pub(super) enum Check {
    Document(fn(&Subject<'_>) -> Option<Finding>),
    Image(fn(&images::Subject<'_>) -> Option<Finding>),
    /// The schema holds it, with the relations between fields: what breaks it is no document, and
    /// no override makes it one.
    Schema,
}

/// What a rule for documents looks at.
pub struct Subject<'a> {
    pub parameters: &'a Parameters,
    pub language: &'a str,
    pub tier: Tier,
    /// Where the project says that it writes its logs.
    pub log_path: &'a str,
    /// What the person who asks has said about it.
    pub why: &'a str,
}

/// What a rule found: the field, what it is, what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub field: &'static str,
    pub is: String,
    pub bound: String,
}

/// A rule that a document breaks.
pub struct Broken {
    pub rail: &'static Rail,
    pub finding: Finding,
}

impl std::fmt::Debug for Rail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

impl Rail {
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        RAILS.iter().find(|rail| rail.id == id)
    }

    /// Whether it judges images rather than documents.
    #[must_use]
    pub fn is_for_images(&self) -> bool {
        matches!(self.check, Check::Image(_))
    }

    /// Whether operations can let a component pass it.
    #[must_use]
    pub fn can_be_overruled(&self) -> bool {
        !matches!(self.check, Check::Schema)
    }

    #[must_use]
    pub fn severity_code(&self) -> String {
        format!("rail-severity-{}", self.severity)
    }

    /// A message of this rule: `""`, `-rule` or `-why`.
    #[must_use]
    pub fn code(&self, part: &str) -> String {
        format!("rail-{}{part}", self.id)
    }
}

impl Broken {
    /// The refusal of the field, named from `parameters` on.
    #[must_use]
    pub fn refusal(&self) -> FieldError {
        FieldError {
            field: format!("parameters.{}", self.finding.field),
            words: Words::new(&self.rail.code("-rule"))
                .with("is", &self.finding.is)
                .with("bound", &self.finding.bound),
        }
    }
}

/// Every rule that a document breaks.
#[must_use]
pub fn broken(subject: &Subject<'_>) -> Vec<Broken> {
    let found = |rail: &'static Rail| {
        let Check::Document(check) = rail.check else {
            return None;
        };
        let finding = check(subject)?;
        Some(Broken { rail, finding })
    };
    RAILS.iter().filter_map(found).collect()
}

/// A rule's judgement as it is kept with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    pub rail: &'static str,
    pub field: &'static str,
    pub is: String,
    /// Why operations let it pass; `None` for a mere warning.
    pub overruled: Option<String>,
}

/// Holds a document against every rule.
///
/// # Errors
/// The fields of what is refused and not overruled.
pub fn judge(subject: &Subject<'_>, live: &[Override]) -> Result<Vec<Note>, Vec<FieldError>> {
    hold(subject, live, &[])
}

/// The same for a document that follows another: a rule that was broken before is only noted, so
/// that nobody has to mend a probe while customers wait.
///
/// # Errors
/// The fields of what is refused, not overruled, and kept so far.
pub fn judge_next(
    subject: &Subject<'_>,
    before: &Parameters,
    live: &[Override],
) -> Result<Vec<Note>, Vec<FieldError>> {
    let before = broken(&Subject {
        parameters: before,
        ..*subject
    });
    let known: Vec<&str> = before.iter().map(|b| b.rail.id).collect();
    hold(subject, live, &known)
}

fn hold(
    subject: &Subject<'_>,
    live: &[Override],
    known: &[&str],
) -> Result<Vec<Note>, Vec<FieldError>> {
    let mut notes = Vec::new();
    let mut refused = Vec::new();
    for broken in broken(subject) {
        let by = live.iter().find(|o| o.rail == broken.rail.id);
        let passes = by.is_some() || known.contains(&broken.rail.id);
        if !passes && broken.rail.severity == Severity::Refuse {
            refused.push(broken.refusal());
            continue;
        }
        notes.push(Note {
            rail: broken.rail.id,
            field: broken.finding.field,
            is: broken.finding.is,
            overruled: by.map(|o| o.reason.clone()),
        });
    }
    if refused.is_empty() {
        Ok(notes)
    } else {
        Err(refused)
    }
}
