//! Names inside of a registry, each with one constructor.

const REPOSITORY_MAX_BYTES: usize = 200;
const TAG_MAX_BYTES: usize = 128;
const DIGEST_HEX: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadImageName {
    #[error("not a repository's name")]
    Repository,
    #[error("not an image tag")]
    Tag,
    #[error("not a SHA-256 digest")]
    Digest,
}

/// `sha256:` and 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(String);

impl Digest {
    pub fn parse(text: &str) -> Result<Self, BadImageName> {
        let hex = text.strip_prefix("sha256:").ok_or(BadImageName::Digest)?;
        let lawful = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if hex.len() == DIGEST_HEX && hex.bytes().all(lawful) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadImageName::Digest)
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A repository's path without the registry's host, such as `apps/shop`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository(String);

impl Repository {
    /// Lower-case components joined by `/`; inside of one `.`, `_`, `__` or dashes separate.
    pub fn parse(text: &str) -> Result<Self, BadImageName> {
        if text.len() <= REPOSITORY_MAX_BYTES && text.split('/').all(is_component) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadImageName::Repository)
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A tag of an image; Git allows more in its tags, so not each of those is one of these.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageTag(String);

impl ImageTag {
    pub fn parse(text: &str) -> Result<Self, BadImageName> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let lawful = |b: u8| word(b) || b == b'.' || b == b'-';
        if text.len() <= TAG_MAX_BYTES
            && text.bytes().next().is_some_and(word)
            && text.bytes().all(lawful)
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadImageName::Tag)
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! shown_as_text {
    ($($name:ty),*) => {$(
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

shown_as_text!(Digest, Repository, ImageTag);

/// Runs of `[a-z0-9]` with one separator between each two of them.
fn is_component(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = text.split(is_word).filter(|run| !run.is_empty());
    text.starts_with(is_word)
        && text.ends_with(is_word)
        && separators
            .into_iter()
            .all(|run| matches!(run, "." | "_" | "__") || run.bytes().all(|b| b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_follow_the_distribution_grammar() {
        for good in ["shop", "apps/shop", "a.b_c__d-e--f/0"] {
            assert!(Repository::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "", "/a", "a/", "A", "a..b", "a___b", "-a", "a-", "a._b", "a b", "a/../b",
        ] {
            assert!(Repository::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tags_and_digests_are_exact() {
        assert!(ImageTag::parse("20260102-030405-u7").is_ok());
        for bad in ["", ".a", "-a", "a+b", "a/b", "a:b"] {
            assert!(ImageTag::parse(bad).is_err(), "{bad}");
        }
        assert!(ImageTag::parse(&"a".repeat(129)).is_err());
        assert!(Digest::parse(&format!("sha256:{}", "a".repeat(64))).is_ok());
        for bad in ["", "sha256:ab", &format!("sha256:{}", "A".repeat(64))] {
            assert!(Digest::parse(bad).is_err(), "{bad}");
        }
    }
}
