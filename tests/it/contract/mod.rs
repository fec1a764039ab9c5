//! One list of behaviours for each outside system, asked of its simulator always, and of a real
//! one where the environment names it: what the simulators do is then proven, not believed.
//!
//! Invariant: a behaviour that no real system confirmed in this run is printed as unconfirmed.

mod gitlab;
mod http;
mod jenkins;
mod kubernetes;
mod registry;

use futures_util::future::LocalBoxFuture;
use reqwest::{Client, Response, redirect};
use serde_json::Value;
use url::Url;

/// One behaviour: the route that it is of, and the assertion.
pub type Behaviour<'a> = (&'static str, LocalBoxFuture<'a, ()>);

/// Asks for every behaviour, one after another.
pub async fn hold(behaviours: Vec<Behaviour<'_>>) {
    for (route, behaviour) in behaviours {
        println!("asking: {route}");
        behaviour.await;
    }
}

/// Says loudly what is only believed of a system that nobody named.
pub fn unconfirmed(system: &str, behaviours: &[Behaviour<'_>]) {
    for (route, _) in behaviours {
        println!("unconfirmed: {system} {route}");
    }
}

/// A setting of this run.
#[expect(
    clippy::disallowed_methods,
    reason = "which real systems there are is known to the environment alone"
)]
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

pub fn url_setting(name: &str) -> Option<Url> {
    setting(name).map(|text| Url::parse(&text).unwrap())
}

/// A client that shows redirects instead of following them.
#[expect(
    clippy::disallowed_methods,
    reason = "raw calls, to see what is really said"
)]
pub fn raw() -> Client {
    let builder = Client::builder().redirect(redirect::Policy::none());
    builder.build().unwrap()
}

pub fn header<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    answer.headers().get(name)?.to_str().ok()
}

pub async fn json(answer: Response) -> Value {
    answer.json().await.unwrap()
}

/// A name that no earlier run used, for systems that remember.
pub fn fresh(prefix: &str) -> String {
    format!("{prefix}-{}", uuid::Uuid::now_v7().simple())
}
