//! What is worth telling people, posted to the outbox in the transaction of what happened.
//!
//! Whoever changes something says here what it was, where and by whom; who is told, and on which
//! way, is decided later by those who read the outbox.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::jobs;

/// The outbox's topic.
pub const TOPIC: &str = "notice";

crate::words! {
    /// What people choose among when they say what they want to be told.
    pub enum Happening {
        RequestWaits = "request-waits",
        RequestDecided = "request-decided",
        ReleaseAwaitsConfirmation = "release-awaits-confirmation",
        ReleaseAwaitsApproval = "release-awaits-approval",
        ReleaseInProduction = "release-in-production",
        ReleaseFailed = "release-failed",
        RolledBack = "rolled-back",
        ProductionStopped = "production-stopped",
        ProductionOpened = "production-opened",
        SystemDown = "system-down",
        SystemUp = "system-up",
    }
}

impl Happening {
    /// Whether it is everybody's matter, whatever they are in: the switch that stops production.
    #[must_use]
    pub const fn is_everybodys(self) -> bool {
        matches!(self, Self::ProductionStopped | Self::ProductionOpened)
    }

    /// Whether it is only for those who look after the platform.
    #[must_use]
    pub const fn is_platforms(self) -> bool {
        matches!(self, Self::SystemDown | Self::SystemUp)
    }
}

/// One thing that happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct News {
    pub happening: Happening,
    /// What and where.
    pub what: Words,
    /// What it is about, where that has words of its own.
    #[serde(default)]
    pub about: Option<Words>,
    /// Why, where there is a reason.
    #[serde(default)]
    pub why: Option<Words>,
    /// Whose doing it was, by display name.
    #[serde(default)]
    pub who: Option<String>,
    /// The account that did it on purpose, who need not be told.
    #[serde(default)]
    pub actor: Option<Uuid>,
    /// Nothing of a project is told to those who may not see it.
    #[serde(default)]
    pub project: Option<Uuid>,
    /// The request that it is about, by number: whoever that asks is told too.
    #[serde(default)]
    pub request: Option<i64>,
    /// The page that shows it, below the portal's public address.
    pub path: String,
    /// A failure of production, which may break through quiet hours.
    #[serde(default)]
    pub urgent: bool,
}

impl News {
    #[must_use]
    pub fn new(happening: Happening, what: Words, path: impl Into<String>) -> Self {
        Self {
            happening,
            what,
            about: None,
            why: None,
            who: None,
            actor: None,
            project: None,
            request: None,
            path: path.into(),
            urgent: false,
        }
    }

    #[must_use]
    pub fn in_project(mut self, project: Uuid) -> Self {
        self.project = Some(project);
        self
    }

    #[must_use]
    pub fn on_request(mut self, number: i64) -> Self {
        self.request = Some(number);
        self
    }

    #[must_use]
    pub fn about(mut self, what: Words) -> Self {
        self.about = Some(what);
        self
    }

    #[must_use]
    pub fn because(mut self, why: Words) -> Self {
        self.why = Some(why);
        self
    }

    /// Whose it is, though they did not do this just now.
    #[must_use]
    pub fn of(mut self, who: &str) -> Self {
        self.who = Some(who.to_owned());
        self
    }

    /// Who did it just now.
    #[must_use]
    pub fn by(self, account: Uuid, who: &str) -> Self {
        Self {
            actor: Some(account),
            ..self.of(who)
        }
    }
}

/// A reason that somebody typed; none if it is empty.
#[must_use]
pub fn typed(reason: &str) -> Option<Words> {
    let reason = reason.trim();
    (!reason.is_empty()).then(|| Words::new("notice-typed").with("text", reason))
}

/// Posts it with the change; whoever commits has told it once.
///
/// # Errors
/// No answer from the database.
pub async fn tell(tx: &mut Tx, news: &News) -> Result<(), DbError> {
    let key = format!("{TOPIC}:{}:{}", news.happening, Uuid::now_v7());
    jobs::post(tx, TOPIC, &key, &json!(news)).await
}
