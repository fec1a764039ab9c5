//! What pages show of images and containers alike: a digest to copy, one mark for one container.

use askama::Template;
use askama::filters::HtmlSafe;

use super::layout::Chrome;
use super::parts::Icon;

/// Beyond this the numbers alone are easier to read than the marks.
const MOST_MARKS: i32 = 24;
/// Hex digits of a digest or commit that pages show.
const DIGEST_SHOWN: usize = 12;
const COMMIT_SHOWN: usize = 7;

/// A digest, short, whole on hover, with a button that copies it.
#[derive(Debug, Clone, Template)]
#[template(path = "web/chip_part.html")]
pub struct Chip {
    digest: String,
    short: String,
    label: String,
    fingerprint: Icon,
    copy: Icon,
}

/// One mark for one container.
#[derive(Debug, Clone, Template)]
#[template(path = "web/pips_part.html")]
pub struct Pips {
    label: String,
    marks: Vec<&'static str>,
}

impl HtmlSafe for Chip {}
impl HtmlSafe for Pips {}

/// How many containers are in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    pub ready: i32,
    pub starting: i32,
    /// Still on what ran before.
    pub old: i32,
    pub bad: i32,
}

impl Count {
    #[must_use]
    pub const fn all(&self) -> i32 {
        self.ready + self.starting + self.old + self.bad
    }

    fn marks(self) -> Vec<&'static str> {
        let of = |n: i32, class| std::iter::repeat_n(class, usize::try_from(n).unwrap_or(0));
        of(self.ready, "ready")
            .chain(of(self.starting, "starting"))
            .chain(of(self.bad, "bad"))
            .chain(of(self.old, "old"))
            .collect()
    }
}

/// The first hex digits of a digest.
#[must_use]
pub fn short_digest(digest: &str) -> &str {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    hex.get(..DIGEST_SHOWN).unwrap_or(hex)
}

/// The first hex digits of a commit.
#[must_use]
pub fn short_commit(commit: &str) -> &str {
    commit.get(..COMMIT_SHOWN).unwrap_or(commit)
}

/// A size as people say it, in steps of a thousand: "218 MB".
#[must_use]
pub fn bytes(n: i64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let fitting = units.iter().find(|(size, _)| n >= *size);
    fitting.map_or_else(
        || format!("{n} B"),
        |(size, unit)| {
            let tenths = n / (size / 10);
            if tenths < 100 {
                format!("{}.{} {unit}", tenths / 10, tenths % 10)
            } else {
                format!("{} {unit}", tenths / 10)
            }
        },
    )
}

impl Chrome {
    #[must_use]
    pub fn chip(&self, digest: &str) -> Chip {
        let short = short_digest(digest).to_owned();
        Chip {
            label: self.t1("digest-copy", "digest", &short),
            digest: digest.to_owned(),
            short,
            fingerprint: self.i("fingerprint"),
            copy: self.i("copy"),
        }
    }

    #[must_use]
    pub fn pips(&self, count: Count) -> Pips {
        let all = count.all();
        let label = self.t2("pips-ready", ("ready", &count.ready), ("all", &all));
        let marks = if all > MOST_MARKS {
            Vec::new()
        } else {
            count.marks()
        };
        Pips { label, marks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_in_one_order() {
        let count = Count {
            ready: 2,
            starting: 1,
            old: 1,
            bad: 1,
        };
        let expected = ["ready", "ready", "starting", "bad", "old"];
        assert_eq!(count.marks(), expected);
    }

    #[test]
    fn digests_are_cut_behind_their_prefix() {
        let digest = "sha256:4be19f02ac31d87705e1";
        assert_eq!(short_digest(digest), "4be19f02ac31");
        assert_eq!(short_digest("sha256:4b"), "4b");
    }

    #[test]
    fn sizes_have_two_or_three_digits() {
        assert_eq!(bytes(612), "612 B");
        assert_eq!(bytes(7_340), "7.3 kB");
        assert_eq!(bytes(218_400_000), "218 MB");
        assert_eq!(bytes(1_250_000_000), "1.2 GB");
    }
}
