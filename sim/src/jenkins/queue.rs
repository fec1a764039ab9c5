//! The queue's routes: triggering, looking at items, cancelling them.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::state::{Entry, Item, LocationStyle, Place, State};
use super::wire;
use crate::call::Call;
use crate::clock::later;

/// Fields of a trigger that are not parameters of the job.
const OWN_FIELDS: [&str; 4] = ["delay", "token", "cause", "json"];

pub(super) fn trigger(
    jenkins: &mut State,
    call: &Call,
    job: &str,
    now: Timestamp,
) -> Result<Response, Refusal> {
    let item = jenkins.item(job).ok_or(Refusal::NotFound)?;
    let declared = item.config().map(|config| config.parameters());
    let declared = declared.unwrap_or_default();
    if declared.is_empty() {
        let text = format!("{} is not parameterized", item.leaf());
        return Err(Refusal::Failure(text));
    }
    if !item.is_buildable() {
        let text = format!("{} is not buildable", item.leaf());
        return Err(Refusal::NotBuildable(text));
    }
    let sent: Vec<_> = call.query.iter().cloned().chain(call.form()).collect();
    let parameters = values(&declared, &sent)?;
    let quiet = quiet(&sent, jenkins.pace.quiet);
    let key = job.to_lowercase();
    let mut queued = jenkins.queue.values().filter(|entry| entry.is_queued());
    let same = queued.find(|entry| entry.job == key && entry.parameters == parameters);
    let (status, id) = match same {
        Some(entry) => (StatusCode::SEE_OTHER, entry.id),
        None => (StatusCode::CREATED, jenkins.count()),
    };
    if status == StatusCode::CREATED {
        let entry = Entry {
            id,
            job: key,
            parameters,
            since: now,
            not_before: later(now, quiet),
            place: Place::Waiting,
        };
        jenkins.queue.insert(id, entry);
    }
    Ok(accepted(status, &jenkins.location, &call.origin, id))
}

/// Declared parameters alone count; missing ones have their defaults, one sent twice is too much.
fn values(
    declared: &[(String, String)],
    sent: &[(String, String)],
) -> Result<Vec<(String, String)>, Refusal> {
    let value = |(name, default): &(String, String)| {
        let mut given = sent.iter().filter(|(key, _)| key == name);
        let value = given.next().map_or(default, |(_, value)| value);
        match given.next() {
            None => Ok((name.clone(), value.clone())),
            Some(_) => Err(Refusal::Oops),
        }
    };
    let is_own = |name: &str| OWN_FIELDS.contains(&name);
    let declared = declared.iter().filter(|(name, _)| !is_own(name));
    declared.map(value).collect()
}

/// `delay=0sec`, `delay=5`; anything else leaves the usual quiet period.
fn quiet(sent: &[(String, String)], usual: Duration) -> Duration {
    let delay = sent.iter().find(|(name, _)| name == "delay");
    let seconds = delay.map(|(_, text)| text.trim_end_matches("sec"));
    let seconds = seconds.and_then(|text| text.parse().ok());
    seconds.map_or(usual, Duration::from_secs)
}

fn accepted(status: StatusCode, style: &LocationStyle, origin: &str, id: u64) -> Response {
    let base = match style {
        LocationStyle::Origin => origin,
        LocationStyle::Fixed(base) => base,
        LocationStyle::Absent => return status.into_response(),
    };
    let mut answer = status.into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("{base}/queue/item/{id}/")) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    answer
}

pub(super) fn cancel(
    jenkins: &mut State,
    call: &Call,
    now: Timestamp,
) -> Result<Response, Refusal> {
    call.only(&["id"])?;
    let id = call.query("id").and_then(|id| id.parse().ok());
    let entry = id.and_then(|id: u64| jenkins.queue.get_mut(&id));
    let entry = entry
        .filter(|entry| entry.is_queued())
        .ok_or(Refusal::NotFound)?;
    entry.place = Place::Cancelled { at: now };
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) fn item(jenkins: &State, call: &Call, id: &str) -> Result<Response, Refusal> {
    let entry = id.parse().ok().and_then(|id: u64| jenkins.queue.get(&id));
    let entry = entry.ok_or(Refusal::NotFound)?;
    wire::answer(call, &value(jenkins, entry))
}

pub(super) fn list(jenkins: &State, call: &Call) -> Result<Response, Refusal> {
    let queued = jenkins
        .queue
        .values()
        .rev()
        .filter(|entry| entry.is_queued());
    let items: Vec<Value> = queued.map(|entry| value(jenkins, entry)).collect();
    let queue = json!({ "_class": "hudson.model.Queue", "items": items });
    wire::answer(call, &queue)
}

fn value(jenkins: &State, entry: &Entry) -> Value {
    let item = jenkins.items.get(&entry.job);
    let task = item.map(|item| {
        let url = format!("{}{}", jenkins.root_url, item.path());
        json!({ "_class": wire::job_class(item.kind), "name": item.leaf(), "url": url })
    });
    let mut value = json!({
        "id": entry.id,
        "actions": wire::actions(&entry.parameters),
        "inQueueSince": entry.since.as_millisecond(),
        "blocked": false, "buildable": false, "stuck": false,
        "task": task, "url": format!("queue/item/{}/", entry.id),
        "why": null,
    });
    let class = describe(jenkins, entry, item, &mut value);
    value["_class"] = json!(format!("hudson.model.Queue${class}"));
    value
}

/// Fills in what differs by the item's place; gives the class that says so.
fn describe(
    jenkins: &State,
    entry: &Entry,
    item: Option<&Item>,
    value: &mut Value,
) -> &'static str {
    match entry.place {
        Place::Waiting => {
            value["why"] = json!("In the quiet period. Expires in a moment");
            value["timestamp"] = json!(entry.not_before.as_millisecond());
            "WaitingItem"
        }
        Place::Blocked { by } => {
            value["blocked"] = json!(true);
            value["why"] = json!(format!("Build #{by} is already in progress (ETA: N/A)"));
            "BlockedItem"
        }
        Place::Buildable => {
            value["buildable"] = json!(true);
            value["pending"] = json!(false);
            value["why"] = json!("Waiting for next available executor");
            "BuildableItem"
        }
        Place::Cancelled { .. } => {
            value["cancelled"] = json!(true);
            value["executable"] = Value::Null;
            "LeftItem"
        }
        Place::Left { build, .. } => {
            value["cancelled"] = json!(false);
            value["executable"] = build.zip(item).map_or(Value::Null, |(number, item)| {
                let url = format!("{}{}{number}/", jenkins.root_url, item.path());
                json!({ "_class": wire::build_class(item.kind), "number": number, "url": url })
            });
            "LeftItem"
        }
    }
}
