//! The switch that stops production: who set it, since when, why.
//!
//! Invariant: while it is set, nothing new begins in production. Presses are refused with who and
//! why; what was approved before waits in its durable step and goes on when the switch is lifted.
//! A deployment that a cluster already has is followed to its end, because half of one is worse.
//! Rolling back stays open unless whoever stopped production holds that too. Places for containers
//! may still be made: they start nothing.

pub mod api;
mod store;
pub mod web;

use std::sync::Mutex;

use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use store::Held;

use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::{Cursor, Db, DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Person, Scope};
use crate::jobs;
use crate::news::{self, Happening, News};

/// What every page listens to, for the banner.
pub const TOPIC: &str = "production-stop";
/// What a held step waits for; lifting the switch wakes exactly these.
pub const WAITS: &str = "waits-production-stop";
const MAX_REASON: usize = 500;

/// Production stands still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Halt {
    pub reason: String,
    pub holds_rollbacks: bool,
    pub by: Person,
    pub since: Timestamp,
}

/// What is about to begin in production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// A deployment, changed parameters, a restart.
    Forward,
    Rollback,
}

/// `PUT /production-stop`
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Stopping {
    pub reason: String,
    #[serde(default)]
    pub holds_rollbacks: bool,
}

impl Halt {
    /// Whether it holds this.
    #[must_use]
    pub const fn holds(&self, motion: Motion) -> bool {
        match motion {
            Motion::Forward => true,
            Motion::Rollback => self.holds_rollbacks,
        }
    }

    /// The words with who, why and since when.
    #[must_use]
    pub fn words(&self, code: &str) -> Words {
        let since = self.since.round(Unit::Second).unwrap_or(self.since);
        Words::new(code)
            .with("who", &self.by.display_name)
            .with("reason", &self.reason)
            .with("since", since)
    }
}

/// The switch as it is; `None` while production moves.
///
/// # Errors
/// No database.
pub async fn now(db: &Db) -> Result<Option<Halt>, DbError> {
    store::find(db.pool()).await
}

/// The switch as pages last showed it, as of an event.
#[derive(Debug, Default)]
pub struct LastShown(Mutex<Option<(Cursor, Option<Halt>)>>);

impl LastShown {
    fn forget(&self) {
        if let Ok(mut last) = self.0.lock() {
            *last = None;
        }
    }
}

/// The switch for a page's banner: asked for again only after something happened, so that a page
/// costs no statement more. Whether production may move is never decided by this.
///
/// # Errors
/// No database.
pub async fn shown(app: &App) -> Result<Option<Halt>, DbError> {
    let newest = app.events.newest();
    if let Ok(last) = app.last_halt.0.lock()
        && let Some((_, halt)) = last.as_ref().filter(|(at, _)| *at == newest)
    {
        return Ok(halt.clone());
    }
    let halt = now(&app.db).await?;
    if let Ok(mut last) = app.last_halt.0.lock() {
        *last = Some((newest, halt.clone()));
    }
    Ok(halt)
}

/// What holds this motion, if anything does: asked by every durable step right before it begins
/// something in production.
///
/// # Errors
/// No database.
pub async fn held(db: &Db, motion: Motion) -> Result<Option<Words>, DbError> {
    let halt = now(db).await?.filter(|h| h.holds(motion));
    Ok(halt.map(|h| h.words(WAITS)))
}

/// Asked when somebody presses a button that leads to production.
///
/// # Errors
/// 409 with who stopped it, why and since when.
pub async fn must_move(app: &App, motion: Motion) -> Result<(), AppError> {
    match now(&app.db).await?.filter(|h| h.holds(motion)) {
        Some(halt) => Err(AppError::Conflict(halt.words("production-stopped"))),
        None => Ok(()),
    }
}

/// Runs that wait for the switch, by when they began to.
///
/// # Errors
/// No database.
pub async fn waiting(app: &App) -> Result<Vec<Held>, DbError> {
    store::held(app.db.pool(), WAITS).await
}

/// Stops production, or says anew why and how much.
///
/// # Errors
/// 403 without the right, 400 without a reason.
pub async fn stop(app: &App, actor: &Actor, stopping: &Stopping) -> Result<(), AppError> {
    actor.must(Permission::StopProduction, Scope::Platform)?;
    let reason = stopping.reason.trim();
    if reason.is_empty() {
        return Err(AppError::field("reason", "field-required"));
    }
    if reason.chars().count() > MAX_REASON {
        return Err(AppError::field("reason", "field-too-long"));
    }
    let mut tx = app.db.begin().await?;
    let before = store::lock(tx.connection()).await?;
    store::put(tx.connection(), reason, stopping.holds_rollbacks, actor.id).await?;
    if before.is_some_and(|held| held && !stopping.holds_rollbacks) {
        jobs::wake_waiting_for(&mut tx, WAITS).await?;
    }
    let after = json!({ "reason": reason, "holds_rollbacks": stopping.holds_rollbacks });
    if before.is_none() {
        let words = Words::new("notice-production-stopped");
        let news = News::new(Happening::ProductionStopped, words, "/production-stop");
        let news = News {
            why: news::typed(reason),
            ..news.by(actor.id.0, &actor.display_name)
        };
        news::tell(&mut tx, &news).await?;
    }
    finish(app, tx, actor, "production.stop", after).await
}

/// Lets production go on; what waited for it looks again at once.
///
/// # Errors
/// 403 without the right, 409 when it is not stopped.
pub async fn lift(app: &App, actor: &Actor) -> Result<(), AppError> {
    actor.must(Permission::StopProduction, Scope::Platform)?;
    let mut tx = app.db.begin().await?;
    if !store::delete(tx.connection()).await? {
        return Err(AppError::conflict("production-not-stopped"));
    }
    let woken = jobs::wake_waiting_for(&mut tx, WAITS).await?;
    let words = Words::new("notice-production-opened");
    let news = News::new(Happening::ProductionOpened, words, "/production-stop");
    news::tell(&mut tx, &news.by(actor.id.0, &actor.display_name)).await?;
    finish(
        app,
        tx,
        actor,
        "production.resume",
        json!({ "runs": woken }),
    )
    .await
}

async fn finish(
    app: &App,
    mut tx: Tx,
    actor: &Actor,
    action: &'static str,
    after: Value,
) -> Result<(), AppError> {
    let entry = Entry::done(action, "platform", "production").after(after);
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.event(TOPIC, None).await?;
    tx.commit().await?;
    app.last_halt.forget();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_held_only_when_somebody_says_so() {
        let halt = |holds_rollbacks| Halt {
            reason: "Incident 7".to_owned(),
            holds_rollbacks,
            by: Person {
                name: "zhao".to_owned(),
                display_name: "Zhao".to_owned(),
            },
            since: Timestamp::UNIX_EPOCH,
        };
        for holds_rollbacks in [true, false] {
            assert!(halt(holds_rollbacks).holds(Motion::Forward));
            let held = halt(holds_rollbacks).holds(Motion::Rollback);
            assert_eq!(held, holds_rollbacks);
        }
    }
}
