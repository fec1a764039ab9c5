//! How the portal itself is: workers, lanes, what is due, messages, database, versions.
//!
//! Invariant: everything here is read from the database, so that any process tells of all.

pub mod api;
mod store;
pub mod web;

use std::time::Instant;

use jiff::Timestamp;
use serde::Serialize;

use crate::app::App;
use crate::db::DbError;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::jobs::{Engine, PLACES, PLACES_PER_LANE};

/// A worker that was silent for longer is gone; its steps go on when their leases end.
const ALIVE_SECONDS: i64 = 30;
/// A step that is due for longer finds no worker, or no place.
pub const OVERDUE_SECONDS: f64 = 60.0;

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Vitals {
    pub version: &'static str,
    pub schema: i64,
    pub schema_needed: i64,
    pub workers: Vec<Worker>,
    pub lanes: Vec<Lane>,
    pub steps: Steps,
    pub outbox: Outbox,
    pub timers: Vec<Round>,
    pub database: Database,
    /// What is wrong, each with its words; empty when all is well.
    pub troubles: Vec<Words>,
}

/// A worker's sign of life.
///
/// # Errors
/// No answer from the database.
pub async fn beat(app: &App, engine: &Engine) -> Result<(), DbError> {
    let places = [PLACES, PLACES_PER_LANE].map(|n| i32::try_from(n).unwrap_or(0));
    store::beat(app.db.pool(), engine.worker(), places).await
}

/// Takes the sign of life away, once a worker has ended what it had begun.
///
/// # Errors
/// No answer from the database.
pub async fn leave(app: &App, engine: &Engine) -> Result<(), DbError> {
    store::leave(app.db.pool(), engine.worker()).await
}

/// A process that works.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Worker {
    pub id: String,
    pub version: String,
    pub places: i32,
    /// Steps that it performs now.
    pub busy: i64,
    pub started_at: Timestamp,
    pub seen_at: Timestamp,
    pub alive: bool,
}

/// One outside target, with what is on its way there.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = WorkerLane)]
pub struct Lane {
    pub lane: String,
    pub place: String,
    pub running: i64,
    /// Places of one process for this lane, times the processes that live.
    pub places: i64,
    pub due: i64,
    pub waiting: i64,
    pub troubled: i64,
}

#[derive(Debug, Clone, Copy, Default, Serialize, utoipa::ToSchema)]
pub struct Steps {
    pub active_runs: i64,
    pub running: i64,
    pub due: i64,
    pub overdue: i64,
    pub troubled: i64,
    pub given_up: i64,
}

#[derive(Debug, Clone, Copy, Default, Serialize, utoipa::ToSchema)]
pub struct Outbox {
    pub pending: i64,
    /// Messages that nobody tries to deliver any more.
    pub given_up: i64,
}

/// Something that comes round again.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Round {
    pub name: String,
    pub due_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub failure: Option<String>,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Database {
    pub version: String,
    pub bytes: i64,
    pub connections: i64,
    /// One round to it and back.
    pub millis: f64,
}

/// Everything, as somebody who sees the platform may read it.
///
/// # Errors
/// 403 without the right.
pub async fn read(app: &App, actor: &Actor) -> Result<Vitals, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    Ok(take(app).await?)
}

/// The same for the metrics' page, which asks no rights because it has an address of its own.
///
/// # Errors
/// No database.
pub async fn take(app: &App) -> Result<Vitals, DbError> {
    let pool = app.db.pool();
    let began = Instant::now();
    let (version, bytes, connections) = store::database(pool).await?;
    let millis = began.elapsed().as_secs_f64() * 1000.0;
    let workers = store::workers(pool, ALIVE_SECONDS).await?;
    let alive = workers.iter().filter(|w| w.alive).count();
    let alive = i64::try_from(alive).unwrap_or(0);
    let (schema, schema_needed) = app.db.schema().await?;
    let vitals = Vitals {
        version: env!("CARGO_PKG_VERSION"),
        schema,
        schema_needed,
        lanes: store::lanes(pool, alive).await?,
        workers,
        steps: store::steps(pool, OVERDUE_SECONDS).await?,
        outbox: store::outbox(pool).await?,
        timers: store::timers(pool).await?,
        database: Database {
            version,
            bytes,
            connections,
            millis,
        },
        troubles: Vec::new(),
    };
    Ok(Vitals {
        troubles: troubles(&vitals),
        ..vitals
    })
}

