//! One open terminal: what its shell and whoever looks at it share.
//!
//! Invariant: the shell's input is held by its own task alone, so that ending that task is the
//! end of every key. Nobody waits here: bytes are shown when both the recording and the viewer
//! have room for them.

pub mod clock;
pub mod company;
mod jump;
mod keys;
mod modes;
mod pace;
mod scroll;
pub mod shell;
mod state;
pub mod viewer;
mod window;
pub mod wire;

use std::ops::Range;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Bytes;

use self::clock::Facts;
use self::company::{Company, Guest, Here, Seat, Viewer};
use self::keys::Telling;
use self::scroll::Entry;
use self::state::State;
use self::window::Window;
use super::pods::Pod;
use super::recording::{Mark, Piece, Tape, What};
use super::{Ending, TerminalId};
use crate::audit::Origin;
use crate::config::RecordingRate;
use crate::identity::{AccountId, Permission, Person, Presence, ProjectId, Scope};
use crate::integrations::kubernetes::Size;

/// What stays as it was when the terminal was opened.
#[derive(Debug, Clone)]
pub struct Opened {
    pub id: TerminalId,
    pub account: AccountId,
    pub person: Person,
    pub project: ProjectId,
    pub right: Permission,
    /// Where that right is asked for.
    pub scope: Scope,
    pub strict: bool,
    pub pod: Pod,
    pub ends_at: Timestamp,
    /// Whoever opened it, for the record of its end.
    pub origin: Origin,
}

pub struct Session {
    pub opened: Opened,
    state: Mutex<State>,
    tape: Mutex<Tape>,
    began: Instant,
    /// Rung when there is something to tell the shell.
    typed: Notify,
    /// Changes when there is something new to show.
    pub news: watch::Sender<u64>,
    /// Rung when it may be over sooner than was thought.
    limits: Notify,
    /// Rung when there may be room again.
    pub room: Notify,
    /// Rung when a jump has begun.
    jumps: Notify,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    pub ending: Ending,
    pub exit_code: Option<i32>,
}

impl From<Ending> for Ended {
    fn from(ending: Ending) -> Self {
        Self {
            ending,
            exit_code: None,
        }
    }
}

/// What a viewer is to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    Show(Vec<u8>),
    /// Go on there; all before it was passed over.
    Pass(Entry),
    Wait,
    /// Somebody came, went or was handed the keyboard; so many changes there were.
    Meet(u64, Box<Company>),
    Replaced,
    /// A guest who is none any more.
    Dismissed,
    Ended(Ended),
}

