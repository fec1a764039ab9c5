//! Who is in a terminal besides its owner, and what all of them are told of each other.
//!
//! Invariant: the owner's screen alone holds the shell back. A guest who is slower is sent on,
//! and there is one keyboard.

use serde::Serialize;
use utoipa::ToSchema;

use super::modes::TOLD_BYTES;
use super::scroll::{Entry, Scroll};
use super::window;
use super::{Next, jump};
use crate::identity::{AccountId, Person, Presence};
use crate::integrations::kubernetes::Size;

/// Somebody who was let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TerminalGuest)]
pub struct Guest {
    #[serde(skip)]
    pub account: AccountId,
    pub person: Person,
    /// Whether the keyboard is theirs just now.
    pub types: bool,
}

/// Which place a viewer has, and the number of their coming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    pub seat: Seat,
    pub number: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seat {
    Owner,
    Guest,
}

/// A guest who has come.
#[derive(Debug)]
pub struct Here {
    pub number: u64,
    pub presence: Presence,
    /// Up to where their page has shown it.
    pub shown: u64,
    /// Where they began, with what they are told first.
    pub entry: Entry,
}

/// What everybody in a terminal sees of who is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Company {
    /// The reader's own place.
    pub you: Seat,
    pub owner: Person,
    pub owner_here: bool,
    pub guest: Option<Guest>,
    pub guest_here: bool,
    pub columns: u16,
    pub rows: u16,
}

/// The guest's part of a terminal's state.
#[derive(Debug)]
pub struct Circle {
    pub guest: Option<Guest>,
    pub here: Option<Here>,
    /// Grows with every change that is told; nothing is told before somebody was let in.
    pub version: u64,
    pub size: Size,
}

impl Circle {
    #[must_use]
    pub const fn new(size: Size) -> Self {
        Self {
            guest: None,
            here: None,
            version: 0,
            size,
        }
    }

    pub const fn change(&mut self) {
        self.version += 1;
    }

    /// Something that only matters where a guest is told of it.
    pub const fn change_if_any(&mut self) {
        if self.guest.is_some() {
            self.change();
        }
    }

    /// The guest's, where there is one.
    #[must_use]
    pub fn name(&self) -> String {
        let name = |guest: &Guest| guest.person.name.clone();
        self.guest.as_ref().map_or_else(String::new, name)
    }

    /// Whose the keyboard is.
    #[must_use]
    pub fn typist(&self) -> Seat {
        match &self.guest {
            Some(guest) if guest.types => Seat::Guest,
            Some(_) | None => Seat::Owner,
        }
    }

    #[must_use]
    pub fn is_here(&self, number: u64) -> bool {
        self.here.as_ref().is_some_and(|here| here.number == number)
    }

    /// What a guest who has everything before `from` is to do; nothing for one who is up to date.
    #[must_use]
    pub fn next(
        &mut self,
        number: u64,
        from: u64,
        (scroll, most): (&Scroll, usize),
    ) -> Option<Next> {
        let here = self.here.as_mut().filter(|_| self.guest.is_some());
        let Some(here) = here else {
            return Some(Next::Dismissed);
        };
        if here.number != number {
            return Some(Next::Replaced);
        }
        if from < here.entry.at {
            return Some(Next::Pass(here.entry.clone()));
        }
        if from < scroll.begin() {
            let last = scroll.last_lines(jump::SHOWN_BYTES);
            let entry = scroll.enter(last.max(from + TOLD_BYTES), from);
            // What is passed over is never shown, and so holds nothing up.
            here.shown = here.shown.max(entry.at);
            return Some(Next::Pass(entry));
        }
        if from >= scroll.end() {
            return None;
        }
        let has_room = from.saturating_sub(here.shown) < window::LEAST_BYTES;
        Some(match has_room {
            true => Next::Show(scroll.read(from, most)),
            false => Next::Wait,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Door;

    fn circle() -> Circle {
        let size = Size {
            columns: 80,
            rows: 24,
        };
        let mut circle = Circle::new(size);
        let account = AccountId::new();
        circle.guest = Some(Guest {
            account,
            person: Person {
                name: "zhao".to_owned(),
                display_name: "Zhao".to_owned(),
            },
            types: false,
        });
        circle.here = Some(Here {
            number: 2,
            presence: Presence {
                account,
                door: Door::Session("a key".to_owned()),
            },
            shown: 0,
            entry: Entry::default(),
        });
        circle
    }

    /// However often a guest is sent on before a word of theirs comes, the next bytes come.
    #[test]
    fn a_guest_who_was_sent_on_is_shown_what_follows() {
        let (mut circle, mut scroll) = (circle(), Scroll::default());
        let mut from = 0;
        for _ in 0..5 {
            scroll.push(&[b'x'; 300_000], 100_000);
            let next = circle.next(2, from, (&scroll, 100));
            let to = scroll.last_lines(jump::SHOWN_BYTES);
            let entry = scroll.enter(to, from);
            assert_eq!((entry.at, &entry.told[..]), (to, &b""[..]));
            assert_eq!(next, Some(Next::Pass(entry)));
            from = to;
        }
        let next = circle.next(2, from, (&scroll, 100));
        assert_eq!(next, Some(Next::Show(vec![b'x'; 100])));
        assert_eq!(circle.next(2, scroll.end(), (&scroll, 100)), None);
    }

    #[test]
    fn a_guest_waits_for_their_own_screen_and_goes_when_put_out() {
        let (mut circle, mut scroll) = (circle(), Scroll::default());
        scroll.push(&[b'x'; 60_000], 100_000);
        let next = circle.next(2, window::LEAST_BYTES, (&scroll, 100));
        assert_eq!(next, Some(Next::Wait));
        assert_eq!(circle.next(1, 0, (&scroll, 100)), Some(Next::Replaced));
        assert_eq!(circle.typist(), Seat::Owner);
        circle.guest = None;
        assert_eq!(circle.next(2, 0, (&scroll, 100)), Some(Next::Dismissed));
    }
}
