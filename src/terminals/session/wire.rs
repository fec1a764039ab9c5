//! What is said over a terminal's WebSocket besides its bytes: small JSON texts. Binary messages
//! are output one way and keys the other.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::company::Company;
use crate::terminals::Ending;

/// The subprotocol; a pass stands beside it in the same header.
pub const PROTOCOL: &str = "slipway.terminal.v1";
/// How a pass is marked among subprotocols, which are the one thing that a page can send along.
pub const PASS: &str = "pass.";
/// A pasted file of a megabyte fits, and nothing that is meant to hurt.
pub const MESSAGE_BYTES: usize = 1024 * 1024;
/// No screen has more; some programs take memory by it.
const MOST_CELLS: u16 = 1000;

/// To the viewer.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Said {
    /// The first message: output goes on from this byte.
    Welcome {
        offset: u64,
        /// What stands before this byte was shown before, and what it asked of a screen was
        /// answered then.
        live_from: u64,
        ends_at: Timestamp,
        idle_seconds: u64,
        /// For how long nobody has typed by now.
        quiet_seconds: u64,
        grace_seconds: u64,
    },
    /// What was held back when somebody broke it off was passed over; output goes on from there.
    Skipped { bytes: u64, offset: u64 },
    /// The portal is still there: a page hears no pings, and is to notice when nothing comes.
    Here {
        /// For how long nobody has typed by now; a page hears only its own keys.
        quiet_seconds: u64,
    },
    /// More was typed at once than can be held; so much of it was not taken.
    NotTaken { bytes: usize },
    /// Who is in it; said again whenever that changes.
    Company(Box<Company>),
    /// The same person has come by another page.
    Replaced,
    /// A guest was put out, or had not been let in.
    Dismissed,
    Ended {
        ending: Ending,
        exit_code: Option<i32>,
    },
}

/// From the viewer.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Told {
    /// Everything before this byte has been shown.
    Shown {
        offset: u64,
    },
    Resize {
        columns: u16,
        rows: u16,
    },
    End,
}

impl Told {
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

impl Said {
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A size that programs bear.
#[must_use]
pub fn is_fit(columns: u16, rows: u16) -> bool {
    (1..=MOST_CELLS).contains(&columns) && (1..=MOST_CELLS).contains(&rows)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_are_as_described() {
        let resize = Told::read(r#"{"kind":"resize","columns":80,"rows":24}"#);
        let expected = Told::Resize {
            columns: 80,
            rows: 24,
        };
        assert_eq!(resize, Some(expected));
        for wrong in [
            r#"{"kind":"resize","columns":-1,"rows":24}"#,
            r#"{"kind":"resize","columns":80,"rows":24,"x":1}"#,
            r#"{"kind":"shell"}"#,
            "",
        ] {
            assert_eq!(Told::read(wrong), None, "{wrong}");
        }
        let ended = Said::Ended {
            ending: Ending::SignedOut,
            exit_code: None,
        };
        let expected = r#"{"kind":"ended","ending":"signed-out","exit_code":null}"#;
        assert_eq!(ended.text(), expected);
        assert!(is_fit(80, 24) && is_fit(1, 1000) && !is_fit(0, 24) && !is_fit(80, 1001));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}") {
            let _ = Told::read(&text);
        }
    }
}
