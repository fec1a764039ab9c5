//! Times that a person sets: a cron expression of five fields, read in a time zone.

use croner::Cron as Pattern;
use croner::parser::{CronParser, Seconds};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::error::Words;

/// An expression that has been read, with the zone whose clock it means.
#[derive(Debug, Clone)]
pub struct Cron {
    text: String,
    pattern: Pattern,
    zone: TimeZone,
}

impl Cron {
    /// `minute hour day month weekday`; `None` for anything else, and for what never comes.
    #[must_use]
    pub fn parse(text: &str, zone: &str) -> Option<Self> {
        let text = text.trim();
        let parser = CronParser::builder().seconds(Seconds::Disallowed).build();
        let cron = Self {
            pattern: parser.parse(text).ok()?,
            text: text.to_owned(),
            zone: TimeZone::get(zone.trim()).ok()?,
        };
        cron.after(Timestamp::UNIX_EPOCH).map(|_| cron)
    }

    /// The first time after another.
    #[must_use]
    pub fn after(&self, at: Timestamp) -> Option<Timestamp> {
        let next = self
            .pattern
            .find_next_occurrence(&self.clock(at), false)
            .ok()?;
        Some(next.timestamp())
    }

    /// The next few times.
    #[must_use]
    pub fn next(&self, at: Timestamp, count: usize) -> Vec<Timestamp> {
        std::iter::successors(self.after(at), |last| self.after(*last))
            .take(count)
            .collect()
    }

    /// A time on the clock that it means.
    #[must_use]
    pub fn clock(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    /// What it means, where it is of the usual sort; else that the expression says it.
    #[must_use]
    pub fn words(&self) -> Words {
        let fields: Vec<&str> = self.text.split_whitespace().collect();
        if let [minute, hour, "*", "*", days] = fields.as_slice()
            && let (Ok(minute), Ok(hour)) = (minute.parse::<u8>(), hour.parse::<u8>())
        {
            let code = match days.to_ascii_uppercase().as_str() {
                "*" => Some("cron-daily"),
                "1-5" | "MON-FRI" => Some("cron-weekdays"),
                _ => None,
            };
            if let Some(code) = code {
                return Words::new(code).with("time", format!("{hour:02}:{minute:02}"));
            }
        }
        Words::new("cron-expression").with("expression", &self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn times_are_those_of_the_zones_clock() {
        let cron = Cron::parse("0 9 * * *", "Asia/Shanghai").expect("an expression");
        let next = cron.next(at("2026-11-21T01:00:00Z"), 2);
        let wanted = ["2026-11-22T01:00:00Z", "2026-11-23T01:00:00Z"];
        assert_eq!(next, wanted.map(at));
        let weekdays = Cron::parse("30 8 * * MON-FRI", "UTC").expect("an expression");
        let next = weekdays.after(at("2026-11-20T08:30:00Z"));
        assert_eq!(next, Some(at("2026-11-23T08:30:00Z")));
    }

    #[test]
    fn nine_oclock_stays_nine_oclock_when_summer_ends() {
        let cron = Cron::parse("0 9 * * *", "Europe/Berlin").expect("an expression");
        let next = cron.next(at("2026-10-24T00:00:00Z"), 2);
        assert_eq!(
            next,
            ["2026-10-24T07:00:00Z", "2026-10-25T08:00:00Z"].map(at)
        );
    }

    #[test]
    fn what_is_no_expression_or_never_comes_is_refused() {
        for bad in ["", "every day", "0 0 9 * * *", "61 9 * * *", "0 0 30 2 *"] {
            assert!(Cron::parse(bad, "UTC").is_none(), "{bad}");
        }
        assert!(Cron::parse("0 9 * * *", "Mars/Olympus").is_none());
    }

    #[test]
    fn the_usual_ones_are_said_in_words() {
        let said = |text| Cron::parse(text, "UTC").map(|cron| cron.words().code);
        assert_eq!(said("0 9 * * *").as_deref(), Some("cron-daily"));
        assert_eq!(said("5 18 * * 1-5").as_deref(), Some("cron-weekdays"));
        assert_eq!(said("*/10 * * * *").as_deref(), Some("cron-expression"));
    }
}
