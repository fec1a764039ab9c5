//! A client of image registries: which digest a tag has, and what an image says of itself.
//!
//! All kinds of manifest are accepted in every call, because a registry that believes we know
//! only some may convert, and then the digest is not the one that a node would pull.
//! Invariant: a digest that the registry names for bytes which we hold is checked against them.

mod auth;
mod names;
mod reference;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use url::Url;

use super::answer::Answer;
use super::error::CallError;
use super::http::{Http, Limits, join};
pub use names::{BadImageName, Digest, ImageTag, Repository};
pub use reference::Reference;

const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
                         application/vnd.oci.image.manifest.v1+json, \
                         application/vnd.docker.distribution.manifest.list.v2+json, \
                         application/vnd.docker.distribution.manifest.v2+json";
const DIGEST_HEADER: &str = "docker-content-digest";

/// One registry with one account, or none. Clones share limits and tokens.
#[derive(Debug, Clone)]
pub struct Registry {
    http: Http,
    base: Url,
    auth: Arc<auth::Auth>,
}

/// What a manifest, and the configuration that it names, say. An index of several platforms has
/// no configuration of its own, and says nothing but its digest and its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub digest: Digest,
    /// Configuration and layers together, compressed, in bytes.
    pub size: u64,
    pub labels: BTreeMap<String, String>,
    /// A name or a number, with a group after a colon or without; empty where none is said.
    pub user: String,
    /// As written, such as `8080/tcp`.
    pub exposed_ports: Vec<String>,
    /// The digests of the unpacked layers, the undermost first.
    pub diff_ids: Vec<String>,
    pub architecture: String,
    /// Of an index: the images in it that can be run.
    pub platforms: Vec<Digest>,
    /// The manifest's own type.
    pub media_type: String,
}

impl Registry {
    /// `base` is the registry's address, without `/v2/`.
    pub fn new(base: Url, credentials: Option<(String, SecretString)>) -> Result<Self, CallError> {
        Self::with_limits(base, credentials, Limits::default())
    }

    pub fn with_limits(
        base: Url,
        credentials: Option<(String, SecretString)>,
        limits: Limits,
    ) -> Result<Self, CallError> {
        Ok(Self {
            http: Http::new(limits)?,
            base,
            auth: Arc::new(auth::Auth::new(credentials)),
        })
    }

    /// Whether the registry answers, and the account is good.
    pub async fn ping(&self) -> Result<(), CallError> {
        let answer = self.call(Method::GET, &["v2", ""]).await?;
        match answer.status {
            StatusCode::OK => Ok(()),
            _ => Err(fault(&answer)),
        }
    }

    /// The digest that a tag has now.
    pub async fn digest(
        &self,
        repository: &Repository,
        tag: &ImageTag,
    ) -> Result<Option<Digest>, CallError> {
        let head = self
            .manifest(Method::HEAD, repository, tag.as_str())
            .await?;
        let Some(head) = head else { return Ok(None) };
        if let Some(named) = head.header(DIGEST_HEADER) {
            return parse_digest(named).map(Some);
        }
        // The header is only customary on HEAD; the bytes themselves always have a digest.
        let answer = self.manifest(Method::GET, repository, tag.as_str()).await?;
        answer.map(|answer| checked_digest(&answer)).transpose()
    }

