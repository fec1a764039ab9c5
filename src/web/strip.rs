//! A day in even slots, as a strip of marks with its words beside it.

use askama::Template;
use askama::filters::HtmlSafe;

use super::layout::Chrome;

/// Whether a slot was good, bad, or not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Good,
    Bad,
    Unknown,
}

/// The strip; its words say the same as its colours.
#[derive(Debug, Clone, Template)]
#[template(path = "web/strip_part.html")]
pub struct Strip {
    label: String,
    marks: Vec<(usize, &'static str, usize)>,
    width: usize,
    from: String,
    to: String,
}

impl HtmlSafe for Strip {}

const STEP: usize = 6;

impl Strip {
    /// `label` is the whole in one sentence, for those who see no colours or no picture.
    #[must_use]
    pub fn new(c: &Chrome, marks: &[Mark], label: String) -> Self {
        let shown = marks.iter().enumerate().map(|(n, mark)| match mark {
            Mark::Good => (n * STEP, "good", 16),
            // Also shorter and taller, so that colour is not the only sign.
            Mark::Bad => (n * STEP, "bad", 24),
            Mark::Unknown => (n * STEP, "none", 4),
        });
        Self {
            label,
            marks: shown.collect(),
            width: marks.len() * STEP,
            from: c.t("strip-from"),
            to: c.t("strip-to"),
        }
    }
}
