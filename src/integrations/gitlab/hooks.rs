//! Webhooks of a project: GitLab calls us when something is pushed.

use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{GitLab, fault};
use crate::integrations::CallError;

/// A webhook as GitLab lists it; its secret is never told again.
#[derive(Debug, Clone, Deserialize)]
pub struct Hook {
    pub id: u64,
    pub url: String,
    /// `executable`, or why GitLab calls it no more; older servers do not say.
    #[serde(default)]
    pub alert_status: Option<String>,
}

impl GitLab {
    /// The first hundred webhooks of a project. Needs the role Maintainer, as all calls here.
    pub async fn hooks(&self, project: u64) -> Result<Vec<Hook>, CallError> {
        let project = project.to_string();
        let per_page = super::PAGE_MAX.to_string();
        let path = ["projects", &project, "hooks"];
        self.get(&path, &[("per_page", &per_page)]).await?.json()
    }

    /// Has GitLab tell `url` of pushes and tags, showing `token`. The address is the key under
    /// which a repeated call finds what an earlier one did.
    pub async fn ensure_hook(
        &self,
        project: u64,
        url: &Url,
        token: &SecretString,
    ) -> Result<Hook, CallError> {
        let found = self.hooks(project).await?;
        let project = project.to_string();
        let body = json!({
            "url": url.as_str(), "token": token.expose_secret(), "push_events": true,
            "tag_push_events": true, "enable_ssl_verification": true,
        });
        let known = found.into_iter().find(|hook| hook.url == url.as_str());
        // Its secret cannot be read, so it is set again.
        let request = match known {
            Some(hook) => {
                let id = hook.id.to_string();
                self.request(Method::PUT, &["projects", &project, "hooks", &id])
            }
            None => self.request(Method::POST, &["projects", &project, "hooks"]),
        };
        let answer = self.http.send(request.json(&body)).await?;
        match answer.status {
            StatusCode::OK | StatusCode::CREATED => answer.json(),
            _ => Err(fault(&answer)),
        }
    }

    /// Takes every webhook of this address away. One that is gone is no error.
    pub async fn delete_hooks(&self, project: u64, url: &Url) -> Result<(), CallError> {
        let found = self.hooks(project).await?;
        let project = project.to_string();
        for hook in found.iter().filter(|hook| hook.url == url.as_str()) {
            let id = hook.id.to_string();
            let path = ["projects", &project, "hooks", &id];
            let answer = self.http.send(self.request(Method::DELETE, &path)).await?;
            match answer.status {
                StatusCode::NO_CONTENT | StatusCode::NOT_FOUND => {}
                _ => return Err(fault(&answer)),
            }
        }
        Ok(())
    }
}
