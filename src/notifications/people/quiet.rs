//! Quiet hours: from one time of day to another, on somebody's own clock.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// Hours in which somebody is left alone. From and to the same is never.
#[derive(Debug, Clone, PartialEq)]
pub struct Quiet {
    pub from: Time,
    pub to: Time,
    pub zone: TimeZone,
}

impl Quiet {
    /// When something may be told that is due at this time: then, or when it is no longer quiet.
    #[must_use]
    pub fn due(&self, at: Timestamp) -> Timestamp {
        let local = at.to_zoned(self.zone.clone());
        let time = local.time();
        let overnight = self.from > self.to;
        let is_quiet = match overnight {
            false => self.from <= time && time < self.to,
            true => time >= self.from || time < self.to,
        };
        if !is_quiet {
            return at;
        }
        let today = local.date();
        let ends_tomorrow = overnight && time >= self.from;
        let day = match ends_tomorrow {
            true => today.checked_add(1.day()).unwrap_or(today),
            false => today,
        };
        let end = day.to_datetime(self.to).to_zoned(self.zone.clone());
        end.map_or(at, |end| end.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(from: i8, to: i8, zone: &str) -> Quiet {
        Quiet {
            from: Time::constant(from, 0, 0, 0),
            to: Time::constant(to, 0, 0, 0),
            zone: TimeZone::get(zone).unwrap(),
        }
    }

    fn due(quiet: &Quiet, at: &str) -> String {
        quiet.due(at.parse().unwrap()).to_string()
    }

    #[test]
    fn what_comes_at_night_is_told_in_the_morning() {
        let night = quiet(22, 7, "Asia/Shanghai");
        // 21:59, 22:00, 23:30, 06:59 and 07:00 on the clock in Shanghai.
        let told = [
            ("2026-11-21T13:59:00Z", "2026-11-21T13:59:00Z"),
            ("2026-11-21T14:00:00Z", "2026-11-21T23:00:00Z"),
            ("2026-11-21T15:30:00Z", "2026-11-21T23:00:00Z"),
            ("2026-11-21T22:59:00Z", "2026-11-21T23:00:00Z"),
            ("2026-11-21T23:00:00Z", "2026-11-21T23:00:00Z"),
        ];
        for (at, wanted) in told {
            assert_eq!(due(&night, at), wanted, "{at}");
        }
    }

    #[test]
    fn a_quiet_noon_ends_the_same_day_and_the_same_hour_twice_is_never() {
        let noon = quiet(12, 14, "UTC");
        assert_eq!(due(&noon, "2026-11-21T13:00:00Z"), "2026-11-21T14:00:00Z");
        assert_eq!(due(&noon, "2026-11-21T11:00:00Z"), "2026-11-21T11:00:00Z");
        let never = quiet(9, 9, "UTC");
        assert_eq!(due(&never, "2026-11-21T09:00:00Z"), "2026-11-21T09:00:00Z");
    }

    #[test]
    fn the_end_is_on_the_clock_also_when_summer_begins() {
        let night = quiet(22, 7, "Europe/Berlin");
        let end = due(&night, "2026-03-28T22:00:00Z");
        assert_eq!(end, "2026-03-29T05:00:00Z");
    }
}