    /// Whether the registry still holds this very image.
    pub async fn exists(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<bool, CallError> {
        let head = self
            .manifest(Method::HEAD, repository, digest.as_str())
            .await?;
        Ok(head.is_some())
    }

    /// Whether our account may write to a repository: an upload is begun and called off again,
    /// which leaves nothing there.
    pub async fn may_push(&self, repository: &Repository) -> Result<bool, CallError> {
        let path = path(repository, "blobs", "uploads");
        // The specification's address ends with a slash.
        let path = [&path[..], &[""]].concat();
        let scope = auth::push_scope(repository);
        let begun = self.call_for(Method::POST, &path, &scope).await?;
        match begun.status {
            StatusCode::ACCEPTED => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Ok(false),
            _ => return Err(fault(&begun)),
        }
        let upload = begun.header(LOCATION.as_str());
        if let Some(url) = upload.and_then(|l| self.base.join(l).ok())
            && url.origin() == self.base.origin()
        {
            let request = self.http.request(Method::DELETE, url);
            let request = match self.auth.known(&scope) {
                Some(credential) => credential.put_on(request),
                None => request,
            };
            // What is not called off, the registry forgets by itself.
            let _ = self.http.send(request).await;
        }
        Ok(true)
    }

    /// What the image says of itself.
    pub async fn image(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<Image>, CallError> {
        let answer = self
            .manifest(Method::GET, repository, digest.as_str())
            .await?;
        let Some(answer) = answer else {
            return Ok(None);
        };
        same(digest, &sha256(&answer.body))?;
        let manifest: wire::Manifest = answer.json()?;
        let media_type = answer.header(CONTENT_TYPE.as_str());
        let media_type = media_type.map(str::to_owned).or(manifest.media_type);
        let config = match &manifest.config {
            None => wire::Config::default(),
            Some(config) => self.config(repository, config).await?,
        };
        let run = config.config.unwrap_or_default();
        let parts = manifest.config.iter().chain(&manifest.layers);
        Ok(Some(Image {
            digest: digest.clone(),
            size: parts.map(|part| part.size).sum(),
            labels: run.labels.unwrap_or_default(),
            user: run.user.unwrap_or_default(),
            exposed_ports: run.exposed_ports.unwrap_or_default().into_keys().collect(),
            diff_ids: config.rootfs.and_then(|r| r.diff_ids).unwrap_or_default(),
            architecture: config.architecture,
            platforms: platforms(&manifest.manifests)?,
            media_type: media_type.unwrap_or_default(),
        }))
    }

    async fn config(
        &self,
        repository: &Repository,
        config: &wire::Descriptor,
    ) -> Result<wire::Config, CallError> {
        let digest = parse_digest(&config.digest)?;
        let path = path(repository, "blobs", digest.as_str());
        let mut answer = self.call(Method::GET, &path).await?;
        if answer.status.is_redirection() {
            answer = self.follow_to_storage(&answer).await?;
        }
        if answer.status != StatusCode::OK {
            return Err(fault(&answer));
        }
        same(&digest, &sha256(&answer.body))?;
        answer.json()
    }

    /// Blobs may lie in an object store; it is asked once, and without our credentials.
    async fn follow_to_storage(&self, redirect: &Answer) -> Result<Answer, CallError> {
        let location = redirect.header(LOCATION.as_str());
        let url = location.and_then(|location| self.base.join(location).ok());
        let url = url.ok_or_else(|| fault(redirect))?;
        self.http.send(self.http.request(Method::GET, url)).await
    }

    async fn manifest(
        &self,
        method: Method,
        repository: &Repository,
        reference: &str,
    ) -> Result<Option<Answer>, CallError> {
        let path = path(repository, "manifests", reference);
        let answer = self.call(method, &path).await?;
        match answer.status {
            StatusCode::OK => Ok(Some(answer)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(fault(&answer)),
        }
    }

    /// Asks with what the registry wanted last time, and once more if it wants something else.
    async fn call(&self, method: Method, path: &[&str]) -> Result<Answer, CallError> {
        self.call_for(method, path, &auth::scope(path)).await
    }

    async fn call_for(
        &self,
        method: Method,
        path: &[&str],
        scope: &str,
    ) -> Result<Answer, CallError> {
        let known = self.auth.known(scope);
        let answer = self.send(&method, path, known.as_ref()).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let fresh = self
            .auth
            .answer_challenge(&self.http, &answer, scope)
            .await?;
        match fresh {
            Some(fresh) => self.send(&method, path, Some(&fresh)).await,
            None => Ok(answer),
        }
    }

    async fn send(
        &self,
        method: &Method,
        path: &[&str],
        credential: Option<&auth::Credential>,
    ) -> Result<Answer, CallError> {
        let url = join(&self.base, path.iter().copied());
        let request = self.http.request(method.clone(), url);
        let request = request.header(ACCEPT, MANIFESTS);
        let request = match credential {
            Some(credential) => credential.put_on(request),
            None => request,
        };
        self.http.send(request).await
    }
}

/// `v2/<repository>/<kind>/<reference>` as segments.
fn path<'a>(repository: &'a Repository, kind: &'a str, reference: &'a str) -> Vec<&'a str> {
    let mut path = vec!["v2"];
    path.extend(repository.as_str().split('/'));
    path.extend([kind, reference]);
    path
}

/// What an index lists besides images, such as how they were made, is of no known system.
fn platforms(listed: &[wire::Descriptor]) -> Result<Vec<Digest>, CallError> {
    let runs = |d: &&wire::Descriptor| d.platform.as_ref().is_none_or(|p| p.os != "unknown");
    let images = listed.iter().filter(runs);
    images.map(|d| parse_digest(&d.digest)).collect()
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(digest(&SHA256, bytes)))
}

fn checked_digest(answer: &Answer) -> Result<Digest, CallError> {
    let own = parse_digest(&sha256(&answer.body))?;
    match answer.header(DIGEST_HEADER) {
        Some(named) => same(&own, named).map(|()| own),
        None => Ok(own),
    }
}

fn same(wanted: &Digest, got: &str) -> Result<(), CallError> {
    if wanted.as_str() == got {
        return Ok(());
    }
    Err(CallError::Unexpected {
        detail: format!("content of {wanted} has the digest {got}"),
    })
}

fn parse_digest(text: &str) -> Result<Digest, CallError> {
    Digest::parse(text).map_err(|_| CallError::Unexpected {
        detail: "a digest that is not SHA-256".to_owned(),
    })
}

/// The registry's own code and text; answers to HEAD have none.
fn fault(answer: &Answer) -> CallError {
    let Ok(faults) = answer.json::<wire::Faults>() else {
        return answer.error(&answer.text());
    };
    let texts = faults.errors.iter().map(wire::Fault::to_string);
    answer.error(&texts.collect::<Vec<_>>().join("; "))
}
