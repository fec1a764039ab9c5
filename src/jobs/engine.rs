//! The loop: claim, perform, record, and sleep until something is due.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::store::{self, Ask, Ending};
use super::{Claim, Courier, NewStep, RunState, Step, StepResult, StepState, outbox};
use crate::config::EngineSettings;
use crate::db::{Db, DbError, Tx};
use crate::error::Words;

/// Steps that one process performs at once.
pub const PLACES: usize = 32;
/// Of them, for one outside target: a dark one must not hold the others up.
pub const PLACES_PER_LANE: usize = 4;
/// After so many errors in a row (about two hours) a step waits for an operator.
const MAX_ERRORS: i32 = 20;
const LONGEST_BACK_OFF_SECONDS: u64 = 600;

/// What a test does to one attempt; see [`Probe`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// The worker dies before it does anything.
    DieBefore,
    /// The worker dies when it has done it, before that is recorded.
    DieAfter,
    /// The step is performed twice in a row.
    Twice,
    /// Another worker takes the step while this one performs it.
    LoseLease,
}

/// Where tests reach into a worker. The product's own is [`NoFaults`].
pub trait Probe: Send + Sync {
    fn fault(&self, claim: &Claim) -> Fault;
}

pub struct NoFaults;

impl Probe for NoFaults {
    fn fault(&self, _: &Claim) -> Fault {
        Fault::None
    }
}

/// A worker's registry of steps, and its loop.
pub struct Engine {
    db: Db,
    settings: EngineSettings,
    steps: HashMap<&'static str, Arc<dyn Step>>,
    couriers: Vec<Arc<dyn Courier>>,
    names: Vec<String>,
    worker: String,
    probe: Arc<dyn Probe>,
    lanes: Mutex<HashMap<String, usize>>,
}

impl Engine {
    #[must_use]
    pub fn new(db: Db, settings: EngineSettings, steps: Vec<Arc<dyn Step>>) -> Self {
        Self::with_probe(db, settings, steps, Arc::new(NoFaults))
    }

    #[must_use]
    pub fn with_probe(
        db: Db,
        settings: EngineSettings,
        steps: Vec<Arc<dyn Step>>,
        probe: Arc<dyn Probe>,
    ) -> Self {
        let steps: HashMap<_, _> = steps.into_iter().map(|s| (s.name(), s)).collect();
        let mut names: Vec<String> = steps.keys().map(ToString::to_string).collect();
        names.sort();
        let worker = format!("{}-{}", std::process::id(), Uuid::new_v4().simple());
        let (couriers, lanes) = (Vec::new(), Mutex::default());
        Self {
            db,
            settings,
            steps,
            couriers,
            names,
            worker,
            probe,
            lanes,
        }
    }

    #[must_use]
    pub fn with_couriers(mut self, couriers: Vec<Arc<dyn Courier>>) -> Self {
        self.couriers = couriers;
        self
    }

    /// The names of all registered steps, sorted.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The step of a name, for operators' abandoning.
    #[must_use]
    pub fn step(&self, name: &str) -> Option<Arc<dyn Step>> {
        self.steps.get(name).cloned()
    }

