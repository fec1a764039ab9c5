//! Webhooks: told of pushes and new tags, by a world that may also forget or repeat them.
//!
//! Deliveries go out when the world settles, so that a test decides when a hook arrives.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::state::{Project, Scope, State};
use super::{Caller, wire};
use crate::call::Call;
use crate::world::World;

const NOTHING: &str = "0000000000000000000000000000000000000000";
/// GitLab's own patience with a receiver.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A push of more references than this has no hook at all.
const REFERENCES_MAX: usize = 3;

const DELIVERIES_KEPT: usize = 1000;

/// A registered receiver.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Hook {
    pub id: u64,
    pub url: String,
    pub token: String,
    pub pushes: bool,
    pub tags: bool,
}

/// How reliable deliveries are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    #[default]
    Once,
    Twice,
    Never,
}

/// A reference that moved and has not been told of.
#[derive(Clone, Debug)]
pub(super) struct Moved {
    pub project: u64,
    /// `refs/heads/…` or `refs/tags/…`.
    pub name: String,
    pub before: Option<String>,
    pub after: String,
}

/// One request to a receiver, ready to go.
struct Message {
    hook: Hook,
    event: &'static str,
    uuid: String,
    body: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewHook {
    url: String,
    token: Option<String>,
    push_events: Option<bool>,
    tag_push_events: Option<bool>,
    #[serde(rename = "push_events_branch_filter")]
    _branches: Option<String>,
    #[serde(rename = "enable_ssl_verification")]
    _verify: Option<bool>,
}

pub(super) fn create(
    gitlab: &mut State,
    caller: &Caller,
    call: &Call,
    id: u64,
) -> Result<Response, Refusal> {
    may_maintain(caller)?;
    let wanted: NewHook = call.json()?;
    let hook = Hook {
        id: gitlab.count(),
        url: wanted.url,
        token: wanted.token.unwrap_or_default(),
        pushes: wanted.push_events.unwrap_or(true),
        tags: wanted.tag_push_events.unwrap_or(false),
    };
    let shown = shown(&hook);
    gitlab.hooks.entry(id).or_default().push(hook);
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

pub(super) fn update(
    gitlab: &mut State,
    caller: &Caller,
    call: &Call,
    (id, hook): (u64, &str),
) -> Result<Response, Refusal> {
    may_maintain(caller)?;
    let wanted: NewHook = call.json()?;
    let hooks = gitlab.hooks.entry(id).or_default();
    let found = hooks.iter_mut().find(|h| h.id.to_string() == hook);
    let found = found.ok_or_else(not_there)?;
    found.url = wanted.url;
    // What is not said stays as it is.
    if let Some(token) = wanted.token {
        found.token = token;
    }
    found.pushes = wanted.push_events.unwrap_or(found.pushes);
    found.tags = wanted.tag_push_events.unwrap_or(found.tags);
    Ok(Json(shown(found)).into_response())
}

pub(super) fn delete(
    gitlab: &mut State,
    caller: &Caller,
    (id, hook): (u64, &str),
) -> Result<Response, Refusal> {
    may_maintain(caller)?;
    let hooks = gitlab.hooks.entry(id).or_default();
    let at = hooks.iter().position(|h| h.id.to_string() == hook);
    hooks.remove(at.ok_or_else(not_there)?);
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn may_maintain(caller: &Caller) -> Result<(), Refusal> {
    super::tags::may_write(caller)?;
    match caller.scope {
        Scope::Developer => Err(Refusal::forbidden()),
        Scope::Read | Scope::Api => Ok(()),
    }
}

fn not_there() -> Refusal {
    Refusal::Message(404, "404 Not found".to_owned())
}

pub(super) fn list(
    gitlab: &State,
    caller: &Caller,
    call: &Call,
    id: u64,
) -> Result<Response, Refusal> {
    if caller.scope == Scope::Developer {
        return Err(Refusal::forbidden());
    }
    call.only(&["page", "per_page"])?;
    let hooks = gitlab.hooks.get(&id).into_iter().flatten();
    wire::page(call, &hooks.map(shown).collect::<Vec<_>>(), true)
}

/// The secret is never shown again.
fn shown(hook: &Hook) -> Value {
    json!({
        "id": hook.id, "url": hook.url, "push_events": hook.pushes,
        "tag_push_events": hook.tags, "enable_ssl_verification": true,
        "alert_status": "executable", "disabled_until": null,
    })
}

/// Delivers what was not delivered yet; a receiver's failure is its own loss.
pub(crate) async fn settle(world: &World) {
    let messages = {
        let mut gitlab = world.gitlab();
        let moved = std::mem::take(&mut gitlab.moved_refs);
        messages(&mut gitlab, &moved)
    };
    for message in messages {
        let Some(request) = request(&message) else {
            return;
        };
        let answer = request.send().await.ok();
        let status = answer.map(|answer| answer.status().as_u16());
        let mut gitlab = world.gitlab();
        if gitlab.deliveries.len() >= DELIVERIES_KEPT {
            gitlab.deliveries.remove(0);
        }
        gitlab.deliveries.push((message.hook.url, status));
    }
}

fn messages(gitlab: &mut State, moved: &[Moved]) -> Vec<Message> {
    let mut messages = Vec::new();
    for one in moved {
        let together = moved.iter().filter(|other| other.project == one.project);
        if together.count() > REFERENCES_MAX {
            continue;
        }
        let copies = match gitlab.delivery {
            Delivery::Once => 1,
            Delivery::Twice => 2,
            Delivery::Never => 0,
        };
        let is_tag = one.name.starts_with("refs/tags/");
        let event = if is_tag { "Tag Push Hook" } else { "Push Hook" };
        let hooks = gitlab.hooks.get(&one.project).cloned().unwrap_or_default();
        let wanted = hooks
            .into_iter()
            .filter(|hook| if is_tag { hook.tags } else { hook.pushes });
        let Some(project) = gitlab.project(one.project) else {
            continue;
        };
        let body = body(&gitlab.root_url, project, one, is_tag);
        for hook in wanted {
            let uuid = format!("00000000-0000-4000-8000-{:012x}", gitlab.count());
            for _ in 0..copies {
                messages.push(Message {
                    hook: hook.clone(),
                    event,
                    uuid: uuid.clone(),
                    body: body.clone(),
                });
            }
        }
    }
    messages
}

fn body(root: &str, project: &Project, moved: &Moved, is_tag: bool) -> Value {
    let kind = if is_tag { "tag_push" } else { "push" };
    let head = project.resolve(&moved.after);
    let commit = head.map(|commit| {
        json!({
            "id": commit.id, "message": commit.message,
            "title": commit.message.lines().next(), "timestamp": commit.at.to_string(),
            "url": format!("{root}/{}/-/commit/{}", project.path, commit.id),
            "author": { "name": commit.author, "email": "someone@example.com" },
            "added": [], "modified": ["README.md"], "removed": [],
        })
    });
    json!({
        "object_kind": kind, "event_name": kind,
        "before": moved.before.as_deref().unwrap_or(NOTHING),
        "after": moved.after, "ref": moved.name, "ref_protected": false,
        "checkout_sha": moved.after, "message": null,
        "user_id": 1, "user_name": "Someone", "user_username": "someone", "user_email": "",
        "project_id": project.id,
        "project": wire::project(root, project),
        "commits": commit.iter().collect::<Vec<_>>(),
        "total_commits_count": usize::from(commit.is_some()),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "what GitLab sends is no part of the product's calls"
)]
fn request(message: &Message) -> Option<reqwest::RequestBuilder> {
    let client = reqwest::Client::builder().timeout(TIMEOUT).build().ok()?;
    let request = client
        .post(&message.hook.url)
        .header("X-Gitlab-Event", message.event)
        .header("X-Gitlab-Token", &message.hook.token)
        .header("X-Gitlab-Event-UUID", &message.uuid)
        .header("X-Gitlab-Webhook-UUID", &message.uuid)
        .header("Idempotency-Key", &message.uuid)
        .header("X-Gitlab-Instance", "http://gitlab.example");
    Some(request.json(&message.body))
}
