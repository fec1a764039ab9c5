//! Names that people choose or read: references into a repository, and a release's tag.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// `YYYYMMDD-HHMMSS-u<account number>` in the configured zone. `later` seconds are added where
/// somebody with the same number took the second already.
#[must_use]
pub fn name(created: Timestamp, later: i64, zone: &TimeZone, account: i64) -> String {
    let at = created
        .checked_add(SignedDuration::from_secs(later))
        .unwrap_or(created);
    format!(
        "{}-u{account}",
        at.to_zoned(zone.clone()).strftime("%Y%m%d-%H%M%S")
    )
}

/// A branch, tag or commit that may be looked up: Git's grammar, and nothing that a shell or a
/// URL could take for something else.
#[must_use]
pub fn is_reference(text: &str) -> bool {
    let good = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '/' | '+' | '-' | '#');
    !text.is_empty()
        && text.len() <= 255
        && text.chars().all(good)
        && !text.starts_with(['-', '/', '.'])
        && !text.ends_with(['/', '.'])
        && !text.contains("..")
        && !text.contains("//")
        && !text.ends_with(".lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_tells_time_and_person() {
        let at: Timestamp = "2026-11-21T01:30:15Z".parse().unwrap();
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        assert_eq!(name(at, 0, &zone, 17), "20261121-093015-u17");
        assert_eq!(name(at, 45, &zone, 17), "20261121-093100-u17");
    }

    #[test]
    fn references_have_a_grammar() {
        for good in [
            "main",
            "fix/limits",
            "v1.2.3",
            "8f3c1d2",
            "feature/订单",
            "a+b",
            "fix-#12",
        ] {
            assert!(is_reference(good), "{good}");
        }
        let long = "a".repeat(256);
        for bad in [
            "",
            "-x",
            "--upload-pack=x",
            "a;id",
            "$(id)",
            "`id`",
            "a\nb",
            "..",
            "a..b",
            "@{-1}",
            "a b",
            "/a",
            "a/",
            "a//b",
            "x.lock",
            "a~1",
            "a^",
            "a:b",
            "a?b",
            "a*b",
            "a[b",
            "a\\b",
            &long,
        ] {
            assert!(!is_reference(bad), "{bad:?}");
        }
    }
}
