//! Tags: looking one up, and making one.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{GitLab, Tag, TagLine, fault, found};
use crate::integrations::CallError;

/// Why no tag was made.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CreateTagError {
    /// A tag of this name is there; [`GitLab::tag`] tells whether it is the wanted one.
    #[error("the tag exists")]
    Exists,
    /// The commit is unknown, the name is not allowed, or a rule of the project forbids the tag.
    #[error("GitLab refuses the tag: {0}")]
    Target(String),
    #[error(transparent)]
    Call(#[from] CallError),
}

impl GitLab {
    pub async fn tag(&self, project: u64, name: &str) -> Result<Option<Tag>, CallError> {
        let project = project.to_string();
        let path = ["projects", &project, "repository", "tags", name];
        found(&self.ask(&path, &[]).await?)
    }

    /// The tags that moved last, at most `limit` (itself at most a hundred).
    pub async fn tags(&self, project: u64, limit: usize) -> Result<Vec<TagLine>, CallError> {
        let project = project.to_string();
        let path = ["projects", &project, "repository", "tags"];
        let per_page = limit.clamp(1, super::PAGE_MAX).to_string();
        let query = [
            ("order_by", "updated"),
            ("sort", "desc"),
            ("per_page", &per_page),
        ];
        self.get(&path, &query).await?.json()
    }

    /// Makes an annotated tag on `commit`, or a lightweight one where `message` is empty.
    ///
    /// `name` is the key under which a repeated call finds what an earlier one did.
    pub async fn create_tag(
        &self,
        project: u64,
        name: &str,
        commit: &str,
        message: &str,
    ) -> Result<Tag, CreateTagError> {
        let project = project.to_string();
        let path = ["projects", &project, "repository", "tags"];
        let mut body = json!({ "tag_name": name, "ref": commit });
        if !message.is_empty() {
            body["message"] = json!(message);
        }
        let request = self.request(Method::POST, &path).json(&body);
        let answer = self.http.send(request).await?;
        match answer.status {
            StatusCode::CREATED => Ok(answer.json()?),
            StatusCode::BAD_REQUEST => Err(refused(super::message(&answer))),
            _ => Err(fault(&answer).into()),
        }
    }
}

/// GitLab answers 400 to every refusal, so only the text tells an existing tag from a bad one.
fn refused(text: String) -> CreateTagError {
    if text.contains("already exists") {
        CreateTagError::Exists
    } else {
        CreateTagError::Target(text)
    }
}
