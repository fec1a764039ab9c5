//! Full names of jobs, by a grammar that is at least as strict as Jenkins' own.

/// Longer names make paths that some file systems under Jenkins can't hold.
const SEGMENT_MAX_BYTES: usize = 100;
const DEPTH_MAX: usize = 8;
const FORBIDDEN: &str = "?*/\\%!@#$^&|<>[]:;";

/// A job's or folder's full name, such as `portal/shop`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobName(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a name that Jenkins can hold")]
pub struct BadName;

impl JobName {
    /// Names of folders and the job, joined by `/`.
    pub fn parse(full_name: &str) -> Result<Self, BadName> {
        let segments: Vec<&str> = full_name.split('/').collect();
        if segments.len() <= DEPTH_MAX && segments.iter().all(|name| lawful(name)) {
            Ok(Self(full_name.to_owned()))
        } else {
            Err(BadName)
        }
    }

    /// The item `name` inside of this folder.
    pub fn child(&self, name: &str) -> Result<Self, BadName> {
        Self::parse(&format!("{}/{name}", self.0))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder that holds this, unless it stands at the top.
    #[must_use]
    pub fn folder(&self) -> Option<Self> {
        let (folder, _) = self.0.rsplit_once('/')?;
        Some(Self(folder.to_owned()))
    }

    /// The name inside of its folder.
    #[must_use]
    pub fn leaf(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, leaf)| leaf)
    }

    /// `job`, `a`, `job`, `b`, then `rest`: the segments of an address.
    pub(super) fn path<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        let mut path: Vec<&str> = self.0.split('/').flat_map(|name| ["job", name]).collect();
        path.extend(rest);
        path
    }
}

impl std::fmt::Display for JobName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn lawful(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= SEGMENT_MAX_BYTES
        && name.trim() == name
        && !name.ends_with('.')
        && !name
            .chars()
            .any(|c| c.is_control() || FORBIDDEN.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_safe_in_a_path_pass() {
        for good in ["shop", "portal/shop-api", "模板/java 17", "a.b"] {
            assert!(JobName::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "", ".", "..", "a/..", "a//b", "/a", "a/", "a.", " a", "a ", "a%2e", "a\nb", "a?b",
        ] {
            assert!(JobName::parse(bad).is_err(), "{bad}");
        }
        assert!(JobName::parse(&"x".repeat(101)).is_err());
    }

    #[test]
    fn takes_a_full_name_apart() {
        let name = JobName::parse("portal/shop").expect("a name");
        assert_eq!(name.leaf(), "shop");
        assert_eq!(name.folder().expect("a folder").as_str(), "portal");
        assert_eq!(name.path(&["api"]), ["job", "portal", "job", "shop", "api"]);
        assert!(JobName::parse("shop").expect("a name").folder().is_none());
    }
}
