//! How fast a shell is read that nobody looks at.
//!
//! With nobody to wait for, a flood would take a processor to itself until somebody comes back.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Session;

/// Faster than any program whose output somebody wants, and a small part of what a processor can.
const BYTES_PER_SECOND: u64 = 32 * 1024 * 1024;
/// What comes at once before it is held against the time that it took.
const AT_ONCE_BYTES: u64 = 1024 * 1024;

/// Since when it is counted, and from which byte on; nothing while somebody looks.
#[derive(Debug, Default)]
pub struct Pace(Option<(Instant, u64)>);

impl Pace {
    /// Waits while too much came too fast, or until somebody looks.
    pub async fn keep(&mut self, session: &Session) {
        while let Some(end) = session.shown_to_nobody() {
            let now = Instant::now();
            let (since, from) = *self.0.get_or_insert((now, end));
            let bytes = end.saturating_sub(from);
            if bytes < AT_ONCE_BYTES {
                return;
            }
            let due = since + Duration::from_millis(bytes * 1000 / BYTES_PER_SECOND);
            if due <= now {
                self.0 = Some((now, end));
                return;
            }
            let _ = timeout_at(due, session.room.notified()).await;
        }
        self.0 = None;
    }
}