/// What somebody should look at, worst first.
fn troubles(vitals: &Vitals) -> Vec<Words> {
    let mut found = Vec::new();
    let mut when = |is: bool, words: Words| {
        if is {
            found.push(words);
        }
    };
    let steps = vitals.steps;
    let failed = vitals.timers.iter().filter(|t| t.failure.is_some()).count();
    let old = Words::new("vitals-schema-old").with("found", vitals.schema);
    let old = old.with("needed", vitals.schema_needed);
    when(vitals.schema < vitals.schema_needed, old);
    when(
        !vitals.workers.iter().any(|w| w.alive),
        Words::new("vitals-no-worker"),
    );
    when(
        steps.overdue > 0,
        Words::new("vitals-overdue").with("n", steps.overdue),
    );
    when(
        steps.given_up > 0,
        Words::new("vitals-given-up").with("n", steps.given_up),
    );
    let unsent = Words::new("vitals-unsent").with("n", vitals.outbox.given_up);
    when(vitals.outbox.given_up > 0, unsent);
    when(
        failed > 0,
        Words::new("vitals-timers-failed").with("n", failed),
    );
    found
}

/// Puts the numbers where Prometheus reads them.
pub fn publish(vitals: &Vitals) {
    #[expect(
        clippy::cast_precision_loss,
        reason = "gauges are floats; these are small"
    )]
    let set = |name: &'static str, value: i64| metrics::gauge!(name).set(value as f64);
    let alive = vitals.workers.iter().filter(|w| w.alive).count();
    set("slipway_workers_alive", i64::try_from(alive).unwrap_or(0));
    set("slipway_runs_active", vitals.steps.active_runs);
    set("slipway_steps_running", vitals.steps.running);
    set("slipway_steps_due", vitals.steps.due);
    set("slipway_steps_overdue", vitals.steps.overdue);
    set("slipway_steps_troubled", vitals.steps.troubled);
    set("slipway_steps_given_up", vitals.steps.given_up);
    set("slipway_outbox_pending", vitals.outbox.pending);
    set("slipway_outbox_given_up", vitals.outbox.given_up);
    set("slipway_database_bytes", vitals.database.bytes);
    set("slipway_database_connections", vitals.database.connections);
    set("slipway_schema_version", vitals.schema);
    let seconds = vitals.database.millis / 1000.0;
    metrics::gauge!("slipway_database_latency_seconds").set(seconds);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn well() -> Vitals {
        let now = Timestamp::UNIX_EPOCH;
        let worker = Worker {
            id: "1-a".to_owned(),
            version: "1".to_owned(),
            places: 32,
            busy: 0,
            started_at: now,
            seen_at: now,
            alive: true,
        };
        Vitals {
            version: "1",
            schema: 15,
            schema_needed: 15,
            workers: vec![worker],
            lanes: Vec::new(),
            steps: Steps::default(),
            outbox: Outbox::default(),
            timers: Vec::new(),
            database: Database {
                version: "17".to_owned(),
                bytes: 1,
                connections: 1,
                millis: 0.5,
            },
            troubles: Vec::new(),
        }
    }

    #[test]
    fn trouble_is_named_and_nothing_else() {
        assert!(troubles(&well()).is_empty());
        let code = |change: &dyn Fn(&mut Vitals)| {
            let mut vitals = well();
            change(&mut vitals);
            let codes = troubles(&vitals).into_iter().map(|w| w.code);
            codes.collect::<Vec<_>>()
        };
        assert_eq!(code(&|v| v.schema = 14), ["vitals-schema-old"]);
        assert_eq!(code(&|v| v.workers.clear()), ["vitals-no-worker"]);
        assert_eq!(code(&|v| v.workers[0].alive = false), ["vitals-no-worker"]);
        assert_eq!(code(&|v| v.steps.overdue = 2), ["vitals-overdue"]);
        assert_eq!(code(&|v| v.steps.given_up = 1), ["vitals-given-up"]);
        assert_eq!(code(&|v| v.outbox.given_up = 1), ["vitals-unsent"]);
        let round = Round {
            name: "x".to_owned(),
            due_at: Timestamp::UNIX_EPOCH,
            ended_at: None,
            failure: Some("away".to_owned()),
        };
        let failed = |v: &mut Vitals| v.timers.push(round.clone());
        assert_eq!(code(&failed), ["vitals-timers-failed"]);
    }
}
