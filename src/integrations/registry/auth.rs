//! What a registry wants to see before it answers: nothing, a password, or a token of its own.
//!
//! Invariant: a challenge is answered once per call, because a token server grants less than was
//! asked for without a word, and asking again would then go on for ever.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::WWW_AUTHENTICATE;
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{Repository, wire};
use crate::integrations::CallError;
use crate::integrations::answer::Answer;
use crate::integrations::http::Http;

/// What a token lives where its server does not say.
const TOKEN_LIFE: Duration = Duration::from_secs(60);
/// A token is renewed this much before it ends, so that it does not end on its way.
const EARLY: Duration = Duration::from_secs(10);
/// More repositories than this are not read within one token's life.
const TOKENS_MAX: usize = 1000;

/// The account, and the credentials that worked, by scope.
pub(super) struct Auth {
    account: Option<(String, SecretString)>,
    known: Mutex<HashMap<String, Kept>>,
}

struct Kept {
    credential: Credential,
    until: Option<Instant>,
}

#[derive(Clone)]
pub(super) enum Credential {
    Basic(String, SecretString),
    Bearer(SecretString),
}

/// What a 401 asks for.
#[derive(Debug, PartialEq, Eq)]
enum Challenge {
    Basic,
    Bearer { realm: Url, service: String },
}

impl Credential {
    pub fn put_on(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Basic(user, secret) => request.basic_auth(user, Some(secret.expose_secret())),
            Self::Bearer(token) => request.bearer_auth(token.expose_secret()),
        }
    }
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Auth(..)")
    }
}

impl Auth {
    pub fn new(account: Option<(String, SecretString)>) -> Self {
        Self {
            account,
            known: Mutex::default(),
        }
    }

    /// What worked for this scope and has not ended.
    pub fn known(&self, scope: &str) -> Option<Credential> {
        let known = self.lock();
        let kept = known.get(scope)?;
        let alive = kept.until.is_none_or(|until| Instant::now() < until);
        alive.then(|| kept.credential.clone())
    }

    /// What the challenge in `refusal` asks for; `None` where we have nothing to show.
    pub async fn answer_challenge(
        &self,
        http: &Http,
        refusal: &Answer,
        scope: &str,
    ) -> Result<Option<Credential>, CallError> {
        let challenges = refusal.headers.get_all(WWW_AUTHENTICATE).iter();
        let challenge = challenges.filter_map(|c| parse(c.to_str().ok()?)).next();
        let kept = match challenge {
            None => None,
            Some(Challenge::Basic) => self.basic(),
            Some(Challenge::Bearer { realm, service }) => {
                Some(self.token(http, realm, &service, scope).await?)
            }
        };
        Ok(kept.map(|kept| self.keep(scope, kept)))
    }

    fn basic(&self) -> Option<Kept> {
        let (user, secret) = self.account.clone()?;
        Some(Kept {
            credential: Credential::Basic(user, secret),
            until: None,
        })
    }

    async fn token(
        &self,
        http: &Http,
        realm: Url,
        service: &str,
        scope: &str,
    ) -> Result<Kept, CallError> {
        let mut request = http.request(Method::GET, realm);
        request = request.query(&[("service", service)]);
        if !scope.is_empty() {
            request = request.query(&[("scope", scope)]);
        }
        if let Some((user, secret)) = &self.account {
            request = request.basic_auth(user, Some(secret.expose_secret()));
        }
        let asked_at = Instant::now();
        let answer = http.send(request).await?;
        if answer.status != StatusCode::OK {
            return Err(answer.error("the registry's token server refuses"));
        }
        let token: wire::Token = answer.json()?;
        let life = token.expires_in.map_or(TOKEN_LIFE, Duration::from_secs);
        let text = token.token.or(token.access_token);
        let text = text.ok_or_else(|| CallError::Unexpected {
            detail: "a token answer without a token".to_owned(),
        })?;
        Ok(Kept {
            credential: Credential::Bearer(text.into()),
            until: asked_at.checked_add(life.saturating_sub(EARLY)),
        })
    }

    fn keep(&self, scope: &str, kept: Kept) -> Credential {
        let credential = kept.credential.clone();
        let mut known = self.lock();
        if known.len() >= TOKENS_MAX {
            known.clear();
        }
        known.insert(scope.to_owned(), kept);
        credential
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The scope for reading what `v2/<repository>/<kind>/<reference>` names; none for `v2/` itself.
pub(super) fn scope(path: &[&str]) -> String {
    match path {
        [_, repository @ .., _, _] if !repository.is_empty() => {
            format!("repository:{}:pull", repository.join("/"))
        }
        _ => String::new(),
    }
}

/// The scope for writing to a repository.
pub(super) fn push_scope(repository: &Repository) -> String {
    format!("repository:{}:pull,push", repository.as_str())
}

/// Reads one challenge; a token server that is not reached by HTTP is not believed.
fn parse(header: &str) -> Option<Challenge> {
    let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let realm = Url::parse(&parameter(rest, "realm")?).ok()?;
    matches!(realm.scheme(), "http" | "https").then(|| Challenge::Bearer {
        service: parameter(rest, "service").unwrap_or_default(),
        realm,
    })
}

/// The value of `name="value"`. Values hold commas (`pull,push`), so the quotes decide.
fn parameter(mut rest: &str, name: &str) -> Option<String> {
    loop {
        let (key, after) = rest.split_once('=')?;
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value.to_owned());
        }
        rest = next.trim_start_matches([',', ' ']);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_challenges_of_both_kinds() {
        let bearer = parse(
            "Bearer scope=\"repository:a:pull,push\",realm=\"https://t.example/token\",service=r",
        );
        let realm = Url::parse("https://t.example/token").expect("an address");
        let service = "r".to_owned();
        assert_eq!(bearer, Some(Challenge::Bearer { realm, service }));
        assert_eq!(parse("basic realm=\"x\""), Some(Challenge::Basic));
        for bad in [
            "",
            "Negotiate",
            "Bearer",
            "Bearer realm=\"file:///etc\"",
            "Bearer realm=\"",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn scopes_name_the_repository_alone() {
        assert_eq!(scope(&["v2", ""]), "");
        let path = ["v2", "apps", "shop", "manifests", "x"];
        assert_eq!(scope(&path), "repository:apps/shop:pull");
    }
}
