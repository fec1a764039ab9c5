//! Blobs and their uploads: in one piece, in chunks, or mounted from another repository.

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};

use super::refusal::Refusal;
use super::{State, done, sha256};
use crate::call::Call;
use crate::world::World;

pub(super) fn answer(
    world: &World,
    call: &Call,
    name: &str,
    rest: &[&str],
) -> Result<Response, Refusal> {
    let mut registry = world.registry();
    match (&call.method, rest) {
        (&Method::POST, ["uploads", ""] | ["uploads"]) => start(&mut registry, call, name),
        (&Method::PATCH, ["uploads", id]) => chunk(&mut registry, call, name, id),
        (&Method::PUT, ["uploads", id]) => finish(&mut registry, call, name, id),
        (&Method::GET, ["uploads", id]) => status(&registry, call, name, id),
        (&Method::DELETE, ["uploads", id]) => cancel(&mut registry, id),
        (&Method::GET | &Method::HEAD, [digest]) => read(&registry, call, name, digest),
        _ => Err(call.unknown().into()),
    }
}

fn read(registry: &State, call: &Call, name: &str, digest: &str) -> Result<Response, Refusal> {
    call.only(&[])?;
    let repository = registry.repositories.get(name);
    let blob = repository.and_then(|repository| repository.blobs.get(digest));
    let blob = blob.ok_or_else(|| Refusal::new(404, "BLOB_UNKNOWN", "blob unknown to registry"))?;
    let headers = [
        ("content-type", "application/octet-stream".to_owned()),
        ("docker-content-digest", digest.to_owned()),
        ("etag", format!("\"{digest}\"")),
        ("content-length", blob.len().to_string()),
    ];
    let mut answer = done(StatusCode::OK, &headers);
    if call.method == Method::GET {
        *answer.body_mut() = blob.clone().into();
    }
    Ok(answer)
}

/// A `digest` here is taken no notice of, as Distribution does: the client goes on by PUT.
fn start(registry: &mut State, call: &Call, name: &str) -> Result<Response, Refusal> {
    call.only(&["mount", "from", "digest"])?;
    if let (Some(digest), Some(from)) = (call.query("mount"), call.query("from")) {
        let source = registry.repositories.get(from);
        let blob = source.and_then(|source| source.blobs.get(digest)).cloned();
        if let Some(blob) = blob {
            store(registry, name, digest, blob);
            return Ok(stored(call, name, digest));
        }
    }
    let id = format!("{:032x}", registry.count());
    registry.uploads.insert(id.clone(), Vec::new());
    Ok(progress(call, name, &id, 0))
}

fn chunk(registry: &mut State, call: &Call, name: &str, id: &str) -> Result<Response, Refusal> {
    call.only(&["_state"])?;
    let upload = upload(registry, id)?;
    if let Some(range) = call.header("content-range") {
        let start = range.trim_start_matches("bytes ").split('-').next();
        if start.and_then(|start| start.parse().ok()) != Some(upload.len()) {
            let message = "the chunk does not begin where the last one ended";
            return Err(Refusal::new(416, "RANGE_INVALID", message));
        }
    }
    upload.extend_from_slice(&call.body);
    let size = upload.len();
    Ok(progress(call, name, id, size))
}

fn finish(registry: &mut State, call: &Call, name: &str, id: &str) -> Result<Response, Refusal> {
    call.only(&["_state", "digest"])?;
    let invalid = |message| Refusal::new(400, "DIGEST_INVALID", message);
    let digest = call
        .query("digest")
        .ok_or_else(|| invalid("digest missing"))?;
    upload(registry, id)?.extend_from_slice(&call.body);
    let bytes = registry.uploads.remove(id).unwrap_or_default();
    if sha256(&bytes) != digest {
        return Err(invalid("provided digest did not match uploaded content"));
    }
    store(registry, name, digest, bytes.into());
    Ok(stored(call, name, digest))
}

fn status(registry: &State, call: &Call, name: &str, id: &str) -> Result<Response, Refusal> {
    let upload = registry.uploads.get(id).ok_or_else(unknown_upload)?;
    let mut answer = progress(call, name, id, upload.len());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    Ok(answer)
}

fn cancel(registry: &mut State, id: &str) -> Result<Response, Refusal> {
    registry.uploads.remove(id).ok_or_else(unknown_upload)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn upload<'a>(registry: &'a mut State, id: &str) -> Result<&'a mut Vec<u8>, Refusal> {
    registry.uploads.get_mut(id).ok_or_else(unknown_upload)
}

fn unknown_upload() -> Refusal {
    Refusal::new(
        404,
        "BLOB_UPLOAD_UNKNOWN",
        "blob upload unknown to registry",
    )
}

fn store(registry: &mut State, name: &str, digest: &str, blob: Bytes) {
    let repository = registry.repositories.entry(name.to_owned()).or_default();
    repository.blobs.insert(digest.to_owned(), blob);
}

fn stored(call: &Call, name: &str, digest: &str) -> Response {
    let location = format!("{}/v2/{name}/blobs/{digest}", call.origin);
    let headers = [
        ("location", location),
        ("docker-content-digest", digest.to_owned()),
    ];
    done(StatusCode::CREATED, &headers)
}

/// The address has a query of its own, to which a client must append and not put its own.
fn progress(call: &Call, name: &str, id: &str, size: usize) -> Response {
    let address = format!("{}/v2/{name}/blobs/uploads/{id}?_state={size}", call.origin);
    let headers = [
        ("location", address),
        ("range", format!("0-{}", size.saturating_sub(1))),
        ("docker-upload-uuid", id.to_owned()),
    ];
    done(StatusCode::ACCEPTED, &headers)
}
