//! How long a peer may say nothing.
//!
//! One timer for all that a connection ever says: to begin one with each message costs more than
//! the message where a person's keys are concerned.

use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use tokio::time::{Instant, Sleep, sleep_until};

/// A peer said nothing for longer than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing was heard for too long")]
pub struct Silent;

/// Watches over one connection's incoming side.
#[derive(Debug)]
pub struct Silence {
    within: Duration,
    heard: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Silence {
    #[must_use]
    pub fn new(within: Duration) -> Self {
        let heard = Instant::now();
        Self {
            within,
            heard,
            timer: Box::pin(sleep_until(heard + within)),
        }
    }

    /// What comes next, or nothing at the stream's end. What has come already is given however
    /// late it is asked for. May be given up and asked again.
    ///
    /// # Errors
    /// [`Silent`] when nothing came for so long since the last.
    pub async fn next<S>(&mut self, from: &mut S) -> Result<Option<S::Item>, Silent>
    where
        S: Stream + Unpin,
    {
        loop {
            tokio::select! {
                biased;
                said = from.next() => {
                    self.heard = Instant::now();
                    return Ok(said);
                }
                () = &mut self.timer => {
                    let due = self.heard + self.within;
                    if due <= Instant::now() {
                        return Err(Silent);
                    }
                    self.timer.as_mut().reset(due);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use tokio::time::interval;

    use super::*;

    #[tokio::test]
    async fn each_word_begins_it_anew_and_what_came_is_given_late() {
        let within = Duration::from_millis(400);
        let every = within / 20;
        let words = stream::unfold(interval(every), |mut ticks| async move {
            ticks.tick().await;
            Some(((), ticks))
        });
        let words = words.take(30);
        let mut words = Box::pin(words.chain(stream::pending()));
        let mut silence = Silence::new(within);
        let begun = Instant::now();
        for _ in 0..30 {
            assert_eq!(silence.next(&mut words).await, Ok(Some(())));
        }
        assert_eq!(silence.next(&mut words).await, Err(Silent));
        assert!(begun.elapsed() >= 29 * every + within);
        let mut late = stream::iter([7]);
        assert_eq!(silence.next(&mut late).await, Ok(Some(7)));
        assert_eq!(silence.next(&mut late).await, Ok(None));
    }
}
