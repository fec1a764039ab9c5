//! What an outside system was seen to say when it was last tested.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::store;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::integrations::CallError;

/// Shorter secrets may stand in a text by chance.
const MIN_CUT_BYTES: usize = 8;

crate::words! {
    /// What an observation is about.
    pub enum Subject { Connection = "connection", Cluster = "cluster" }
}

/// The outcome of one test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub ok: bool,
    #[serde(default)]
    pub version: Option<String>,
    pub words: Words,
    /// What it lacks, one sentence each.
    #[serde(default)]
    pub missing: Vec<Words>,
    /// The system's own text, as evidence beneath the sentence.
    #[serde(default)]
    pub detail: Option<String>,
}

/// A report with its time, and since when the answer has been of this sort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    pub report: Report,
    pub at: Timestamp,
    pub since: Timestamp,
}

impl Report {
    #[must_use]
    pub fn good(version: Option<String>, words: Words) -> Self {
        Self {
            ok: true,
            version,
            words,
            missing: Vec::new(),
            detail: None,
        }
    }

    #[must_use]
    pub fn bad(words: Words) -> Self {
        Self {
            ok: false,
            version: None,
            words,
            missing: Vec::new(),
            detail: None,
        }
    }

    /// A failed call, in words; the system's own text becomes the evidence.
    #[must_use]
    pub fn failed(error: &CallError) -> Self {
        let (code, detail) = match error {
            CallError::Unavailable { detail, .. } => ("test-away", detail),
            CallError::Denied { detail } => ("test-denied", detail),
            CallError::NotFound { detail } => ("test-not-found", detail),
            CallError::Conflict { detail } | CallError::Refused { detail } => {
                ("test-refused", detail)
            }
            CallError::Unexpected { detail } => ("test-unexpected", detail),
        };
        Self {
            detail: Some(detail.clone()),
            ..Self::bad(Words::new(code))
        }
    }

    /// Takes a secret out of the evidence, in case the system repeated it. Around a short one the
    /// gaps themselves would tell what it is, so there the evidence goes as a whole.
    #[must_use]
    pub fn without(mut self, secret: &str) -> Self {
        let said = self.detail.take();
        self.detail = match said {
            Some(text) if !text.contains(secret) => Some(text),
            Some(text) if secret.len() >= MIN_CUT_BYTES => Some(text.replace(secret, "…")),
            Some(_) | None => None,
        };
        self
    }
}

/// Stores a report in place of the one before; the time since when the outcome has been the same
/// goes on.
///
/// # Errors
/// No database.
pub async fn record(
    tx: &mut Tx,
    subject: Subject,
    id: uuid::Uuid,
    report: &Report,
) -> Result<Observed, DbError> {
    store::put_observation(tx.connection(), subject, id, report).await
}

/// Forgets what was seen, because the subject is another one now.
///
/// # Errors
/// No database.
pub async fn forget(tx: &mut Tx, subject: Subject, id: uuid::Uuid) -> Result<(), DbError> {
    store::delete_observation(tx.connection(), subject, id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_a_system_repeats_is_cut_out() {
        let said = |text: &str| Report {
            detail: Some(text.to_owned()),
            ..Report::bad(Words::new("test-denied"))
        };
        let shown = |text: &str, secret: &str| said(text).without(secret).detail;
        assert_eq!(
            shown("bad glpat-12345", "glpat-12345").as_deref(),
            Some("bad …")
        );
        assert_eq!(shown("not that", "t"), None);
        assert_eq!(shown("refused", "glpat-12345").as_deref(), Some("refused"));
    }
}
