//! How much may be shown that the viewer has not confirmed.
//!
//! A screen that shows slowly needs little under way, and little is then held for it; one that is
//! quick, or far away, waits for us unless there is more. Both are told apart by how long a full
//! window takes to be shown, held against how long the least takes.

use std::time::Duration;

use tokio::time::Instant;

/// Of a slow screen, in bytes.
pub const LEAST_BYTES: u64 = 32 * 1024;
const MOST_BYTES: u64 = 256 * 1024;
/// A window that is shown within this is too short for whoever looks.
const QUICK: Duration = Duration::from_millis(2);
/// One that takes longer than this is too long, unless its viewer is far away.
const SLOW: Duration = Duration::from_millis(6);
/// What is sent in one message under a flood, at least.
pub const PIECE_BYTES: usize = 16 * 1024;

#[derive(Debug)]
pub struct Window {
    bytes: u64,
    /// Shown to a viewer who had everything before: how far, and when.
    single: Option<(u64, Instant)>,
    /// The least that it took them to confirm such a one.
    least: Option<Duration>,
    /// Where the window was full, and since when.
    full: Option<(u64, Instant)>,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            bytes: LEAST_BYTES,
            single: None,
            least: None,
            full: None,
        }
    }
}

impl Window {
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What goes into one message.
    #[must_use]
    pub fn piece(&self) -> usize {
        let share = usize::try_from(self.bytes / 4).unwrap_or(usize::MAX);
        share.max(PIECE_BYTES)
    }

    /// More is there, up to `end`; so much was not confirmed before it came, and so much is now.
    pub fn grow(&mut self, end: u64, (before, ahead): (u64, u64), now: Instant) {
        if before == 0 {
            self.single.get_or_insert((end, now));
        }
        if ahead >= self.bytes {
            self.full.get_or_insert((end, now));
        }
    }

    /// Everything before this was shown.
    pub fn confirm(&mut self, shown: u64, now: Instant) {
        let reached = |mark: &mut Option<(u64, Instant)>| {
            let (_, since) = mark.take_if(|(end, _)| *end <= shown)?;
            Some(now.saturating_duration_since(since))
        };
        if let Some(took) = reached(&mut self.single) {
            self.least = Some(self.least.map_or(took, |least| least.min(took)));
        }
        let Some(took) = reached(&mut self.full) else {
            return;
        };
        let least = self.least.unwrap_or_default();
        if took < QUICK.max(least * 7 / 4) {
            self.bytes = (self.bytes * 2).min(MOST_BYTES);
        } else if took > SLOW.max(least * 3) {
            self.bytes = (self.bytes / 2).max(LEAST_BYTES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the window comes to for a viewer who is so far away and shows so much a second.
    fn settled(away: Duration, bytes_per_second: f64) -> u64 {
        let mut window = Window::default();
        let mut now = Instant::now();
        let mut at = 0;
        let mut show = |window: &mut Window, bytes: u64| {
            at += bytes;
            window.grow(at, (0, bytes), now);
            #[expect(clippy::cast_precision_loss, reason = "far below that")]
            let shows = Duration::from_secs_f64(bytes as f64 / bytes_per_second);
            now += away + shows;
            window.confirm(at, now);
        };
        show(&mut window, 100);
        for _ in 0..100 {
            let full = window.bytes();
            show(&mut window, full);
        }
        window.bytes()
    }

    #[test]
    fn it_is_short_for_who_is_slow_and_long_for_who_is_quick_or_far_away() {
        let here = Duration::from_micros(100);
        let far = Duration::from_millis(80);
        assert_eq!(settled(here, 5e6), LEAST_BYTES);
        assert_eq!(settled(here, 500e6), MOST_BYTES);
        assert_eq!(settled(far, 35e6), MOST_BYTES);
        assert_eq!(settled(far, 1e5), LEAST_BYTES);
    }

    #[test]
    fn what_was_long_becomes_short_once_its_viewer_is_slow() {
        let mut window = Window::default();
        let begun = Instant::now();
        for at in 1..10 {
            window.grow(at, (1, window.bytes()), begun);
            window.confirm(at, begun);
        }
        assert_eq!((window.bytes(), window.piece()), (MOST_BYTES, 64 * 1024));
        window.grow(20, (1, MOST_BYTES), begun);
        // What is not all of it tells nothing yet.
        window.confirm(19, begun + 4 * SLOW);
        assert_eq!(window.bytes(), MOST_BYTES);
        window.confirm(20, begun + 5 * SLOW);
        assert_eq!(
            (window.bytes(), window.piece()),
            (MOST_BYTES / 2, 32 * 1024)
        );
    }
}
