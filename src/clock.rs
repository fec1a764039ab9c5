//! The process's one look at the host's clock. Rules and timers ask the database instead
//! (`slipway_now()`); this is for log lines, cookies and what is shown as "now" on a page.

use jiff::Timestamp;

/// The host's time.
#[must_use]
pub fn now() -> Timestamp {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one lawful place; everybody else is given the time"
    )]
    Timestamp::now()
}
