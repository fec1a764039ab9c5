//! Changing calls, and the crumb that Jenkins wants with them from who signs in by password.
//!
//! A crumb is bound to a session, so its cookie is kept beside it. Accounts with an API token
//! need neither: the first call goes without, and only a refusal fetches a crumb.

use std::sync::{Mutex, PoisonError};

use reqwest::header::{COOKIE, HeaderMap, SET_COOKIE};
use reqwest::{RequestBuilder, StatusCode};

use super::{Jenkins, wire};
use crate::integrations::CallError;
use crate::integrations::answer::Answer;

#[derive(Clone)]
struct Crumb {
    /// The header's name is Jenkins' choice.
    field: String,
    value: String,
    cookies: String,
}

/// The crumb in use, if one was ever needed.
#[derive(Default)]
pub(super) struct Kept(Mutex<Option<Crumb>>);

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kept(..)")
    }
}

impl Kept {
    fn get(&self) -> Option<Crumb> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, crumb: Crumb) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(crumb);
    }
}

impl Jenkins {
    /// Sends a POST made by `build`, which is called again if a crumb turns out to be needed.
    ///
    /// Sending twice is safe: Jenkins refuses for want of a crumb before it does anything.
    pub(super) async fn post(
        &self,
        build: impl Fn() -> RequestBuilder,
    ) -> Result<Answer, CallError> {
        let kept = self.account.crumb.get();
        let first = self.http.send(with(build(), kept.as_ref())).await?;
        if !wants_crumb(&first) {
            return Ok(first);
        }
        match self.fetch_crumb().await? {
            Some(crumb) => {
                let answer = self.http.send(with(build(), Some(&crumb))).await?;
                self.account.crumb.set(crumb);
                Ok(answer)
            }
            None => Ok(first),
        }
    }

    /// `None` where Jenkins has that protection switched off.
    async fn fetch_crumb(&self) -> Result<Option<Crumb>, CallError> {
        let path = ["crumbIssuer", "api", "json"];
        let Some(answer) = self.find(&path, &[]).await? else {
            return Ok(None);
        };
        let crumb: wire::Crumb = answer.json()?;
        Ok(Some(Crumb {
            field: crumb.crumb_request_field,
            value: crumb.crumb,
            cookies: cookies(&answer.headers),
        }))
    }
}

fn with(request: RequestBuilder, crumb: Option<&Crumb>) -> RequestBuilder {
    match crumb {
        None => request,
        Some(crumb) if crumb.cookies.is_empty() => request.header(&crumb.field, &crumb.value),
        Some(crumb) => request
            .header(&crumb.field, &crumb.value)
            .header(COOKIE, &crumb.cookies),
    }
}

/// A 403 that names no missing permission is about the crumb.
fn wants_crumb(answer: &Answer) -> bool {
    answer.status == StatusCode::FORBIDDEN && answer.header("x-required-permission").is_none()
}

/// The `name=value` part of each cookie that was set.
fn cookies(headers: &HeaderMap) -> String {
    let set = headers.get_all(SET_COOKIE).iter();
    let pairs = set.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
    pairs.collect::<Vec<_>>().join("; ")
}
