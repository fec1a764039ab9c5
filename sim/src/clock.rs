//! The simulators' time: explicit (a test moves it) or auto (real time, for the demo).
//!
//! Invariant: nothing in this crate reads the machine's clock except through here.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// The second at which every explicit world begins, so that runs are repeatable.
const EXPLICIT_START: Timestamp = Timestamp::constant(1_772_413_200, 0);

/// A shared clock; clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    Explicit(watch::Sender<Timestamp>),
    Auto,
}

impl Clock {
    /// A clock that stands still until [`Clock::advance`] moves it.
    #[must_use]
    pub fn explicit() -> Self {
        Self(Arc::new(Kind::Explicit(watch::Sender::new(EXPLICIT_START))))
    }

    /// A clock that follows real time.
    #[must_use]
    pub fn auto() -> Self {
        Self(Arc::new(Kind::Auto))
    }

    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the simulators' one place that reads time"
    )]
    pub fn now(&self) -> Timestamp {
        match self.0.as_ref() {
            Kind::Explicit(now) => *now.borrow(),
            Kind::Auto => Timestamp::now(),
        }
    }

    /// Whether time only moves when told to.
    #[must_use]
    pub fn is_explicit(&self) -> bool {
        matches!(self.0.as_ref(), Kind::Explicit(_))
    }

    /// Moves an explicit clock forward and wakes its sleepers; an auto clock ignores it.
    ///
    /// Most callers want [`crate::World::advance`], which also lets the parts catch up.
    pub fn advance(&self, by: Duration) {
        match self.0.as_ref() {
            Kind::Explicit(now) => now.send_modify(|at| *at = later(*at, by)),
            Kind::Auto => {}
        }
    }

    /// Waits on this clock: for an explicit one, until somebody advances it far enough.
    #[expect(
        clippy::disallowed_methods,
        reason = "simulators wait on real time in auto mode"
    )]
    pub async fn sleep(&self, how_long: Duration) {
        match self.0.as_ref() {
            Kind::Auto => tokio::time::sleep(how_long).await,
            Kind::Explicit(now) => {
                let until = later(*now.borrow(), how_long);
                // The sender lives in `self`, so waiting can only end by reaching the time.
                let _ = now.subscribe().wait_for(|at| *at >= until).await;
            }
        }
    }
}

/// `at + by`, held at the greatest time that can be written.
#[must_use]
pub fn later(at: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| at.checked_add(by).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_explicit_sleeper_wakes_when_time_is_moved_past_it() {
        let clock = Clock::explicit();
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(10)).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(9));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        sleeper.await.expect("a sleeper that wakes");
    }
}