    /// Works until told to stop; then ends what it has begun.
    pub async fn work(self: Arc<Self>, stop: CancellationToken) {
        let mut running = JoinSet::new();
        let mut wakes = self.db.listen(stop.clone());
        while !stop.is_cancelled() {
            while running.try_join_next().is_some() {}
            let free = PLACES.saturating_sub(running.len());
            let claims = self.claim(free).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "could not look for work");
                Vec::new()
            });
            let idle = claims.is_empty();
            for claim in claims {
                let engine = Arc::clone(&self);
                running.spawn(async move { engine.attempt(claim).await });
            }
            if let Err(error) = outbox::deliver_due(&self.db, &self.couriers).await {
                tracing::warn!(%error, "could not look for messages");
            }
            if idle {
                let pause = self.pause().await;
                tokio::select! {
                    () = stop.cancelled() => {}
                    _ = wakes.changed() => {}
                    _ = running.join_next(), if !running.is_empty() => {}
                    () = idle_for(pause) => {}
                }
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// The name under which this process holds leases.
    #[must_use]
    pub fn worker(&self) -> &str {
        &self.worker
    }

    /// Performs everything that is due now, and returns how many attempts that were.
    ///
    /// # Errors
    /// No answer from the database.
    pub async fn tick(self: &Arc<Self>) -> Result<usize, DbError> {
        let claims = self.claim(PLACES).await?;
        let count = claims.len();
        let mut running = JoinSet::new();
        for claim in claims {
            let engine = Arc::clone(self);
            running.spawn(async move { engine.attempt(claim).await });
        }
        while running.join_next().await.is_some() {}
        Ok(count + outbox::deliver_due(&self.db, &self.couriers).await?)
    }

    /// How long until something is due; `None` if nothing is planned.
    ///
    /// # Errors
    /// No answer from the database.
    pub async fn next_due(&self) -> Result<Option<Duration>, DbError> {
        let seconds = store::next_due(self.db.pool(), &self.names).await?;
        Ok(seconds.map(|s| Duration::from_secs_f64(s.max(0.0))))
    }

    async fn pause(&self) -> Duration {
        let planned = self.next_due().await.ok().flatten();
        planned.map_or(self.settings.poll, |p| {
            p.clamp(Duration::from_millis(20), self.settings.poll)
        })
    }

    async fn claim(&self, free: usize) -> Result<Vec<Claim>, DbError> {
        let full = self.full_lanes();
        let ask = Ask {
            worker: &self.worker,
            names: &self.names,
            full_lanes: &full,
            lease: self.settings.lease,
            limit: i64::try_from(free).unwrap_or(1),
        };
        let claims = store::claim(self.db.pool(), &ask).await?;
        if let Ok(mut lanes) = self.lanes.lock() {
            for claim in &claims {
                *lanes.entry(claim.lane.clone()).or_default() += 1;
            }
        }
        Ok(claims)
    }

    fn full_lanes(&self) -> Vec<String> {
        let Ok(lanes) = self.lanes.lock() else {
            return Vec::new();
        };
        let full = lanes.iter().filter(|(_, n)| **n >= PLACES_PER_LANE);
        full.map(|(lane, _)| lane.clone()).collect()
    }

    fn leave_lane(&self, lane: &str) {
        if let Ok(mut lanes) = self.lanes.lock()
            && let Some(count) = lanes.get_mut(lane)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                lanes.remove(lane);
            }
        }
    }

    async fn attempt(&self, claim: Claim) {
        let lane = claim.lane.clone();
        let fault = self.probe.fault(&claim);
        if fault != Fault::DieBefore {
            let mut result = self.perform(&claim).await;
            if fault == Fault::Twice {
                result = self.perform(&claim).await;
            }
            match fault {
                Fault::DieAfter => {}
                Fault::LoseLease => self.lose_lease(&claim, &result).await,
                Fault::None | Fault::DieBefore | Fault::Twice => {
                    self.record(&claim, &result).await;
                }
            }
        }
        self.leave_lane(&lane);
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        let retry = |code| StepResult::Retry {
            after: None,
            error: Words::new(code),
        };
        let Some(step) = self.steps.get(claim.name.as_str()).cloned() else {
            return retry("step-unknown");
        };
        let owned = claim.clone();
        // In a task of its own, so that a panic ends the attempt and not the worker.
        let task = tokio::spawn(async move { step.perform(&owned).await });
        let abort = task.abort_handle();
        match tokio::time::timeout(self.settings.step_limit, task).await {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => {
                tracing::error!(step.name = claim.name, step.id = %claim.step, %error, "panicked");
                retry("step-panicked")
            }
            Err(_) => {
                abort.abort();
                retry("step-too-slow")
            }
        }
    }

    async fn record(&self, claim: &Claim, result: &StepResult) {
        match self.try_record(claim, result).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(step.name = claim.name, step.id = %claim.step, "lost its lease");
            }
            Err(error) => {
                tracing::error!(step.name = claim.name, step.id = %claim.step, %error,
                    "could not record a step's result");
                let retry = StepResult::Retry {
                    after: None,
                    error: Words::new("step-not-recorded"),
                };
                if let Err(error) = self.try_record_bare(claim, &retry).await {
                    tracing::warn!(step.id = %claim.step, %error, "left to the end of its lease");
                }
            }
        }
    }

    /// The result, the domain's rows, the next step and the run's end: one transaction.
    async fn try_record(&self, claim: &Claim, result: &StepResult) -> Result<bool, DbError> {
        let Some(step) = self.steps.get(claim.name.as_str()) else {
            return Ok(false);
        };
        let mut tx = self.db.begin().await?;
        if !store::end_attempt(tx.connection(), claim, &ending(claim, result)).await? {
            return Ok(false);
        }
        let next = step.record(&mut tx, claim, result).await?;
        follow(&mut tx, claim, result, next).await?;
        tell(&mut tx, claim, result).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// A retry whose domain rows could not be written: only the engine's own.
    async fn try_record_bare(&self, claim: &Claim, result: &StepResult) -> Result<bool, DbError> {
        let mut tx = self.db.begin().await?;
        let ours = store::end_attempt(tx.connection(), claim, &ending(claim, result)).await?;
        tx.commit().await?;
        Ok(ours)
    }

    /// Another worker claims the step, and only then this one tries to record.
    async fn lose_lease(&self, claim: &Claim, result: &StepResult) {
        let stolen = Claim {
            attempt: claim.attempt - 1,
            ..claim.clone()
        };
        if !matches!(self.try_record(&stolen, result).await, Ok(false)) {
            tracing::error!("an attempt without a lease was recorded");
        }
    }
}

