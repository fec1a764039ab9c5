//! A client of GitLab's REST API, version 4: projects, branches, commits, tags,
//! webhooks.
//!
//! Invariant: "not there" is `Ok(None)` for whatever may rightly be absent; a project that the
//! token may not see looks absent too, because GitLab says so.

mod hooks;
mod repositories;
mod tags;
mod wire;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use reqwest::header::{HeaderValue, LOCATION};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::answer::Answer;
use super::error::CallError;
use super::http::{Http, Limits, join};
pub use hooks::Hook;
pub use repositories::Repositories;
pub use tags::CreateTagError;
pub use wire::{Branch, Commit, Compare, Project, Tag, TagLine, User, Version};

/// GitLab gives no more than this many items a page.
const PAGE_MAX: usize = 100;

/// One GitLab with one token. Cheap to clone.
#[derive(Debug, Clone)]
pub struct GitLab {
    http: Http,
    base: Url,
    token: HeaderValue,
}

impl GitLab {
    /// `base` is GitLab's own address, without `/api/v4`.
    pub fn new(base: Url, token: &SecretString) -> Result<Self, CallError> {
        Self::with_limits(base, token, Limits::default())
    }

    pub fn with_limits(base: Url, token: &SecretString, limits: Limits) -> Result<Self, CallError> {
        let http = Http::new(limits)?;
        let token = HeaderValue::from_str(token.expose_secret());
        let mut token = token.map_err(|_| CallError::Refused {
            detail: "the token holds characters that no header may hold".to_owned(),
        })?;
        token.set_sensitive(true);
        Ok(Self { http, base, token })
    }

    pub async fn version(&self) -> Result<Version, CallError> {
        self.get(&["version"], &[]).await?.json()
    }

    /// Whom the token belongs to.
    pub async fn user(&self) -> Result<User, CallError> {
        self.get(&["user"], &[]).await?.json()
    }

    /// The same, with how many calls are left of how many, where the server counts them.
    pub async fn user_and_calls_left(&self) -> Result<(User, Option<(u64, u64)>), CallError> {
        let answer = self.get(&["user"], &[]).await?;
        let number = |name| answer.header(name).and_then(|v| v.parse().ok());
        let left = number("ratelimit-remaining").zip(number("ratelimit-limit"));
        Ok((answer.json()?, left))
    }

    /// When the token ends: at the beginning of that day in UTC. `None` for one without an end.
    pub async fn token_end(&self) -> Result<Option<Timestamp>, CallError> {
        let answer = self.get(&["personal_access_tokens", "self"], &[]).await?;
        let day = answer.json::<wire::Token>()?.expires_at;
        let midnight = |day: Date| day.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp());
        Ok(day.and_then(midnight))
    }

    /// A project by its number or its full path (`group/name`); one that moved is followed once.
    pub async fn project(&self, id_or_path: &str) -> Result<Option<Project>, CallError> {
        let answer = self.ask(&["projects", id_or_path], &[]).await?;
        if !answer.status.is_redirection() {
            return found(&answer);
        }
        let Some(id) = moved_to(&answer) else {
            return Err(fault(&answer));
        };
        found(&self.ask(&["projects", &id.to_string()], &[]).await?)
    }

    /// The commit that a branch, a tag or a (short) id names.
    pub async fn commit(&self, project: u64, name: &str) -> Result<Option<Commit>, CallError> {
        let project = project.to_string();
        let path = ["projects", &project, "repository", "commits", name];
        found(&self.ask(&path, &[]).await?)
    }

    /// The first hundred branches whose name contains `search` (all of them for an empty one).
    pub async fn branches(&self, project: u64, search: &str) -> Result<Vec<Branch>, CallError> {
        let project = project.to_string();
        let path = ["projects", &project, "repository", "branches"];
        let per_page = PAGE_MAX.to_string();
        let mut query = vec![("per_page", per_page.as_str())];
        if !search.is_empty() {
            query.push(("search", search));
        }
        self.get(&path, &query).await?.json()
    }

    /// The newest commits that `name` reaches, at most `limit` (itself at most a hundred).
    pub async fn commits(
        &self,
        project: u64,
        name: &str,
        limit: usize,
    ) -> Result<Vec<Commit>, CallError> {
        let project = project.to_string();
        let path = ["projects", &project, "repository", "commits"];
        let per_page = limit.clamp(1, PAGE_MAX).to_string();
        let query = [("ref_name", name), ("per_page", &per_page)];
        self.get(&path, &query).await?.json()
    }

    /// What is in `to` and not in `from`; `None` where either name is unknown.
    pub async fn compare(
        &self,
        project: u64,
        from: &str,
        to: &str,
    ) -> Result<Option<Compare>, CallError> {
        let project = project.to_string();
        let path = ["projects", &project, "repository", "compare"];
        found(&self.ask(&path, &[("from", from), ("to", to)]).await?)
    }

    async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, CallError> {
        let answer = self.ask(path, query).await?;
        if answer.status == StatusCode::OK {
            Ok(answer)
        } else {
            Err(fault(&answer))
        }
    }

    async fn ask(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, CallError> {
        self.http
            .send(self.request(Method::GET, path).query(query))
            .await
    }

    fn request(&self, method: Method, path: &[&str]) -> reqwest::RequestBuilder {
        let segments = ["api", "v4"].iter().chain(path).copied();
        self.http
            .request(method, join(&self.base, segments))
            .header("PRIVATE-TOKEN", self.token.clone())
    }
}

fn found<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<Option<T>, CallError> {
    match answer.status {
        StatusCode::OK => answer.json().map(Some),
        StatusCode::NOT_FOUND => Ok(None),
        _ => Err(fault(answer)),
    }
}

/// The project number in a redirect's address; the rest of that address is not trusted.
fn moved_to(answer: &Answer) -> Option<u64> {
    let location = answer.header(LOCATION.as_str())?;
    let (_, rest) = location.rsplit_once("/projects/")?;
    let digits = rest.split(['?', '/']).next()?;
    digits.parse().ok()
}

fn fault(answer: &Answer) -> CallError {
    answer.error(&message(answer))
}

/// GitLab's own words: `message` (a text or a map of fields) or `error`, else the plain body.
fn message(answer: &Answer) -> String {
    let Ok(said) = answer.json::<wire::Fault>() else {
        return answer.text();
    };
    match (said.message, said.error) {
        (Some(serde_json::Value::String(text)), _) | (None, Some(text)) => text,
        (Some(fields), _) => fields.to_string(),
        (None, None) => answer.text(),
    }
}
