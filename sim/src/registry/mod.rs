//! An image registry that speaks the OCI distribution protocol, as CNCF Distribution does.
//!
//! Invariant: bytes are stored under the digest that they have, never under one that is claimed.

mod auth;
mod blobs;
mod kept;
mod manifests;
mod refusal;
mod state;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode};

use crate::call::{Call, route};
use crate::serve::Server;
use crate::world::{System, World};
pub use auth::Access;
use refusal::Refusal;
pub use state::{Layer, Made, diff_ids, image_layer, manifest_of, sha256};
pub use state::{Manifest, State};

/// Serves the world's registry; `port` 0 takes any free one.
pub async fn serve(world: &World, port: u16) -> std::io::Result<Server> {
    let router = route(world, answer);
    Server::start(world, System::REGISTRY, router, port).await
}

fn answer(world: &World, call: &Call) -> Response {
    let mut answer = dispatch(world, call).unwrap_or_else(IntoResponse::into_response);
    let version = HeaderValue::from_static("registry/2.0");
    let name = "docker-distribution-api-version";
    answer.headers_mut().insert(name, version);
    answer
}

fn dispatch(world: &World, call: &Call) -> Result<Response, Refusal> {
    let parts = call.parts();
    if parts == ["token"] && call.method == Method::GET {
        return auth::grant(world, call);
    }
    let Some(("v2", rest)) = parts.split_first().map(|(first, rest)| (*first, rest)) else {
        return Err(call.unknown().into());
    };
    let (name, rest) = split(rest);
    auth::check(world, call, &name)?;
    if !name.is_empty() && !is_name(&name) {
        return Err(Refusal::new(400, "NAME_INVALID", "invalid repository name"));
    }
    match (&call.method, rest) {
        (&Method::GET, [] | [""]) if name.is_empty() => Ok("{}".into_response()),
        (&Method::GET, ["tags", "list"]) => manifests::tags(world, call, &name),
        (_, ["manifests", reference]) => manifests::answer(world, call, &name, reference),
        (_, ["blobs", rest @ ..]) => blobs::answer(world, call, &name, rest),
        _ => Err(call.unknown().into()),
    }
}

/// The repository's name and what follows it; names may hold any number of slashes.
fn split<'a>(segments: &'a [&'a str]) -> (String, &'a [&'a str]) {
    let marks = ["manifests", "blobs", "tags"];
    let at = segments.iter().rposition(|segment| marks.contains(segment));
    let at = at.unwrap_or(0);
    (segments[..at].join("/"), &segments[at..])
}

fn is_name(name: &str) -> bool {
    let lawful = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    name.split('/')
        .all(|part| !part.is_empty() && part.bytes().all(lawful))
}

/// An answer without a body, with the headers that all writes have.
fn done(status: StatusCode, headers: &[(&'static str, String)]) -> Response {
    let mut answer = status.into_response();
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.headers_mut().insert(*name, value);
        }
    }
    answer
}
