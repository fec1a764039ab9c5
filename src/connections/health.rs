//! What an outside system was seen to say when it was last tested.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::store;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::integrations::CallError;
use crate::news::{self, Happening, News};

/// Shorter secrets may stand in a text by chance.
const MIN_CUT_BYTES: usize = 8;
/// A credential that ends within so many days is worth a warning.
const SOON_DAYS: i64 = 30;

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
    /// How long the whole look took.
    #[serde(default)]
    pub millis: i32,
    /// When the credential ends, where it or the system tells.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// Calls that the system still lets us make, of how many.
    #[serde(default)]
    pub calls_left: Option<(u64, u64)>,
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
            millis: 0,
            expires_at: None,
            calls_left: None,
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
            millis: 0,
            expires_at: None,
            calls_left: None,
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

    /// With the time since the look began.
    #[must_use]
    pub fn took(mut self, began: Instant) -> Self {
        self.millis = i32::try_from(began.elapsed().as_millis()).unwrap_or(i32::MAX);
        self
    }

    /// Whether its credential ends so soon that somebody should make another, or is over.
    #[must_use]
    pub fn expires_soon(&self, now: &Timestamp) -> bool {
        let soon = now.checked_add(SignedDuration::from_hours(24 * SOON_DAYS));
        let end = self.expires_at;
        end.is_some_and(|at| soon.is_ok_and(|soon| at < soon))
    }

    /// Whether its credential has ended by its own word.
    #[must_use]
    pub fn is_expired(&self, now: &Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= *now)
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

/// Tells that a system went down or came back, when it did: `before` is what was known of it.
///
/// # Errors
/// No database.
pub async fn tell(
    tx: &mut Tx,
    subject: Subject,
    key: &str,
    before: Option<bool>,
    report: &Report,
) -> Result<(), DbError> {
    let path = match subject {
        Subject::Connection => format!("/connections/{key}"),
        Subject::Cluster => format!("/clusters/{key}"),
    };
    let (happening, code) = match (before, report.ok) {
        (Some(true), false) => (Happening::SystemDown, "notice-system-down"),
        (Some(false), true) => (Happening::SystemUp, "notice-system-up"),
        (None | Some(true), true) | (None | Some(false), false) => return Ok(()),
    };
    let news = News::new(happening, Words::new(code).with("system", key), path);
    let news = match report.ok {
        true => news,
        false => news.because(report.words.clone()),
    };
    news::tell(tx, &news).await
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

    #[test]
    fn a_credential_is_worth_a_warning_a_month_before_its_end() {
        let now: Timestamp = "2026-11-21T00:00:00Z".parse().expect("a time");
        let ending = |at: Option<&str>| Report {
            expires_at: at.map(|at| at.parse().expect("a time")),
            ..Report::good(None, Words::new("test-good"))
        };
        let told = |at| {
            let report = ending(at);
            (report.expires_soon(&now), report.is_expired(&now))
        };
        assert_eq!(told(None), (false, false));
        assert_eq!(told(Some("2027-11-21T00:00:00Z")), (false, false));
        assert_eq!(told(Some("2026-12-12T00:00:00Z")), (true, false));
        assert_eq!(told(Some("2026-11-20T00:00:00Z")), (true, true));
    }
}
