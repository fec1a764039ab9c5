//! The one world that all simulators share.
//!
//! A new part (another system) is a field of [`Parts`], its accessor, and, if time moves it,
//! a line in [`World::settle`].
//! Invariant: no lock is held while a simulator talks to another one over HTTP.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::clock::Clock;
use crate::faults::{Fault, Faults};
use crate::transcript::Transcript;
use crate::{gitlab, jenkins, kubernetes, registry, robots};

/// How often an auto world lets its parts catch up with real time.
const AUTO_STEP: Duration = Duration::from_millis(100);

/// The name of a simulated system, as faults and the transcript know it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct System(Cow<'static, str>);

impl System {
    pub const GITLAB: Self = Self(Cow::Borrowed("gitlab"));
    pub const JENKINS: Self = Self(Cow::Borrowed("jenkins"));
    pub const REGISTRY: Self = Self(Cow::Borrowed("registry"));
    pub const ROBOTS: Self = Self(Cow::Borrowed("robots"));

    /// For systems of which a world holds several, such as clusters.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(Cow::Owned(name.to_owned()))
    }
}

impl std::fmt::Display for System {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A handle to the world; clones are the same world.
#[derive(Clone)]
pub struct World(Arc<Parts>);

struct Parts {
    clock: Clock,
    faults: Faults,
    transcript: Transcript,
    /// Held by whoever lets the parts catch up, so that two never run one build twice.
    settling: tokio::sync::Mutex<()>,
    gitlab: Mutex<gitlab::State>,
    jenkins: Mutex<jenkins::State>,
    kubernetes: Mutex<kubernetes::State>,
    registry: Mutex<registry::State>,
    robots: Mutex<robots::State>,
}

impl World {
    /// A world whose time moves only by [`World::advance`].
    #[must_use]
    pub fn explicit() -> Self {
        Self::with_clock(Clock::explicit())
    }

    /// A world in real time, for as long as a handle lives. Must be called inside a tokio runtime.
    #[must_use]
    pub fn auto() -> Self {
        let world = Self::with_clock(Clock::auto());
        tokio::spawn(follow_real_time(Arc::downgrade(&world.0)));
        world
    }

    fn with_clock(clock: Clock) -> Self {
        Self(Arc::new(Parts {
            clock,
            faults: Faults::default(),
            transcript: Transcript::default(),
            settling: tokio::sync::Mutex::new(()),
            gitlab: Mutex::default(),
            jenkins: Mutex::default(),
            kubernetes: Mutex::default(),
            registry: Mutex::default(),
            robots: Mutex::default(),
        }))
    }

    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    #[must_use]
    pub fn transcript(&self) -> &Transcript {
        &self.0.transcript
    }

    /// Shorthand for adding to [`World::faults`].
    pub fn fault(&self, fault: Fault) {
        self.0.faults.add(fault);
    }

    pub fn gitlab(&self) -> MutexGuard<'_, gitlab::State> {
        lock(&self.0.gitlab)
    }

    pub fn jenkins(&self) -> MutexGuard<'_, jenkins::State> {
        lock(&self.0.jenkins)
    }

    pub fn kubernetes(&self) -> MutexGuard<'_, kubernetes::State> {
        lock(&self.0.kubernetes)
    }

    pub fn registry(&self) -> MutexGuard<'_, registry::State> {
        lock(&self.0.registry)
    }

    pub fn robots(&self) -> MutexGuard<'_, robots::State> {
        lock(&self.0.robots)
    }

    /// Moves an explicit clock, then lets every part do what has become due.
    pub async fn advance(&self, by: Duration) {
        self.clock().advance(by);
        self.settle().await;
    }

    /// Lets every part do what is due now.
    pub async fn settle(&self) {
        let _only_one = self.0.settling.lock().await;
        gitlab::settle(self).await;
        jenkins::settle(self).await;
        kubernetes::settle(self);
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("World").field(&self.0.clock).finish()
    }
}

fn lock<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn follow_real_time(parts: Weak<Parts>) {
    let mut steps = tokio::time::interval(AUTO_STEP);
    steps.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        steps.tick().await;
        let Some(parts) = parts.upgrade() else { return };
        World(parts).settle().await;
    }
}
