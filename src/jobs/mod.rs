//! The durable engine: work that outlives any process.
//!
//! A run is a line of steps, one of them active. A worker claims a due step (a lease and a new
//! attempt number, committed), performs it outside any transaction, and records the result in
//! one transaction together with the next step, guarded by the attempt: whoever lost the lease
//! meanwhile changes nothing. Waiting is a row with a time; nobody waits on a thread.
//!
//! Invariant: the engine knows no domain. A step's `perform` may run any number of times and
//! must leave the world as if it had run once; its `record` runs at most once per result.

mod engine;
mod operate;
mod outbox;
mod store;
mod timer;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use uuid::Uuid;

pub use engine::{Engine, Fault, NoFaults, PLACES, PLACES_PER_LANE, Probe};
pub use operate::{Operated, abandon, abandon_all, look_now, retry};
pub use outbox::{Courier, Message, deliver_due, forget_sent, post};
pub use store::{start_run, wake_subject, wake_waiting_for};
pub use timer::{Timer, When, forget_timer, run_due};

use crate::db::{DbError, Tx};
use crate::error::Words;

crate::id! { RunId, StepId }

/// What lists of runs listen to; one run's own page listens to [`topic`].
pub const TOPIC: &str = "runs";

#[must_use]
pub fn topic(run: RunId) -> String {
    format!("run:{run}")
}

async fn announce(tx: &mut Tx, run: RunId) -> Result<(), DbError> {
    tx.event(TOPIC, None).await?;
    tx.event(&topic(run), None).await
}

crate::words! {
    pub enum StepState {
        Ready = "ready",
        Running = "running",
        Waiting = "waiting",
        Done = "done",
        Failed = "failed",
        Errored = "errored",
        Abandoned = "abandoned",
    }

    pub enum RunState {
        Active = "active",
        Done = "done",
        Failed = "failed",
        Abandoned = "abandoned",
    }
}

/// What performing a step came to.
#[derive(Debug, Clone)]
pub enum StepResult {
    /// It is so; the value is what was learnt.
    Done(Value),
    /// Not yet: look again after a while. `seen` is what was learnt meanwhile.
    Wait {
        after: Duration,
        for_what: Words,
        seen: Value,
    },
    /// Our own or the network's trouble: the same again later, with growing pauses unless the
    /// other side named one.
    Retry {
        after: Option<Duration>,
        error: Words,
    },
    /// The work itself is at fault: it ends here, and its owner is told why.
    Fail(Words),
}

/// A step's work, registered under its name.
#[async_trait]
pub trait Step: Send + Sync {
    /// Unique among all steps, `domain.verb`.
    fn name(&self) -> &'static str;

    /// Does it, or finds it done. At most `step_limit`; anything longer is a [`StepResult::Wait`].
    async fn perform(&self, claim: &Claim) -> StepResult;

    /// Stores what came of it, in the transaction that ends the attempt. After `Done` the
    /// returned step follows; without one the run ends.
    ///
    /// # Errors
    /// Rolls everything back; the step is performed again.
    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError>;
}

/// One attempt at a step, owned by this worker until its lease ends.
#[derive(Debug, Clone)]
pub struct Claim {
    pub step: StepId,
    pub run: RunId,
    pub name: String,
    pub lane: String,
    /// What the run is about.
    pub subject: Uuid,
    pub project: Option<Uuid>,
    pub input: Value,
    /// Attempts count from 1; above 1 an effect may already have been made.
    pub attempt: i32,
    /// Consecutive errors so far.
    pub errors: i32,
    /// What the last wait had learnt.
    pub seen: Option<Value>,
}

/// A step to be done.
#[derive(Debug, Clone)]
pub struct NewStep {
    pub name: &'static str,
    /// The outside target whose trouble may hold this step up, and no other's.
    pub lane: String,
    pub input: Value,
    pub effect: Option<NewEffect>,
}

impl NewStep {
    #[must_use]
    pub fn new(name: &'static str, lane: impl ToString, input: Value) -> Self {
        Self {
            name,
            lane: lane.to_string(),
            input,
            effect: None,
        }
    }

    /// The effect that the step will make, stored before any attempt at it.
    #[must_use]
    pub fn with_effect(mut self, effect: NewEffect) -> Self {
        self.effect = Some(effect);
        self
    }
}

/// A change in the outside world, by the name under which it can be found again.
#[derive(Debug, Clone)]
pub struct NewEffect {
    pub kind: &'static str,
    pub target: String,
    pub name: String,
    /// What is meant; its hash shows whether a repeat means the same.
    pub intent: Value,
}

/// A run to be started.
#[derive(Debug, Clone)]
pub struct NewRun {
    pub kind: &'static str,
    pub subject: Uuid,
    pub project: Option<Uuid>,
    pub parent: Option<RunId>,
}
