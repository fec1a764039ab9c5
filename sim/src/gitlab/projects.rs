//! Who asks, and which project is meant.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::state::{Project, Scope, State};
use super::{Caller, wire};
use crate::call::{Call, Unexpected};

/// GitLab's numbers for no role, for minimal access, and from Guest to Owner.
const ROLES: [u8; 8] = [0, 5, 10, 15, 20, 30, 40, 50];
const COUNTED_MAX: usize = 10_000;

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

/// Projects with the least role that is asked for, by their numbers, with their simple fields.
/// The one order and the one direction in which a client of ours asks are the only ones.
pub(super) fn list(gitlab: &State, caller: &Caller, call: &Call) -> Result<Response, Refusal> {
    call.only(&[
        "simple",
        "archived",
        "min_access_level",
        "order_by",
        "sort",
        "per_page",
        "page",
    ])?;
    for (name, value) in [("simple", "true"), ("order_by", "id"), ("sort", "asc")] {
        if call.query(name) != Some(value) {
            return Err(Unexpected(format!("projects without {name}={value}")).into());
        }
    }
    let archived = call.query("archived").map(|value| value == "true");
    let role = match call.query("min_access_level") {
        None => 0,
        Some(level) => level
            .parse()
            .ok()
            .filter(|level| ROLES.contains(level))
            .ok_or_else(|| {
                let text = "min_access_level does not have a valid value";
                Refusal::Error(400, text.to_owned())
            })?,
    };
    let is_wanted = |project: &&Project| {
        archived.is_none_or(|wanted| project.archived == wanted)
            && !project.hidden_from.contains(&caller.user.id)
            && role <= role_of(caller.scope)
    };
    let found = gitlab.projects.values().filter(is_wanted);
    let found: Vec<Value> = found
        .map(|project| wire::simple(&gitlab.root_url, project))
        .collect();
    // Beyond it GitLab says only whether there is a next page.
    wire::page(call, &found, found.len() <= COUNTED_MAX)
}

/// The same in every project that the account sees.
const fn role_of(scope: Scope) -> u8 {
    match scope {
        Scope::Read => 20,
        Scope::Developer => 30,
        Scope::Api => 40,
    }
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