/// A poisoned lock is one whose holder panicked; what it holds is still the best there is.
fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Session {
    #[must_use]
    pub fn new(
        opened: Opened,
        who: (Presence, Size),
        (ends_at, rate): (Instant, RecordingRate),
    ) -> Self {
        let now = Instant::now();
        Self {
            opened,
            state: Mutex::new(State::new(who, (now, ends_at))),
            tape: Mutex::new(Tape::new(rate)),
            began: now,
            typed: Notify::new(),
            news: watch::Sender::new(0),
            limits: Notify::new(),
            room: Notify::new(),
            jumps: Notify::new(),
        }
    }

    /// Milliseconds since it was begun.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub fn tape(&self) -> MutexGuard<'_, Tape> {
        locked(&self.tape)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Lets somebody look, instead of whoever did before on the same seat; gives their number, from
    /// where on, and what is yet to come. Who is neither the owner nor let in is told so at once.
    pub fn attach(&self, presence: Presence, from: Option<u64>) -> (Viewer, Range<u64>) {
        let mut state = self.state();
        state.comings += 1;
        let number = state.comings;
        let end = state.scroll.end();
        let (from, entry) = state.enter(from);
        let shown = from.max(entry.at);
        if presence.account != self.opened.account {
            drop(state);
            let here = Here {
                number,
                presence,
                shown,
                entry,
            };
            return (self.attach_guest(here), from..end);
        }
        state.viewer = number;
        state.presence = presence;
        state.alone_since = None;
        state.shown = shown;
        state.window = Window::default();
        state.entry = entry;
        state.circle.change_if_any();
        drop(state);
        self.mark(What::Mark(Mark::Attached));
        self.tell_news();
        self.room.notify_one();
        let seat = Seat::Owner;
        (Viewer { seat, number }, from..end)
    }

    fn attach_guest(&self, here: Here) -> Viewer {
        let mut state = self.state();
        let number = here.number;
        let guest = state.circle.guest.as_ref();
        if let Some(guest) = guest.filter(|guest| guest.account == here.presence.account) {
            let name = guest.person.name.clone();
            state.circle.here = Some(here);
            state.circle.change();
            drop(state);
            self.mark(What::Person(Mark::GuestCame, name));
            self.tell_news();
        }
        let seat = Seat::Guest;
        Viewer { seat, number }
    }

    pub fn leave(&self, viewer: Viewer) {
        let mut state = self.state();
        if state.ended.is_some() || !state.is_now(viewer) {
            return;
        }
        let what = match viewer.seat {
            Seat::Owner => {
                state.alone_since = Some(Instant::now());
                state.circle.change_if_any();
                What::Mark(Mark::Left)
            }
            Seat::Guest => {
                state.circle.here = None;
                state.circle.change();
                What::Person(Mark::GuestLeft, state.circle.name())
            }
        };
        drop(state);
        self.mark(what);
        self.limits.notify_one();
        // Nobody's screen holds the shell up any longer.
        self.room.notify_one();
        self.tell_news();
    }

    /// Who is let in from now on, and who has the keyboard; whoever else was there is put out.
    pub fn let_in(&self, guest: Option<Guest>) {
        let mut state = self.state();
        let (was, typed) = (state.circle.name(), state.circle.typist());
        if state.circle.guest == guest || state.ended.is_some() {
            return;
        }
        let stays = guest.as_ref().is_some_and(|g| g.person.name == was);
        let left = !stays && state.circle.here.is_some();
        if left {
            state.circle.here = None;
        }
        state.circle.guest = guest;
        state.circle.change();
        let (types, name) = (state.circle.typist(), state.circle.name());
        drop(state);
        let marks = [
            left.then(|| What::Person(Mark::GuestLeft, was.clone())),
            (types != typed).then_some(match types {
                Seat::Guest => What::Person(Mark::KeyboardGiven, name),
                Seat::Owner => What::Person(Mark::KeyboardTaken, was),
            }),
        ];
        marks.into_iter().flatten().for_each(|what| self.mark(what));
        self.tell_news();
    }

    /// The guest who looks just now, and by what they came in.
    #[must_use]
    pub fn guest_here(&self) -> Option<(Guest, Presence)> {
        let state = self.state();
        let guest = state.circle.guest.clone()?;
        let here = state.circle.here.as_ref()?;
        Some((guest, here.presence.clone()))
    }

    fn mark(&self, what: What) {
        self.tape().note(self.now_ms(), what);
    }

    /// What a viewer who has everything before `from`, and was told of so many changes, is to do.
    #[must_use]
    pub fn next(&self, viewer: Viewer, (from, told): (u64, u64)) -> Next {
        let mut state = self.state();
        let state = &mut *state;
        if state.is_now(viewer) && state.circle.version != told {
            let company = self.company(state, viewer.seat);
            return Next::Meet(state.circle.version, Box::new(company));
        }
        let next = match viewer.seat {
            Seat::Owner => state.next_of_owner(viewer.number, from),
            Seat::Guest => {
                let scroll = (&state.scroll, window::PIECE_BYTES);
                state.circle.next(viewer.number, from, scroll)
            }
        };
        let ended = || state.ended.map_or(Next::Wait, Next::Ended);
        next.unwrap_or_else(ended)
    }

    fn company(&self, state: &State, you: Seat) -> Company {
        Company {
            you,
            owner: self.opened.person.clone(),
            owner_here: state.alone_since.is_none(),
            guest: state.circle.guest.clone(),
            guest_here: state.circle.here.is_some(),
            columns: state.circle.size.columns,
            rows: state.circle.size.rows,
        }
    }

    /// A viewer has shown everything before this byte.
    pub fn confirm(&self, viewer: Viewer, offset: u64) {
        let mut state = self.state();
        if !state.is_now(viewer) || offset > state.scroll.end() {
            return;
        }
        if let (Seat::Guest, Some(here)) = (viewer.seat, &mut state.circle.here) {
            here.shown = here.shown.max(offset);
            drop(state);
            self.tell_news();
        } else {
            state.shown = state.shown.max(offset);
            let shown = state.shown;
            state.window.confirm(shown, Instant::now());
            drop(state);
            self.room.notify_one();
        }
    }

    /// Takes keys; gives how many were not taken, because the shell is far behind.
    pub fn type_in(&self, viewer: Viewer, keys: &[u8]) -> usize {
        let mut state = self.state();
        let types = state.is_now(viewer) && state.circle.typist() == viewer.seat;
        let is_over = state.ended.is_some() || state.told_to_end.is_some();
        if !types || is_over || keys.is_empty() {
            return 0;
        }
        state.typed_at = Instant::now();
        if !state.keys.take(keys) {
            return keys.len();
        }
        let jumps = jump::breaks_off(keys) && state.begin_jump();
        drop(state);
        self.typed.notify_one();
        if jumps {
            let what = What::Mark(Mark::PassedOver);
            self.tape().note(self.now_ms(), what);
            self.jumps.notify_one();
            self.room.notify_one();
        }
        0
    }

    /// When a jump that is under way is over, if nothing comes before.
    fn jump_ends_at(&self) -> Option<Instant> {
        self.state().jump.map(|jump| jump.ends_at())
    }

    /// Shows the last lines of what was passed over, and everything from there on.
    fn end_jump(&self) {
        let mut state = self.state();
        if state.jump.take().is_some() {
            let last = state.scroll.last_lines(jump::SHOWN_BYTES);
            state.entry = state.scroll.enter(last, state.shown);
            state.shown = state.shown.max(state.entry.at);
            drop(state);
            self.tell_news();
        }
    }

    /// The owner's screen says how big it is.
    pub fn resize(&self, viewer: Viewer, size: Size) {
        let mut state = self.state();
        let is_owner = viewer.seat == Seat::Owner && state.is_now(viewer);
        if is_owner && state.ended.is_none() {
            state.keys.resize(size);
            drop(state);
            self.typed.notify_one();
        }
    }

    /// Waits for what the shell is to be told.
    async fn telling(&self) -> Telling {
        loop {
            let next = self.state().keys.next(Instant::now());
            match next {
                Telling::Nothing(None) => self.typed.notified().await,
                Telling::Nothing(Some(at)) => drop(timeout_at(at, self.typed.notified()).await),
                Telling::Size(size) => {
                    self.sized(size);
                    return next;
                }
                Telling::Keys(_) => return next,
            }
        }
    }

    /// The shell is told so now; a guest sees it as the owner does.
    fn sized(&self, size: Size) {
        let mut state = self.state();
        state.circle.size = size;
        state.circle.change_if_any();
        drop(state);
        self.tell_news();
        let (columns, rows) = (size.columns, size.rows);
        self.mark(What::Resized { columns, rows });
    }

    /// The shell has taken so many bytes.
    fn took(&self, bytes: usize) {
        self.state().keys.taken(bytes);
    }

    /// Decides that it is over; the first reason counts.
    pub fn end(&self, why: Ending) {
        self.state().told_to_end.get_or_insert(why);
        self.limits.notify_one();
    }

    fn told_to_end(&self) -> Option<Ending> {
        self.state().told_to_end
    }

    #[must_use]
    pub fn presence(&self) -> Presence {
        self.state().presence.clone()
    }

    fn facts(&self) -> Facts {
        let state = self.state();
        Facts {
            typed_at: state.typed_at,
            alone_since: state.alone_since,
            ends_at: state.ends_at,
        }
    }

    /// For how long nobody has typed.
    #[must_use]
    pub fn quiet_for(&self) -> Duration {
        self.state().typed_at.elapsed()
    }

    /// Whether both the viewer and the recording, which has this room, can take more.
    fn has_room(&self, of_recording: usize) -> bool {
        let state = self.state();
        let is_shown = state.holds_nobody_up() || state.ahead() < state.window.bytes();
        drop(state);
        is_shown && self.tape().waiting() < of_recording
    }

    /// Whether its owner is away.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.state().alone_since.is_some()
    }

    /// How much it ever showed, where nobody looks.
    #[must_use]
    pub fn shown_to_nobody(&self) -> Option<u64> {
        let state = self.state();
        state.alone_since.map(|_| state.scroll.end())
    }

    /// The shell has shown something, in one piece or several; true if the recording should be
    /// written before its time.
    fn show(&self, pieces: impl Iterator<Item = Bytes>) -> bool {
        let now_ms = self.now_ms();
        let (mut length, mut is_filling) = (0, false);
        for bytes in pieces {
            length += bytes.len();
            let mut tape = self.tape();
            tape.output(now_ms, &bytes);
            is_filling = tape.is_filling();
            drop(tape);
            // Whoever looks does not wait for what the recording takes.
            self.state().push(&bytes);
        }
        let jump_is_over = self.state().pass_over(length);
        if jump_is_over {
            self.end_jump();
        }
        self.tell_news();
        is_filling
    }

    /// From now on nothing is taken any more; gives how much it ever showed.
    fn close(&self, ended: Ended) -> u64 {
        self.end_jump();
        let mut state = self.state();
        state.ended = Some(ended);
        let bytes = state.scroll.end();
        drop(state);
        let what = What::Ended(ended.ending, ended.exit_code);
        self.tape().note(self.now_ms(), what);
        self.tell_news();
        bytes
    }

    /// A piece of the recording was written; the shell may show more.
    pub fn written(&self, piece: &Piece) {
        self.tape().written(piece);
        self.state().unwritten_since = None;
        self.room.notify_one();
    }

    /// The recording could not be written; tells for how long by now.
    pub fn not_written(&self) -> Duration {
        let mut state = self.state();
        let since = state.unwritten_since.get_or_insert_with(Instant::now);
        since.elapsed()
    }

    fn tell_news(&self) {
        self.news.send_modify(|n| *n = n.wrapping_add(1));
    }
}
