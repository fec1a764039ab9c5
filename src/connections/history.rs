//! What an outside system said over the last day, in even slots.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::{Subject, store};
use crate::app::App;
use crate::db::DbError;

/// Slots of half an hour, which is a day.
pub const SLOTS: usize = 48;
const SLOT_SECONDS: i64 = 1800;
/// Samples are kept for this long.
pub const KEPT_DAYS: i32 = 8;

/// Half an hour of looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = HealthSlot)]
pub struct Slot {
    pub from: Timestamp,
    pub looks: i64,
    pub good: i64,
    /// The slowest good answer.
    pub millis: Option<i32>,
}

/// How a slot is, in three words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Good,
    Bad,
    /// Nobody looked.
    Unknown,
}

impl Slot {
    #[must_use]
    pub const fn way(&self) -> Way {
        match (self.looks, self.good) {
            (0, _) => Way::Unknown,
            (looks, good) if looks == good => Way::Good,
            _ => Way::Bad,
        }
    }
}

/// A day of one system.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = HealthDay)]
pub struct Day {
    pub slots: Vec<Slot>,
    pub looks: i64,
    pub good: i64,
}

impl Day {
    fn of(slots: Vec<Slot>) -> Self {
        Self {
            looks: slots.iter().map(|s| s.looks).sum(),
            good: slots.iter().map(|s| s.good).sum(),
            slots,
        }
    }

    /// When it was last seen to be silent, or to lack something.
    #[must_use]
    pub fn last_bad(&self) -> Option<Timestamp> {
        let bad = self.slots.iter().rev().find(|s| s.way() == Way::Bad);
        bad.map(|s| s.from)
    }
}

/// The last day of a system, oldest slot first, also those in which nobody looked.
///
/// # Errors
/// No database.
pub async fn day(app: &App, subject: Subject, id: Uuid) -> Result<Day, DbError> {
    let (now, found) = store::slots(app.db.pool(), subject, id, SLOT_SECONDS).await?;
    Ok(Day::of(fill(now, &found)))
}

fn fill(now: Timestamp, found: &[Slot]) -> Vec<Slot> {
    let last = now.as_second().div_euclid(SLOT_SECONDS);
    let first = last + 1 - i64::try_from(SLOTS).unwrap_or(0);
    let slot = |n: i64| {
        let from = Timestamp::from_second(n * SLOT_SECONDS).ok()?;
        let empty = Slot {
            from,
            looks: 0,
            good: 0,
            millis: None,
        };
        Some(
            found
                .iter()
                .find(|s| s.from == from)
                .copied()
                .unwrap_or(empty),
        )
    };
    (first..=last).filter_map(slot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_all_its_slots_and_says_where_it_was_bad() {
        let at = |n: i64| Timestamp::from_second(n * SLOT_SECONDS).expect("a time");
        let slot = |n, looks, good| Slot {
            from: at(n),
            looks,
            good,
            millis: None,
        };
        let now = Timestamp::from_second(100 * SLOT_SECONDS + 7).expect("a time");
        let slots = fill(now, &[slot(100, 3, 3), slot(90, 6, 5), slot(2, 1, 0)]);
        assert_eq!(slots.len(), SLOTS);
        assert_eq!((slots[0].from, slots[47].from), (at(53), at(100)));
        let day = Day::of(slots);
        assert_eq!((day.looks, day.good, day.last_bad()), (9, 8, Some(at(90))));
        assert_eq!(day.slots[47].way(), Way::Good);
        assert_eq!(day.slots[37].way(), Way::Bad);
        assert_eq!(day.slots[0].way(), Way::Unknown);
    }
}
