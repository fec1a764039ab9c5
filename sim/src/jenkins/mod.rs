//! Jenkins, as far as builds need it: jobs, the queue, builds, their logs.
//!
//! A build reads the tag from the world's GitLab and pushes its image to a real registry.
//! Invariant: time moves builds, requests do not: a poll never makes a build go faster.

mod access;
mod builds;
mod config;
mod jobs;
mod kept;
mod log;
mod push;
mod queue;
mod refusal;
mod run;
mod state;
mod templates;
mod tree;
mod wire;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, header};
use jiff::Timestamp;
use serde_json::json;

use crate::call::{Call, route};
use crate::serve::Server;
use crate::world::{System, World};
pub use config::Kind;
use refusal::Refusal;
pub(crate) use run::settle;
pub use state::{LocationStyle, Pace, State};
pub use templates::{Language, PARAMETERS, template};

const VERSION: &str = "2.516.3";

/// Serves the world's Jenkins; `port` 0 takes any free one.
pub async fn serve(world: &World, port: u16) -> std::io::Result<Server> {
    let server = Server::start(world, System::JENKINS, route(world, answer), port).await?;
    server.base_url().clone_into(&mut world.jenkins().root_url);
    Ok(server)
}

fn answer(world: &World, call: &Call) -> Response {
    let now = world.clock().now();
    let mut jenkins = world.jenkins();
    if jenkins.is_starting(now) {
        return Refusal::Starting.into_response();
    }
    let answer =
        access::check(&jenkins, call).and_then(|user| dispatch(&mut jenkins, call, &user, now));
    let mut answer = answer.unwrap_or_else(IntoResponse::into_response);
    let headers = answer.headers_mut();
    headers.insert("x-jenkins", HeaderValue::from_static(VERSION));
    if let Ok(session) = HeaderValue::from_str(&jenkins.session()) {
        headers.insert("x-jenkins-session", session);
    }
    answer
}

fn dispatch(
    jenkins: &mut State,
    call: &Call,
    user: &str,
    now: Timestamp,
) -> Result<Response, Refusal> {
    let parts = call.parts();
    let get = call.method == Method::GET;
    match parts.as_slice() {
        ["job", _, ..] => item(jenkins, call, &parts, now),
        ["createItem"] => jobs::create(jenkins, call, ""),
        ["api", "json"] if get => wire::answer(call, &top(jenkins)),
        ["whoAmI", "api", "json"] if get => wire::answer(call, &who_am_i(user)),
        ["crumbIssuer", "api", "json"] if get => crumb(jenkins, user, call),
        ["queue", "api", "json"] if get => queue::list(jenkins, call),
        ["queue", "item", id, "api", "json"] if get => queue::item(jenkins, call, id),
        ["queue", "cancelItem"] if !get => queue::cancel(jenkins, call, now),
        ["queue", "cancelItem"] => Err(Refusal::PostOnly),
        [""] if get => Ok("a page".into_response()),
        _ => Err(call.unknown().into()),
    }
}

/// `job/a/job/b/…`: the item's full name, then what is wanted of it.
fn item(
    jenkins: &mut State,
    call: &Call,
    parts: &[&str],
    now: Timestamp,
) -> Result<Response, Refusal> {
    let mut names = Vec::new();
    let mut rest = parts;
    while let ["job", name, after @ ..] = rest {
        names.push(*name);
        rest = after;
    }
    let name = names.join("/");
    if jenkins.item(&name).is_none() {
        return Err(Refusal::NotFound);
    }
    match (rest, &call.method) {
        (["createItem"], _) => jobs::create(jenkins, call, &name),
        (["buildWithParameters"], &Method::POST) => queue::trigger(jenkins, call, &name, now),
        (["buildWithParameters"], _) => Err(Refusal::PostOnly),
        ([build, ..], _) if is_build(build) => builds::answer(jenkins, call, &name, rest, now),
        _ => jobs::answer(jenkins, call, &name, rest),
    }
}

fn is_build(segment: &str) -> bool {
    let permalink = segment.starts_with("last") && segment.ends_with("Build");
    permalink || segment.parse::<u64>().is_ok()
}

fn top(jenkins: &State) -> serde_json::Value {
    let items = jenkins.items.iter().filter(|(key, _)| !key.contains('/'));
    let jobs: Vec<_> = items.map(|(_, item)| wire::brief(jenkins, item)).collect();
    json!({
        "_class": "hudson.model.Hudson", "mode": "NORMAL", "nodeDescription": "the node",
        "numExecutors": jenkins.executors, "quietingDown": false, "useCrumbs": jenkins.csrf,
        "url": format!("{}/", jenkins.root_url), "jobs": jobs,
    })
}

fn who_am_i(user: &str) -> serde_json::Value {
    json!({
        "_class": "hudson.security.WhoAmI", "name": user, "anonymous": false,
        "authenticated": true, "authorities": ["authenticated"],
    })
}

fn crumb(jenkins: &mut State, user: &str, call: &Call) -> Result<Response, Refusal> {
    let (crumb, cookie) = access::issue(jenkins, user, call)?;
    let mut answer = Json(json!({
        "_class": "hudson.security.csrf.DefaultCrumbIssuer",
        "crumb": crumb, "crumbRequestField": "Jenkins-Crumb",
    }))
    .into_response();
    if let Some(cookie) = cookie {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(answer)
}
