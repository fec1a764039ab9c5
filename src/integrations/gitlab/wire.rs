//! GitLab's JSON, as far as we read it; fields that we do not name are ignored.

use jiff::Timestamp;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
pub struct Version {
    pub version: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct User {
    pub id: u64,
    pub username: String,
}

/// The token that we ask with.
#[derive(Debug, Clone, Deserialize)]
pub struct Token {
    pub expires_at: Option<jiff::civil::Date>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Project {
    pub id: u64,
    pub path_with_namespace: String,
    /// Absent in an empty repository.
    pub default_branch: Option<String>,
    pub web_url: String,
    pub http_url_to_repo: String,
    #[serde(default)]
    pub archived: bool,
    #[serde(default)]
    pub empty_repo: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Commit {
    /// Forty hex digits, or sixty-four in a SHA-256 repository.
    pub id: String,
    pub short_id: String,
    pub title: String,
    pub author_name: String,
    pub committed_date: Timestamp,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Branch {
    pub name: String,
    pub commit: Commit,
    #[serde(default)]
    pub default: bool,
    #[serde(default)]
    pub protected: bool,
}

/// A tag and the commit that it leads to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "TagWire")]
pub struct Tag {
    pub name: String,
    pub commit_id: String,
}

/// `target` is left out on purpose: in an annotated tag it is the tag object, not the commit.
#[derive(Deserialize)]
struct TagWire {
    name: String,
    commit: CommitId,
}

#[derive(Deserialize)]
struct CommitId {
    id: String,
}

impl From<TagWire> for Tag {
    fn from(wire: TagWire) -> Self {
        Self {
            name: wire.name,
            commit_id: wire.commit.id,
        }
    }
}

/// A tag in a list, with the commit that it leads to.
#[derive(Debug, Clone, Deserialize)]
pub struct TagLine {
    pub name: String,
    pub commit: Commit,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Compare {
    /// Oldest first.
    pub commits: Vec<Commit>,
    #[serde(default)]
    pub diffs: Vec<Diff>,
    /// GitLab gave up on the diffs; the commits are complete.
    #[serde(default)]
    pub compare_timeout: bool,
    #[serde(default)]
    pub compare_same_ref: bool,
    pub web_url: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Diff {
    pub old_path: String,
    pub new_path: String,
    #[serde(default)]
    pub new_file: bool,
    #[serde(default)]
    pub deleted_file: bool,
}

#[derive(Deserialize)]
pub(super) struct Fault {
    pub message: Option<serde_json::Value>,
    pub error: Option<String>,
}
