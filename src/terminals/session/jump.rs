//! Passing over what was held back, once somebody breaks it off.
//!
//! A flood that a slow screen holds back also fills every buffer on its way, in the cluster and
//! before it. All of that stands before the answer to Ctrl-C; so it is read and recorded as fast
//! as it comes, and of what was not sent yet only the last lines are shown.

use std::time::Duration;

use tokio::time::Instant;

/// Ctrl-C, Ctrl-Z and Ctrl-\: what breaks off the program in front.
const BREAKS: [u8; 3] = [0x03, 0x1a, 0x1c];
/// When nothing came for so long, all that was on its way is there.
const QUIET: Duration = Duration::from_millis(100);
/// A program that goes on in spite of it is shown again after so long.
const LONGEST: Duration = Duration::from_secs(1);
/// What comes faster than this in that time was on its way: an API server, what forwards to it and
/// the network between hold tens of megabytes. It earns as much time again.
const BACKLOG_BYTES: usize = 2 * 1024 * 1024;
/// But no program is passed over for longer than this.
const LONGEST_OF_ALL: Duration = Duration::from_secs(10);
/// Of what was passed over so much is shown, at most: the last lines, with the prompt.
pub const SHOWN_BYTES: usize = 4 * 1024;

/// One that is under way.
#[derive(Debug, Clone, Copy)]
pub struct Jump {
    began: Instant,
    heard: Instant,
    /// Since when these bytes came.
    since: Instant,
    bytes: usize,
}

#[must_use]
pub fn breaks_off(keys: &[u8]) -> bool {
    keys.iter().any(|key| BREAKS.contains(key))
}

impl Jump {
    #[must_use]
    pub const fn new(now: Instant) -> Self {
        Self {
            began: now,
            heard: now,
            since: now,
            bytes: 0,
        }
    }

    /// So much was passed over.
    pub const fn hear(&mut self, now: Instant, bytes: usize) {
        self.heard = now;
        self.bytes += bytes;
        if self.bytes >= BACKLOG_BYTES {
            self.since = now;
            self.bytes = 0;
        }
    }

    /// When it is over unless something comes before.
    #[must_use]
    pub fn ends_at(&self) -> Instant {
        let longest = (self.since + LONGEST).min(self.began + LONGEST_OF_ALL);
        (self.heard + QUIET).min(longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_break_off_are_known_among_others() {
        for keys in [&b"\x03"[..], b"\x1a", b"\x1c", b"yes\n\x03"] {
            assert!(breaks_off(keys), "{keys:?}");
        }
        for keys in [&b""[..], b"c", b"\x04", b"\x1b[A", "你".as_bytes()] {
            assert!(!breaks_off(keys), "{keys:?}");
        }
    }

    #[test]
    fn it_lasts_until_it_is_quiet_or_what_comes_is_new() {
        let now = Instant::now();
        let mut jump = Jump::new(now);
        assert_eq!(jump.ends_at(), now + QUIET);
        let later = now + QUIET / 2;
        jump.hear(later, 1);
        assert_eq!(jump.ends_at(), later + QUIET);
        jump.hear(now + LONGEST, 1);
        assert_eq!(jump.ends_at(), now + LONGEST);
        let much = now + LONGEST - QUIET;
        jump.hear(much, BACKLOG_BYTES);
        assert_eq!(jump.ends_at(), now + LONGEST);
        jump.hear(much + LONGEST, BACKLOG_BYTES - 1);
        assert_eq!(jump.ends_at(), much + LONGEST);
        let end = now + LONGEST_OF_ALL;
        jump.hear(end, BACKLOG_BYTES);
        assert_eq!(jump.ends_at(), end);
    }
}
