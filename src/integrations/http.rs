//! The one shell around outgoing HTTP: limits, timeouts, a circuit breaker, errors by meaning.
//!
//! It never repeats a call and follows no redirect: whether a call may be repeated is known
//! only to the step that made it, and a redirect could carry a credential to another host.
//! Invariant: no text that leaves here holds a URL, because URLs may hold tokens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use url::Url;

use super::answer::Answer;
use super::breaker::Breaker;
use super::error::CallError;

/// What one target may cost.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For name look-up, TCP and TLS.
    pub connect: Duration,
    /// For waiting for a place, sending and reading everything.
    pub total: Duration,
    /// Calls in flight at once; further ones wait within `total`.
    pub concurrent: usize,
    /// The largest answer that is read.
    pub body_max_bytes: usize,
    /// Consecutive failures to answer after which the target is left alone.
    pub open_after: u32,
    /// For how long it is left alone before one call may try again.
    pub pause: Duration,
}

impl Default for Limits {
    /// Fits a step of the durable engine, which has 30 s for everything it does.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            total: Duration::from_secs(10),
            concurrent: 8,
            body_max_bytes: 8 * 1024 * 1024,
            open_after: 5,
            pause: Duration::from_secs(15),
        }
    }
}

/// The way to one target; clones share its limits and its breaker.
#[derive(Debug, Clone)]
pub struct Http(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: reqwest::Client,
    limits: Limits,
    places: Semaphore,
    breaker: Breaker,
}

/// What to do with an answer that is larger than the limit.
#[derive(Debug, Clone, Copy)]
enum Overflow {
    Refuse,
    Cut,
}

impl Http {
    /// Fails only where the machine's TLS set-up is unusable.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that builds clients, because limits are set here"
    )]
    pub fn new(limits: Limits) -> Result<Self, CallError> {
        let client = reqwest::Client::builder()
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("slipway/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| CallError::Unexpected {
                detail: format!("no HTTP client can be made: {}", error.without_url()),
            })?;
        Ok(Self(Arc::new(Inner {
            client,
            places: Semaphore::new(limits.concurrent),
            breaker: Breaker::new(limits.open_after, limits.pause),
            limits,
        })))
    }

    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.0.client.request(method, url)
    }

    /// Sends and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// `Unavailable` where no answer came or the target is being left alone; `Unexpected` where
    /// the answer is larger than the limit.
    pub async fn send(&self, request: RequestBuilder) -> Result<Answer, CallError> {
        self.guarded(request, Overflow::Refuse).await
    }

    /// Like [`Http::send`], but reads only the limit's worth of a larger answer.
    pub async fn send_cut(&self, request: RequestBuilder) -> Result<Answer, CallError> {
        self.guarded(request, Overflow::Cut).await
    }

    async fn guarded(
        &self,
        request: RequestBuilder,
        overflow: Overflow,
    ) -> Result<Answer, CallError> {
        let inner = &self.0;
        let pass = inner
            .breaker
            .enter(Instant::now())
            .map_err(|wait| CallError::Unavailable {
                detail: "left alone after several failures in a row".to_owned(),
                retry_after: Some(wait),
            })?;
        let outcome = timeout(inner.limits.total, self.exchange(request, overflow)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(unavailable("no answer in time")));
        pass.finish(answered(&outcome), Instant::now());
        outcome
    }

    async fn exchange(
        &self,
        request: RequestBuilder,
        overflow: Overflow,
    ) -> Result<Answer, CallError> {
        let inner = &self.0;
        let _place = inner.places.acquire().await;
        let mut response = request.send().await.map_err(|error| failure(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        let mut cut = false;
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
            let room = inner.limits.body_max_bytes - body.len();
            if chunk.len() <= room {
                body.extend_from_slice(&chunk);
                continue;
            }
            match overflow {
                Overflow::Refuse => return Err(too_large(inner.limits.body_max_bytes)),
                Overflow::Cut => body.extend(chunk.iter().take(room)),
            }
            cut = true;
            break;
        }
        Ok(Answer {
            status,
            headers,
            body,
            cut,
        })
    }
}

/// `base` with further path segments, each encoded as one (a slash inside becomes `%2F`).
#[must_use]
pub fn join<'a>(base: &Url, segments: impl IntoIterator<Item = &'a str>) -> Url {
    let mut url = base.clone();
    // Only `mailto:`-like bases have no path, and the settings accept http and https alone.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// Whether this says that the target is alive; a 500 does, since something answered.
fn answered(outcome: &Result<Answer, CallError>) -> bool {
    match outcome {
        Ok(answer) => !matches!(
            answer.status,
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
        ),
        Err(error) => !matches!(error, CallError::Unavailable { .. }),
    }
}

fn failure(error: &reqwest::Error) -> CallError {
    if error.is_builder() {
        return CallError::Refused {
            detail: "the request cannot be written".to_owned(),
        };
    }
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "cannot connect"
    } else {
        "the connection broke"
    };
    // The innermost cause names what happened ("connection refused"), the outer ones the URL.
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if std::ptr::addr_eq(cause, error) {
        return unavailable(what);
    }
    unavailable(&format!("{what}: {cause}"))
}

fn unavailable(detail: &str) -> CallError {
    CallError::Unavailable {
        detail: detail.to_owned(),
        retry_after: None,
    }
}

fn too_large(limit: usize) -> CallError {
    CallError::Unexpected {
        detail: format!("the answer is larger than {limit} bytes"),
    }
}
