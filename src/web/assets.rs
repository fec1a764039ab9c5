//! Static files, built into the program and named by their content, so that browsers keep them
//! for good and a new version is a new name.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "static/"]
#[include = "*.css"]
#[include = "*.js"]
#[include = "*.svg"]
#[include = "vendor/*"]
struct Files;

/// One hash over all files: assets refer to each other, so they change their names together.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hashes = BTreeMap::new();
    for name in Files::iter() {
        if let Some(file) = Files::get(&name) {
            hashes.insert(name.to_string(), file.metadata.sha256_hash());
        }
    }
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for (name, hash) in &hashes {
        context.update(name.as_bytes());
        context.update(hash);
    }
    hex::encode(context.finish().as_ref())
        .chars()
        .take(12)
        .collect()
});

/// The URL of a file of `static/`.
#[must_use]
pub fn url(name: &str) -> String {
    format!("/static/{}/{name}", *VERSION)
}

/// `GET /static/{version}/{*name}`
pub async fn serve(Path((version, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(file) = Files::get(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|v| v.as_bytes() == tag.as_bytes())
    {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let keep = if version == *VERSION {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let kind = file.metadata.mimetype().to_owned();
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, keep.to_owned()),
        (header::ETAG, tag),
    ];
    (headers, Body::from(file.data.into_owned())).into_response()
}
