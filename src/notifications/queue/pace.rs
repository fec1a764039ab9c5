//! How fast a way may be used: a bucket of tokens, and growing pauses after failures.

use std::time::Duration;

use jiff::Timestamp;

use crate::notifications::channel::Kind;

/// A bucket that holds so many and fills at such a rate. In no minute are there more than
/// `most + 60 * per_second`, which is below what the other side allows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    pub most: f64,
    pub per_second: f64,
}

impl Pace {
    /// DingTalk and WeCom take 20 a minute and then hear nothing for ten; Feishu 100 a minute and
    /// 5 a second. Mail and webhooks have no rule of their own, but a person at the other end.
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Dingtalk | Kind::Wecom => Self {
                most: 5.0,
                per_second: 0.25,
            },
            Kind::Feishu => Self {
                most: 4.0,
                per_second: 1.0,
            },
            Kind::Mail | Kind::Webhook => Self {
                most: 10.0,
                per_second: 0.5,
            },
        }
    }

    /// Takes one token: what is left, or how long until there is one.
    pub fn take(self, tokens: f64, since: Timestamp, now: Timestamp) -> Result<f64, Duration> {
        let seconds = now.duration_since(since).as_secs_f64().max(0.0);
        let there = (tokens + seconds * self.per_second).min(self.most);
        if there >= 1.0 {
            return Ok(there - 1.0);
        }
        Err(Duration::from_secs_f64((1.0 - there) / self.per_second))
    }
}

/// After this many tries a message is given up: about four hours.
pub const MAX_ATTEMPTS: i32 = 12;
const FIRST: u64 = 10;
const LONGEST: u64 = 3600;

/// The pause after so many failures in a row.
#[must_use]
pub fn back_off(failures: i32) -> Duration {
    let doublings = u32::try_from(failures.max(0)).unwrap_or(0).min(20);
    Duration::from_secs(FIRST.saturating_mul(1 << doublings).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever sends whenever the bucket lets them never passes the vendor's limit in any minute.
    #[test]
    fn no_minute_has_more_than_the_vendor_takes() {
        for (kind, most) in [(Kind::Dingtalk, 20), (Kind::Wecom, 20), (Kind::Feishu, 100)] {
            let pace = Pace::of(kind);
            let (mut now, mut tokens, mut at) = (0_i64, pace.most, 0_i64);
            let mut sent: Vec<i64> = Vec::new();
            let time = |millis: i64| Timestamp::from_millisecond(millis).unwrap();
            while now < 300_000 {
                if let Ok(left) = pace.take(tokens, time(at), time(now)) {
                    (tokens, at) = (left, now);
                    sent.push(now);
                }
                now += 50;
            }
            for start in &sent {
                let in_a_minute = sent.iter().filter(|s| (0..60_000).contains(&(*s - start)));
                assert!(in_a_minute.count() <= most, "{kind}");
                let in_a_second = sent.iter().filter(|s| (0..1000).contains(&(*s - start)));
                assert!(in_a_second.count() <= 5, "{kind}");
            }
        }
    }

    #[test]
    fn pauses_grow_and_end_at_an_hour() {
        let seconds: Vec<u64> = (0..10).map(|n| back_off(n).as_secs()).collect();
        assert_eq!(seconds, [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]);
        assert_eq!(back_off(i32::MAX).as_secs(), 3600);
    }
}
