//! A circuit breaker: a target that does not answer is left alone for a while.
//!
//! Invariant: after the pause exactly one call at a time may try, until one is answered.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug)]
pub struct Breaker {
    open_after: u32,
    pause: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Calls pass; so many failures came in a row.
    Closed { failures: u32 },
    /// No call passes before `until`.
    Open { until: Instant },
    /// One call is trying.
    Trying { since: Instant },
}

/// The leave to make one call. Dropped without [`Pass::finish`] (the caller went away), it counts
/// as nothing, and a trial that ended so is free again after the pause.
#[derive(Debug)]
pub struct Pass<'a>(&'a Breaker);

impl Breaker {
    pub fn new(open_after: u32, pause: Duration) -> Self {
        Self {
            open_after,
            pause,
            state: Mutex::new(State::Closed { failures: 0 }),
        }
    }

    /// Leave to call, or how long to wait before asking again.
    pub fn enter(&self, now: Instant) -> Result<Pass<'_>, Duration> {
        let mut state = self.state();
        let free_at = match *state {
            State::Closed { .. } => return Ok(Pass(self)),
            State::Open { until } => until,
            State::Trying { since } => since + self.pause,
        };
        if now < free_at {
            return Err(free_at - now);
        }
        *state = State::Trying { since: now };
        Ok(Pass(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// Says whether the target answered at all; what it answered does not matter here.
    pub fn finish(self, answered: bool, now: Instant) {
        let breaker = self.0;
        let mut state = breaker.state();
        let open = State::Open {
            until: now + breaker.pause,
        };
        *state = match (answered, *state) {
            (true, _) => State::Closed { failures: 0 },
            (false, State::Closed { failures }) if failures + 1 < breaker.open_after => {
                State::Closed {
                    failures: failures + 1,
                }
            }
            (false, State::Closed { .. } | State::Trying { .. }) => open,
            (false, State::Open { until }) => State::Open { until },
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(10);

    fn fail(breaker: &Breaker, now: Instant) {
        breaker.enter(now).expect("closed").finish(false, now);
    }

    #[test]
    fn opens_after_failures_in_a_row_only() {
        let (breaker, now) = (Breaker::new(2, PAUSE), Instant::now());
        fail(&breaker, now);
        breaker.enter(now).expect("closed").finish(true, now);
        fail(&breaker, now);
        assert!(breaker.enter(now).is_ok());
        fail(&breaker, now);
        assert_eq!(breaker.enter(now).unwrap_err(), PAUSE);
    }

    #[test]
    fn one_call_tries_after_the_pause_and_decides() {
        let (breaker, now) = (Breaker::new(1, PAUSE), Instant::now());
        fail(&breaker, now);
        let later = now + PAUSE;
        let trial = breaker.enter(later).expect("one trial");
        assert!(breaker.enter(later).is_err());
        trial.finish(false, later);
        assert_eq!(breaker.enter(later).unwrap_err(), PAUSE);
        let again = later + PAUSE;
        breaker.enter(again).expect("one trial").finish(true, again);
        assert!(breaker.enter(again).is_ok());
    }

    #[test]
    fn a_trial_that_never_ended_does_not_lock_the_target_for_ever() {
        let (breaker, now) = (Breaker::new(1, PAUSE), Instant::now());
        fail(&breaker, now);
        assert!(breaker.enter(now + PAUSE).is_ok());
        assert!(breaker.enter(now + PAUSE).is_err());
        assert!(breaker.enter(now + PAUSE * 2).is_ok());
    }
}
