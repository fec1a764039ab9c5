//! When a terminal ends by itself.

use std::time::Duration;

use tokio::time::Instant;

use crate::terminals::Ending;

/// What is known of a terminal, at some time.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// When somebody typed last.
    pub typed_at: Instant,
    /// Since when nobody looks.
    pub alone_since: Option<Instant>,
    pub ends_at: Instant,
}

/// What is left to whom.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Without a key.
    pub idle: Duration,
    /// Without anybody who looks.
    pub grace: Duration,
}

/// The first that strikes: why, and when.
#[must_use]
pub fn next(facts: &Facts, limits: &Limits) -> (Ending, Instant) {
    let length = (Ending::TooLong, facts.ends_at);
    let idle = (Ending::Idle, facts.typed_at + limits.idle);
    let alone = facts
        .alone_since
        .map(|since| (Ending::Abandoned, since + limits.grace));
    let strikes = [Some(length), Some(idle), alone].into_iter().flatten();
    strikes.min_by_key(|(_, at)| *at).unwrap_or(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_limit_strikes() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let limits = Limits {
            idle: Duration::from_secs(100),
            grace: Duration::from_secs(10),
        };
        for (typed, alone, ends, expected) in [
            (0, None, 1000, (Ending::Idle, 100)),
            (950, None, 1000, (Ending::TooLong, 1000)),
            (0, Some(5), 1000, (Ending::Abandoned, 15)),
            (0, Some(95), 1000, (Ending::Idle, 100)),
            (950, Some(995), 1000, (Ending::TooLong, 1000)),
        ] {
            let facts = Facts {
                typed_at: at(typed),
                alone_since: alone.map(at),
                ends_at: at(ends),
            };
            let (why, when) = expected;
            assert_eq!(next(&facts, &limits), (why, at(when)));
        }
    }
}
