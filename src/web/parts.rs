//! The small parts that every page shows alike: times, icons, states, people.

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::Timestamp;

use super::layout::Chrome;
use crate::identity::Person;

/// A `<time>` that the browser keeps true.
#[derive(Debug, Clone, Template)]
#[template(path = "web/time_part.html")]
pub struct Time {
    at: Timestamp,
    exact: String,
    shown: String,
    form: &'static str,
}

/// An outline from the sprite.
#[derive(Debug, Clone, Template)]
#[template(path = "web/icon_part.html")]
pub struct Icon {
    href: String,
    class: &'static str,
}

/// How something is: icon, word, time. The tone is the third signal, never the only one.
#[derive(Debug, Clone, Template)]
#[template(path = "web/state_part.html")]
pub struct State {
    pub tone: Tone,
    pub icon: Icon,
    pub word: String,
    pub since: Option<Time>,
    pill: bool,
}

/// Somebody by display name, with a square of two characters.
#[derive(Debug, Clone, Template)]
#[template(path = "web/person_part.html")]
pub struct Who {
    person: Person,
}

impl HtmlSafe for Time {}
impl HtmlSafe for Icon {}
impl HtmlSafe for State {}
impl HtmlSafe for Who {}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Ok,
    Run,
    Wait,
    Fail,
    Hold,
    Idle,
}

impl Tone {
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Ok => "is-ok",
            Self::Run => "is-run",
            Self::Wait => "is-wait",
            Self::Fail => "is-fail",
            Self::Hold => "is-hold",
            Self::Idle => "is-idle",
        }
    }

    #[must_use]
    pub const fn icon(self) -> &'static str {
        match self {
            Self::Ok => "circle-check",
            Self::Run => "loader-2",
            Self::Wait => "clock",
            Self::Fail => "circle-x",
            Self::Hold => "hand-stop",
            Self::Idle => "circle-minus",
        }
    }
}

impl State {
    /// The one beside a page's title.
    #[must_use]
    pub fn pill(mut self) -> Self {
        self.pill = true;
        self
    }
}

impl Chrome {
    /// "26 min ago".
    #[must_use]
    pub fn time(&self, at: &Timestamp) -> Time {
        self.timed(at, self.ago(at), "")
    }

    /// "26 min", for how long something has been so.
    #[must_use]
    pub fn for_long(&self, at: &Timestamp) -> Time {
        self.timed(at, self.since(at), "span")
    }

    /// "09:33:52".
    #[must_use]
    pub fn at_clock(&self, at: &Timestamp) -> Time {
        self.timed(at, self.clock(at), "clock")
    }

    fn timed(&self, at: &Timestamp, shown: String, form: &'static str) -> Time {
        Time {
            at: *at,
            exact: self.exact(at),
            shown,
            form,
        }
    }

    /// An icon of text size.
    #[must_use]
    pub fn i(&self, name: &str) -> Icon {
        let href = self.icon(name);
        Icon { href, class: "i" }
    }

    /// An icon in running text.
    #[must_use]
    pub fn i_small(&self, name: &str) -> Icon {
        Icon {
            class: "i i-sm",
            ..self.i(name)
        }
    }

    /// What is under way.
    #[must_use]
    pub fn turning(&self) -> Icon {
        Icon {
            class: "i turn",
            ..self.i("loader-2")
        }
    }

    #[must_use]
    pub fn state(&self, tone: Tone, word: String, since: Option<&Timestamp>) -> State {
        let icon = self.i(tone.icon());
        let icon = match tone {
            Tone::Run => Icon {
                class: "i turn",
                ..icon
            },
            Tone::Ok | Tone::Wait | Tone::Fail | Tone::Hold | Tone::Idle => icon,
        };
        State {
            tone,
            icon,
            word,
            since: since.map(|at| self.for_long(at)),
            pill: false,
        }
    }

    #[must_use]
    pub fn who(&self, person: &Person) -> Who {
        let person = person.clone();
        Who { person }
    }
}