async fn follow(
    tx: &mut Tx,
    claim: &Claim,
    result: &StepResult,
    next: Option<NewStep>,
) -> Result<(), DbError> {
    match (result, next) {
        (StepResult::Done(_), Some(next)) => {
            store::add_step(tx.connection(), claim.run, &next).await?;
            tx.wake_after_commit();
            Ok(())
        }
        (StepResult::Done(_), None) => {
            store::end_run(tx.connection(), claim.run, RunState::Done).await
        }
        (StepResult::Fail(_), _) => {
            store::end_run(tx.connection(), claim.run, RunState::Failed).await
        }
        (StepResult::Wait { .. } | StepResult::Retry { .. }, _) => Ok(()),
    }
}

/// Tells operators' pages. The many looks at one thing that goes on are told as one.
async fn tell(tx: &mut Tx, claim: &Claim, result: &StepResult) -> Result<(), DbError> {
    let goes_on = claim.seen.is_some() && claim.errors == 0;
    if matches!(result, StepResult::Wait { .. }) && goes_on {
        return Ok(());
    }
    super::announce(tx, claim.run).await
}

fn ending<'a>(claim: &Claim, result: &'a StepResult) -> Ending<'a> {
    let base = Ending {
        state: StepState::Done,
        outcome: "done",
        detail: None,
        output: None,
        waits_for: None,
        wake_after: Duration::ZERO,
        errors: 0,
    };
    match result {
        StepResult::Done(output) => Ending {
            output: Some(output),
            ..base
        },
        StepResult::Wait {
            after,
            for_what,
            seen,
        } => Ending {
            state: StepState::Waiting,
            outcome: "wait",
            output: Some(seen),
            waits_for: to_json(for_what),
            wake_after: *after,
            ..base
        },
        StepResult::Retry { after, error } => {
            let errors = claim.errors + 1;
            let state = if errors >= MAX_ERRORS {
                StepState::Errored
            } else {
                StepState::Ready
            };
            let wake_after = after.unwrap_or_else(|| back_off(errors));
            Ending {
                state,
                outcome: "retry",
                detail: to_json(error),
                wake_after,
                errors,
                ..base
            }
        }
        StepResult::Fail(words) => Ending {
            state: StepState::Failed,
            outcome: "failed",
            detail: to_json(words),
            ..base
        },
    }
}

fn to_json(words: &Words) -> Option<Value> {
    serde_json::to_value(words).ok()
}

/// Two seconds, doubling, with up to half of it again by chance, so that many that failed
/// together do not come back together.
fn back_off(errors: i32) -> Duration {
    let doublings = u32::try_from(errors).unwrap_or(0).min(12);
    let seconds = 2u64.saturating_pow(doublings).min(LONGEST_BACK_OFF_SECONDS);
    let chance = u64::from(Uuid::new_v4().as_bytes().first().copied().unwrap_or(0));
    Duration::from_millis(seconds * 1000 + seconds * 500 * chance / 255)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the engine's idling; a wake-up cuts it short"
)]
async fn idle_for(pause: Duration) {
    tokio::time::sleep(pause).await;
}
