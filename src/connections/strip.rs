//! A day of a system as a strip, with the words that say the same.

use super::{Day, Way};
use crate::web::layout::Chrome;
use crate::web::strip::{Mark, Strip};

/// The strip of a day; its sentence says how often it answered and where it was last silent.
#[must_use]
pub fn strip(c: &Chrome, day: &Day) -> Strip {
    let marks: Vec<Mark> = day.slots.iter().map(|s| mark(s.way())).collect();
    Strip::new(c, &marks, sentence(c, day))
}

const fn mark(way: Way) -> Mark {
    match way {
        Way::Good => Mark::Good,
        Way::Bad => Mark::Bad,
        Way::Unknown => Mark::Unknown,
    }
}

fn sentence(c: &Chrome, day: &Day) -> String {
    if day.looks == 0 {
        return c.t("health-day-none");
    }
    let said = c.t2("health-day", ("good", &day.good), ("looks", &day.looks));
    match day.last_bad() {
        Some(at) => format!("{said} {}", c.t1("health-day-bad", "ago", &c.ago(&at))),
        None => said,
    }
}
