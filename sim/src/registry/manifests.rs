//! Manifests by tag and by digest, and the list of tags.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{Manifest, State, done, sha256};
use crate::call::Call;
use crate::world::World;

const TAGS_PAGE_MAX: usize = 1000;

pub(super) fn answer(
    world: &World,
    call: &Call,
    name: &str,
    reference: &str,
) -> Result<Response, Refusal> {
    call.only(&["ns"])?;
    let mut registry = world.registry();
    match call.method {
        Method::GET | Method::HEAD => read(&registry, call, name, reference),
        Method::PUT => write(&mut registry, call, name, reference),
        Method::DELETE => delete(&mut registry, name, reference),
        _ => Err(call.unknown().into()),
    }
}

fn read(registry: &State, call: &Call, name: &str, reference: &str) -> Result<Response, Refusal> {
    let digest = registry.digest(name, reference);
    let digest = digest.unwrap_or_else(|| reference.to_owned());
    let found = registry.manifest(name, &digest).ok_or_else(unknown)?;
    if found.media_type.contains(".oci.") && !accepts(call, &found.media_type) {
        return Err(unknown());
    }
    let mut headers = vec![
        ("content-type", found.media_type),
        ("content-length", found.bytes.len().to_string()),
        ("etag", format!("\"{digest}\"")),
    ];
    if call.method == Method::GET || !registry.hides_digest_on_head {
        headers.push(("docker-content-digest", digest));
    }
    let mut answer = done(StatusCode::OK, &headers);
    if call.method == Method::GET {
        *answer.body_mut() = found.bytes.into();
    }
    Ok(answer)
}

/// A client that does not name the OCI types is taken for one that can't read them.
fn accepts(call: &Call, media_type: &str) -> bool {
    let accepted = call.headers.get_all(header::ACCEPT).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| one.split(';').next().unwrap_or_default().trim() == media_type)
}

fn write(
    registry: &mut State,
    call: &Call,
    name: &str,
    reference: &str,
) -> Result<Response, Refusal> {
    let invalid = |message| Refusal::new(400, "MANIFEST_INVALID", message);
    let manifest: Value =
        serde_json::from_slice(&call.body).map_err(|_| invalid("manifest invalid"))?;
    let media_type = call.header("content-type").unwrap_or_default();
    if !media_type.starts_with("application/vnd.") {
        return Err(invalid("unsupported media type"));
    }
    let digest = sha256(&call.body);
    let by_digest = reference.starts_with("sha256:");
    if by_digest && reference != digest {
        let message = "provided digest did not match uploaded content";
        return Err(Refusal::new(400, "DIGEST_INVALID", message));
    }
    let repository = registry.repositories.entry(name.to_owned()).or_default();
    for part in parts(&manifest) {
        if !repository.blobs.contains_key(part) && !repository.manifests.contains_key(part) {
            let message = "blob unknown to registry";
            return Err(Refusal::new(400, "MANIFEST_BLOB_UNKNOWN", message));
        }
    }
    let stored = Manifest {
        media_type: media_type.to_owned(),
        bytes: call.body.clone(),
    };
    repository.manifests.insert(digest.clone(), stored);
    if !by_digest {
        repository.tags.insert(reference.to_owned(), digest.clone());
    }
    let location = format!("{}/v2/{name}/manifests/{digest}", call.origin);
    let headers = [("location", location), ("docker-content-digest", digest)];
    Ok(done(StatusCode::CREATED, &headers))
}

/// The digests that a manifest leads to: configuration and layers, or an index's manifests.
fn parts(manifest: &Value) -> Vec<&str> {
    let lists = ["layers", "manifests"].map(|field| manifest[field].as_array());
    let listed = lists.into_iter().flatten().flatten();
    std::iter::once(&manifest["config"])
        .chain(listed)
        .filter_map(|part| part["digest"].as_str())
        .collect()
}

/// Deleting a digest takes all of its tags along; deleting a tag only removes the tag.
fn delete(registry: &mut State, name: &str, reference: &str) -> Result<Response, Refusal> {
    let repository = registry.repositories.get_mut(name).ok_or_else(unknown)?;
    if repository.tags.remove(reference).is_none() {
        repository.manifests.remove(reference).ok_or_else(unknown)?;
        repository.tags.retain(|_, tagged| tagged != reference);
    }
    Ok(StatusCode::ACCEPTED.into_response())
}

pub(super) fn tags(world: &World, call: &Call, name: &str) -> Result<Response, Refusal> {
    call.only(&["n", "last"])?;
    let registry = world.registry();
    let repository = registry.repositories.get(name);
    let message = "repository name not known to registry";
    let repository = repository.ok_or_else(|| Refusal::new(404, "NAME_UNKNOWN", message))?;
    let last = call.query("last").unwrap_or_default();
    let limit = call.query("n").and_then(|n| n.parse().ok());
    let limit: usize = limit.unwrap_or(TAGS_PAGE_MAX);
    let rest = repository.tags.keys().filter(|tag| tag.as_str() > last);
    let mut page: Vec<&str> = rest.take(limit + 1).map(String::as_str).collect();
    let more = page.len() > limit;
    page.truncate(limit);
    let mut answer = Json(json!({ "name": name, "tags": page })).into_response();
    if let (true, Some(last)) = (more, page.last()) {
        let link = format!("</v2/{name}/tags/list?last={last}&n={limit}>; rel=\"next\"");
        if let Ok(link) = HeaderValue::from_str(&link) {
            answer.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(answer)
}

fn unknown() -> Refusal {
    Refusal::new(404, "MANIFEST_UNKNOWN", "manifest unknown")
}
