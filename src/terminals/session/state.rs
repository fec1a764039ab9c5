//! What is known of one open terminal, under one lock: what it shows, who looks, what was typed.
//!
//! Invariant: the owner's screen holds the shell up as long as they are there, and nobody does
//! once they are away; what is kept of its output is bounded either way.

use tokio::time::Instant;

use super::company::{Circle, Seat, Viewer};
use super::jump::Jump;
use super::keys::Keys;
use super::modes::TOLD_BYTES;
use super::scroll::{Entry, Scroll};
use super::window::Window;
use super::{Ended, Next};
use crate::identity::Presence;
use crate::integrations::kubernetes::Size;
use crate::terminals::Ending;

/// Kept of what was shown beyond a window: it may be full but for a byte when the shell is read,
/// and that comes in pieces.
const BESIDE_BYTES: u64 = 2 * 16 * 1024;
/// Kept in any case, for a page that comes anew or back.
const KEPT_BYTES: usize = 64 * 1024;

pub struct State {
    pub scroll: Scroll,
    /// Up to where the viewer has shown it.
    pub shown: u64,
    pub window: Window,
    /// Under way while what was held back is passed over.
    pub jump: Option<Jump>,
    /// The owner is shown nothing before it.
    pub entry: Entry,
    /// Counts viewers.
    pub comings: u64,
    /// The owner's last one; no other of theirs types or is shown anything.
    pub viewer: u64,
    pub circle: Circle,
    pub presence: Presence,
    pub alone_since: Option<Instant>,
    pub typed_at: Instant,
    pub keys: Keys,
    pub ends_at: Instant,
    /// Since when the recording cannot be written.
    pub unwritten_since: Option<Instant>,
    /// Why it is to end, before its task has seen it.
    pub told_to_end: Option<Ending>,
    pub ended: Option<Ended>,
}

impl State {
    #[must_use]
    pub fn new((presence, size): (Presence, Size), (now, ends_at): (Instant, Instant)) -> Self {
        Self {
            scroll: Scroll::default(),
            shown: 0,
            window: Window::default(),
            jump: None,
            entry: Entry::default(),
            comings: 0,
            viewer: 0,
            circle: Circle::new(size),
            presence,
            alone_since: Some(now),
            typed_at: now,
            keys: Keys::default(),
            ends_at,
            unwritten_since: None,
            told_to_end: None,
            ended: None,
        }
    }

    /// How much the shell has shown that its viewer has not.
    pub fn ahead(&self) -> u64 {
        self.scroll.end().saturating_sub(self.shown)
    }

    /// Whether the shell may go on whatever was confirmed: during a jump, and while the owner is
    /// away.
    pub const fn holds_nobody_up(&self) -> bool {
        self.jump.is_some() || self.alone_since.is_some()
    }

    /// From which byte on somebody looks who has everything before one, or nothing; and where they
    /// go on where that is gone.
    pub fn enter(&self, from: Option<u64>) -> (u64, Entry) {
        let begin = self.scroll.begin();
        match from {
            None => {
                let entry = self.scroll.enter(begin, 0);
                let told = entry.told.len() as u64;
                (entry.at.saturating_sub(told), entry)
            }
            Some(from) if from < begin => {
                let entry = self.scroll.enter(begin.max(from + TOLD_BYTES), from);
                (from, entry)
            }
            Some(from) => (from.min(self.scroll.end()), Entry::default()),
        }
    }

    /// Whether it is the last one on their seat.
    pub fn is_now(&self, viewer: Viewer) -> bool {
        match viewer.seat {
            Seat::Owner => self.viewer == viewer.number,
            Seat::Guest => self.circle.is_here(viewer.number),
        }
    }

    /// Nothing for one who is up to date.
    pub fn next_of_owner(&self, number: u64, from: u64) -> Option<Next> {
        if self.viewer != number {
            return Some(Next::Replaced);
        }
        if self.jump.is_some() {
            return Some(Next::Wait);
        }
        let passed = self.entry.at.saturating_sub(from);
        // So little that its telling would be longer is shown instead.
        if passed > 0 && passed >= self.entry.told.len() as u64 {
            return Some(Next::Pass(self.entry.clone()));
        }
        let most = self.window.piece();
        (from < self.scroll.end()).then(|| Next::Show(self.scroll.read(from, most)))
    }

    /// What the viewer has not confirmed is kept, because the shell waits before there is too much
    /// of it; but while it does not wait, the viewer is told where to go on.
    pub fn push(&mut self, bytes: &[u8]) {
        let before = self.ahead();
        let ahead = before + bytes.len() as u64;
        let usual = self.window.bytes() + BESIDE_BYTES;
        let needed = match self.holds_nobody_up() {
            true => usual,
            // Of a window that was longer a moment ago there may be more.
            false => usual.max(ahead),
        };
        let most = usize::try_from(needed).unwrap_or(usize::MAX);
        self.scroll.push(bytes, most.max(KEPT_BYTES));
        let now = Instant::now();
        self.window.grow(self.scroll.end(), (before, ahead), now);
    }

    /// Only where something is held back; true if it has begun.
    pub fn begin_jump(&mut self) -> bool {
        let begins = self.jump.is_none() && self.ahead() >= self.window.bytes() / 2;
        if begins {
            self.jump = Some(Jump::new(Instant::now()));
        }
        begins
    }

    /// More came during a jump, if there is one; true if it has lasted too long.
    pub fn pass_over(&mut self, bytes: usize) -> bool {
        let over = |jump: &mut Jump| {
            let now = Instant::now();
            jump.hear(now, bytes);
            jump.ends_at() <= now
        };
        self.jump.as_mut().is_some_and(over)
    }
}
