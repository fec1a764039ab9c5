//! What a shell is still to be told: keys that were typed ahead of it, and how big the screen is.
//!
//! Invariant: keys are held as bytes one after another, so that however they come they take no
//! more than may be typed ahead; of sizes only the last one is held, and that one always arrives.

use std::time::Duration;

use tokio::time::Instant;

use super::wire::MESSAGE_BYTES;
use crate::integrations::kubernetes::Size;

/// What may be typed ahead of a shell that does not read.
const AHEAD_BYTES: usize = MESSAGE_BYTES;
/// Sizes that come faster are somebody's game, and would fill the recording.
const SIZES_APART: Duration = Duration::from_millis(20);

#[derive(Debug, Default)]
pub struct Keys {
    ahead: Vec<u8>,
    /// Given to the shell, which has not taken them yet.
    given: usize,
    size: Option<Size>,
    sized_at: Option<Instant>,
}

/// What the shell is to be told now.
#[derive(Debug, PartialEq, Eq)]
pub enum Telling {
    Keys(Vec<u8>),
    Size(Size),
    /// Nothing before this time, or before there is something new.
    Nothing(Option<Instant>),
}

impl Keys {
    /// Whether they were taken: all or none.
    pub fn take(&mut self, keys: &[u8]) -> bool {
        let fits = self.ahead.len() + self.given + keys.len() <= AHEAD_BYTES;
        if fits {
            self.ahead.extend_from_slice(keys);
        }
        fits
    }

    /// The screen has this size from now on.
    pub const fn resize(&mut self, size: Size) {
        self.size = Some(size);
    }

    /// A size goes before keys, which may be meant for it.
    pub fn next(&mut self, now: Instant) -> Telling {
        let due = self.sized_at.map_or(now, |at| at + SIZES_APART);
        if due <= now
            && let Some(size) = self.size.take()
        {
            self.sized_at = Some(now);
            return Telling::Size(size);
        }
        if self.ahead.is_empty() {
            return Telling::Nothing(self.size.map(|_| due));
        }
        self.given += self.ahead.len();
        Telling::Keys(std::mem::take(&mut self.ahead))
    }

    /// The shell has taken so many bytes.
    pub const fn taken(&mut self, bytes: usize) {
        self.given = self.given.saturating_sub(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn size(columns: u16) -> Size {
        Size { columns, rows: 24 }
    }

    #[test]
    fn keys_come_in_order_and_no_more_than_may_wait() {
        let (mut keys, now) = (Keys::default(), Instant::now());
        assert_eq!(keys.next(now), Telling::Nothing(None));
        assert!(keys.take(b"a") && keys.take(b"") && keys.take(b"bc"));
        assert_eq!(keys.next(now), Telling::Keys(b"abc".to_vec()));
        // What the shell was given and has not taken counts as well.
        assert!(!keys.take(&[b'x'; AHEAD_BYTES]));
        keys.taken(3);
        assert!(keys.take(&[b'x'; AHEAD_BYTES]) && !keys.take(b"y"));
        assert_eq!(keys.next(now), Telling::Keys(vec![b'x'; AHEAD_BYTES]));
        assert_eq!(keys.next(now), Telling::Nothing(None));
    }

    #[test]
    fn one_byte_at_a_time_takes_no_more_room_than_all_at_once() {
        let mut keys = Keys::default();
        for _ in 0..2 * AHEAD_BYTES {
            keys.take(b"x");
        }
        assert_eq!(keys.ahead.len(), AHEAD_BYTES);
        assert!(keys.ahead.capacity() <= 2 * AHEAD_BYTES);
    }

    #[test]
    fn of_many_sizes_the_last_one_arrives() {
        let (mut keys, now) = (Keys::default(), Instant::now());
        keys.resize(size(1));
        assert_eq!(keys.next(now), Telling::Size(size(1)));
        let due = now + SIZES_APART;
        keys.resize(size(2));
        keys.resize(size(3));
        assert_eq!(keys.next(now), Telling::Nothing(Some(due)));
        keys.take(b"a");
        assert_eq!(keys.next(now), Telling::Keys(b"a".to_vec()));
        assert_eq!(keys.next(now), Telling::Nothing(Some(due)));
        assert_eq!(keys.next(due), Telling::Size(size(3)));
        assert_eq!(keys.next(due), Telling::Nothing(None));
    }
}
