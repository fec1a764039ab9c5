//! Who asks, and which project is meant.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::refusal::Refusal;
use super::state::State;
use super::{Caller, wire};
use crate::call::Call;

pub(super) fn version() -> Response {
    Json(json!({ "version": "17.11.0-ee", "revision": "5be5e8a1c02" })).into_response()
}

pub(super) fn user(caller: &Caller) -> Response {
    let user = &caller.user;
    Json(json!({
        "id": user.id, "username": user.username, "name": user.name, "state": "active",
    }))
    .into_response()
}

/// The token that asks, which ends in three weeks however long the demo runs.
pub(super) fn token(now: jiff::Timestamp) -> Response {
    let end = now + jiff::SignedDuration::from_hours(24 * 21);
    let day = end.strftime("%Y-%m-%d").to_string();
    Json(json!({ "id": 1, "name": "slipway", "active": true, "expires_at": day })).into_response()
}

pub(super) fn show(
    gitlab: &State,
    caller: &Caller,
    call: &Call,
    id: &str,
) -> Result<Response, Refusal> {
    call.only(&["license", "statistics"])?;
    if let Some(id) = gitlab.moved.get(id) {
        return Err(Refusal::Moved(format!(
            "{}/api/v4/projects/{id}",
            call.origin
        )));
    }
    let id = find(gitlab, caller, id)?;
    let project = gitlab
        .project(id)
        .ok_or_else(|| Refusal::not_found("Project"))?;
    Ok(Json(wire::project(&gitlab.root_url, project)).into_response())
}

/// A project's number, from its number or its path; hidden ones are not found.
pub(super) fn find(gitlab: &State, caller: &Caller, id: &str) -> Result<u64, Refusal> {
    let number = id.parse::<u64>().ok();
    let mut projects = gitlab.projects.values();
    let found = projects.find(|project| number == Some(project.id) || project.path == id);
    found
        .filter(|project| !project.hidden_from.contains(&caller.user.id))
        .map(|project| project.id)
        .ok_or_else(|| Refusal::not_found("Project"))
}
