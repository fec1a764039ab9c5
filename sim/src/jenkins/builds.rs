//! A build's routes: its state, its log, its stages, stopping it.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::config::Kind;
use super::refusal::{Refusal, redirect};
use super::state::{Build, Item, State};
use super::wire;
use crate::call::Call;

pub(super) fn answer(
    jenkins: &mut State,
    call: &Call,
    job: &str,
    rest: &[&str],
    now: Timestamp,
) -> Result<Response, Refusal> {
    let [name, action @ ..] = rest else {
        return Err(call.unknown().into());
    };
    let item = jenkins.item(job).ok_or(Refusal::NotFound)?;
    let number = number(item, name).ok_or(Refusal::NotFound)?;
    let build = item.builds.get(&number).ok_or(Refusal::NotFound)?;
    match (action, &call.method) {
        (["api", "json"], &Method::GET) => wire::answer(call, &wire::build(jenkins, item, build)),
        (["logText", "progressiveText"], &Method::GET) => log(call, build),
        (["consoleText"], &Method::GET) => Ok(build.log.replace('\n', "\r\n").into_response()),
        (["wfapi", "describe"], &Method::GET) => stages(call, item, build, now),
        (["stop"], &Method::POST) => Ok(stop(jenkins, job, number, now)),
        (["stop"], _) => Err(Refusal::PostOnly),
        _ => Err(call.unknown().into()),
    }
}

/// A number, or one of the permalinks.
fn number(item: &Item, name: &str) -> Option<u64> {
    let newest = |result: Option<&str>| {
        let mut builds = item.builds.values().rev();
        let fits = |build: &&Build| result.is_none() || build.ended.map(|(_, r)| r) == result;
        builds.find(fits).map(|build| build.number)
    };
    match name {
        "lastBuild" => newest(None),
        "lastSuccessfulBuild" => newest(Some("SUCCESS")),
        "lastFailedBuild" => newest(Some("FAILURE")),
        number => number.parse().ok(),
    }
}

/// Offsets count the file's bytes, but the body has two bytes for each line's end.
fn log(call: &Call, build: &Build) -> Result<Response, Refusal> {
    call.only(&["start"])?;
    let start = call.query("start").unwrap_or("0").parse();
    let start: usize = start.map_err(|_| Refusal::Oops)?;
    let bytes = build.log.as_bytes();
    let rest = bytes.get(start..).unwrap_or(bytes);
    let text = String::from_utf8_lossy(rest).replace('\n', "\r\n");
    let mut answer = text.into_response();
    let headers = answer.headers_mut();
    let kind = HeaderValue::from_static("text/plain;charset=UTF-8");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert("x-text-size", HeaderValue::from(bytes.len()));
    if build.ended.is_none() {
        headers.insert("x-more-data", HeaderValue::from_static("true"));
    }
    Ok(answer)
}

/// The plugin knows pipelines alone.
fn stages(call: &Call, item: &Item, build: &Build, now: Timestamp) -> Result<Response, Refusal> {
    call.only(&[])?;
    if item.kind != Kind::Pipeline {
        return Err(Refusal::NotFound);
    }
    let status = |ended: Option<&str>| match ended {
        None => "IN_PROGRESS",
        Some("FAILURE") => "FAILED",
        Some("ABORTED") => "ABORTED",
        Some(_) => "SUCCESS",
    };
    let took = |from: Timestamp, to: Option<Timestamp>| {
        to.unwrap_or(now).as_millisecond() - from.as_millisecond()
    };
    let stages: Vec<Value> = (1..)
        .zip(&build.stages)
        .map(|(index, stage)| {
            json!({
                "_links": {}, "id": (index * 5).to_string(), "name": stage.name,
                "execNode": "",
                "status": stage.ended.map_or("IN_PROGRESS", |(_, status)| status),
                "startTimeMillis": stage.started.as_millisecond(),
                "durationMillis": took(stage.started, stage.ended.map(|(at, _)| at)),
                "pauseDurationMillis": 0,
            })
        })
        .collect();
    let end = build.ended.map(|(at, _)| at);
    Ok(Json(json!({
        "_links": {}, "id": build.number.to_string(), "name": format!("#{}", build.number),
        "status": status(build.ended.map(|(_, result)| result)),
        "startTimeMillis": build.started.as_millisecond(),
        "endTimeMillis": end.unwrap_or(now).as_millisecond(),
        "durationMillis": took(build.started, end),
        "queueDurationMillis": 0, "pauseDurationMillis": 0,
        "stages": stages,
    }))
    .into_response())
}

/// The same answer comes where nothing is left to stop.
fn stop(jenkins: &mut State, job: &str, number: u64, now: Timestamp) -> Response {
    let item = jenkins.items.get_mut(&job.to_lowercase());
    let build = item.and_then(|item| item.builds.get_mut(&number));
    if let Some(build) = build.filter(|build| build.shown_end().is_none()) {
        build.say("Aborted by portal");
        build.end(now, "ABORTED");
        jenkins.last_finish = jenkins.last_finish.max(now);
    }
    redirect(".")
}
