//! Tags: every refusal to make one is a 400, told apart by its text alone.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::commits::project;
use super::refusal::Refusal;
use super::state::{Scope, State};
use super::{Caller, wire};
use crate::call::Call;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTag {
    tag_name: Option<String>,
    r#ref: Option<String>,
    message: Option<String>,
}

pub(super) fn create(
    gitlab: &mut State,
    caller: &Caller,
    call: &Call,
    id: u64,
    now: Timestamp,
) -> Result<Response, Refusal> {
    may_write(caller)?;
    let wanted = read(call)?;
    let missing = |name: &str| Refusal::Error(400, format!("{name} is missing"));
    let name = wanted.tag_name.ok_or_else(|| missing("tag_name"))?;
    let target = wanted.r#ref.ok_or_else(|| missing("ref"))?;
    let refused = |text: String| Refusal::Message(400, text);
    let project = project(gitlab, id)?;
    if project.archived {
        return Err(Refusal::forbidden());
    }
    if !is_tag_name(&name) {
        return Err(refused("Tag name invalid".to_owned()));
    }
    if target.is_empty() {
        return Err(refused("Target is empty".to_owned()));
    }
    if project.forbids_tag(&name) {
        let text = "You are not allowed to create this tag as it is protected.";
        return Err(refused(text.to_owned()));
    }
    if project.tag(&name).is_some() {
        return Err(refused(format!("Tag {name} already exists")));
    }
    let commit = project.resolve(&target).map(|commit| commit.id.clone());
    let commit = commit.ok_or_else(|| refused(format!("Target {target} is invalid")))?;
    let message = wanted.message.filter(|message| !message.is_empty());
    gitlab.add_tag(id, &name, &commit, message.as_deref(), now);
    let mut answer = Json(one(gitlab, id, &name)?).into_response();
    *answer.status_mut() = StatusCode::CREATED;
    Ok(answer)
}

/// Fields come as JSON, as a form, or in the query; GitLab takes all three.
fn read(call: &Call) -> Result<NewTag, Refusal> {
    let is_json = call
        .header("content-type")
        .is_some_and(|kind| kind.contains("json"));
    if is_json {
        return Ok(call.json()?);
    }
    call.only(&["tag_name", "ref", "message"])?;
    let mut wanted = NewTag::default();
    for (name, value) in call.query.iter().cloned().chain(call.form()) {
        match name.as_str() {
            "tag_name" => wanted.tag_name = Some(value),
            "ref" => wanted.r#ref = Some(value),
            "message" => wanted.message = Some(value),
            _ => return Err(crate::call::Unexpected(format!("form field {name}")).into()),
        }
    }
    Ok(wanted)
}

pub(super) fn list(gitlab: &State, call: &Call, id: u64) -> Result<Response, Refusal> {
    call.only(&["search", "page", "per_page", "order_by", "sort"])?;
    let search = call.query("search").unwrap_or_default();
    let fits = |name: &str| match search.strip_prefix('^') {
        Some(head) => name.starts_with(head),
        None => name.contains(search),
    };
    let names = project(gitlab, id)?.tags.keys().rev();
    let tags = names
        .filter(|name| fits(name))
        .map(|name| one(gitlab, id, name));
    let tags = tags.collect::<Result<Vec<Value>, _>>()?;
    wire::page(call, &tags, true)
}

pub(super) fn show(gitlab: &State, call: &Call, id: u64, name: &str) -> Result<Response, Refusal> {
    call.only(&[])?;
    Ok(Json(one(gitlab, id, name)?).into_response())
}

pub(super) fn delete(
    gitlab: &mut State,
    caller: &Caller,
    id: u64,
    name: &str,
) -> Result<Response, Refusal> {
    may_write(caller)?;
    one(gitlab, id, name)?;
    gitlab.remove_tag(id, name);
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn one(gitlab: &State, id: u64, name: &str) -> Result<Value, Refusal> {
    let project = project(gitlab, id)?;
    let tag = project.tag(name).ok_or_else(|| Refusal::not_found("Tag"))?;
    let commit = project.commits.get(&tag.commit);
    let commit = commit.ok_or_else(|| Refusal::not_found("Commit"))?;
    Ok(wire::tag(tag, commit))
}

pub(super) fn may_write(caller: &Caller) -> Result<(), Refusal> {
    match caller.scope {
        Scope::Api | Scope::Developer => Ok(()),
        Scope::Read => {
            let text = "insufficient_scope";
            Err(Refusal::Error(403, text.to_owned()))
        }
    }
}

/// What Git allows in a tag's name, near enough.
fn is_tag_name(name: &str) -> bool {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c);
    !name.is_empty()
        && !name.starts_with(['-', '/', '.'])
        && !name.ends_with(['/', '.'])
        && !name.contains("..")
        && !name.contains(forbidden)
}
