//! A client of Jenkins: jobs, the queue, builds, logs.
//!
//! Jenkins builds addresses in its answers from what it believes its own address to be, so only
//! numbers are taken from them, never hosts or paths.
//! Invariant: a job's name has passed [`JobName::parse`] before it comes near a URL, because some
//! versions let `..` overwrite the server's own configuration.

mod builds;
mod crumb;
pub mod job_diff;
pub mod job_xml;
mod jobs;
mod listing;
mod names;
mod queue;
mod wire;
mod xml;

use std::sync::Arc;

use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::answer::Answer;
use super::error::CallError;
use super::http::{Http, Limits, join};
pub use builds::{Build, BuildResult, Found, LogChunk, Stage, StageStatus};
pub use jobs::{CreateJobError, Job};
pub use listing::Listed;
pub use names::{BadName, JobName};
pub use queue::{QueueItem, Triggered};
pub use xml::XmlError;

/// One Jenkins with one account. Clones share the limits and the session.
#[derive(Debug, Clone)]
pub struct Jenkins {
    http: Http,
    base: Url,
    account: Arc<Account>,
}

#[derive(Debug)]
struct Account {
    user: String,
    secret: SecretString,
    crumb: crumb::Kept,
}

/// Which Jenkins this is, and who we are to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub version: String,
    /// Another value than before means that Jenkins restarted in between.
    pub session: String,
    pub user: String,
}

impl Jenkins {
    /// `base` is the address of the front page; `secret` an API token, or the password.
    pub fn new(base: Url, user: &str, secret: SecretString) -> Result<Self, CallError> {
        Self::with_limits(base, user, secret, Limits::default())
    }

    pub fn with_limits(
        base: Url,
        user: &str,
        secret: SecretString,
        limits: Limits,
    ) -> Result<Self, CallError> {
        let account = Account {
            user: user.to_owned(),
            secret,
            crumb: crumb::Kept::default(),
        };
        Ok(Self {
            http: Http::new(limits)?,
            base,
            account: Arc::new(account),
        })
    }

    pub async fn identity(&self) -> Result<Identity, CallError> {
        let answer = self.get(&["whoAmI", "api", "json"], &[]).await?;
        let header = |name| answer.header(name).unwrap_or_default().to_owned();
        Ok(Identity {
            version: header("x-jenkins"),
            session: header("x-jenkins-session"),
            user: answer.json::<wire::WhoAmI>()?.name,
        })
    }

    /// A GET that must be answered 200.
    async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, CallError> {
        let answer = self.ask(path, query).await?;
        if answer.status == StatusCode::OK {
            Ok(answer)
        } else {
            Err(fault(&answer))
        }
    }

    /// A GET whose 404 means "not there".
    async fn find(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Option<Answer>, CallError> {
        let answer = self.ask(path, query).await?;
        match answer.status {
            StatusCode::OK => Ok(Some(answer)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(fault(&answer)),
        }
    }

    async fn ask(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, CallError> {
        let request = self.request(Method::GET, path).query(query);
        self.http.send(request).await
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let url = join(&self.base, path.iter().copied());
        let secret = self.account.secret.expose_secret();
        let request = self.http.request(method, url);
        request.basic_auth(&self.account.user, Some(secret))
    }
}

fn fault(answer: &Answer) -> CallError {
    answer.error(&reason(answer))
}

/// Jenkins puts its readable text into a header and a whole page into the body.
fn reason(answer: &Answer) -> String {
    if let Some(text) = answer.header("x-error") {
        return text.to_owned();
    }
    if let Some(permission) = answer.header("x-required-permission") {
        return format!("lacks the permission {permission}");
    }
    without_tags(&answer.text())
}

fn without_tags(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, after)| after));
        text.push(' ');
    }
    text
}
