//! GitLab, as far as releases need it: projects, branches, commits, tags.
//!
//! Invariant: errors have the texts and statuses of the real one, also where those are odd.

mod commits;
mod hooks;
mod kept;
mod projects;
mod refusal;
mod state;
mod tags;
mod wire;

use axum::response::{IntoResponse, Response};
use http::Method;

use crate::call::{Call, route};
use crate::serve::Server;
use crate::world::{System, World};
pub(crate) use hooks::settle;
pub use hooks::{Delivery, Hook};
use refusal::Refusal;
pub use state::{Commit, Project, Scope, State, Tag, User};

/// Serves the world's GitLab; `port` 0 takes any free one.
pub async fn serve(world: &World, port: u16) -> std::io::Result<Server> {
    let server = Server::start(world, System::GITLAB, route(world, answer), port).await?;
    server.base_url().clone_into(&mut world.gitlab().root_url);
    Ok(server)
}

fn answer(world: &World, call: &Call) -> Response {
    dispatch(world, call).unwrap_or_else(IntoResponse::into_response)
}

/// Who asks: decided once per request, from the token.
struct Caller {
    user: User,
    scope: Scope,
}

fn dispatch(world: &World, call: &Call) -> Result<Response, Refusal> {
    let parts = call.parts();
    let ["api", "v4", rest @ ..] = parts.as_slice() else {
        return Err(call.unknown().into());
    };
    let now = world.clock().now();
    let mut gitlab = world.gitlab();
    let caller = caller(&gitlab, call)?;
    let get = call.method == Method::GET;
    match rest {
        ["version"] if get => Ok(projects::version()),
        ["user"] if get => Ok(projects::user(&caller)),
        ["personal_access_tokens", "self"] if get => Ok(projects::token(now)),
        ["projects"] if get => projects::list(&gitlab, &caller, call),
        ["projects", id] if get => projects::show(&gitlab, &caller, call, id),
        ["projects", id, "hooks"] => {
            let id = projects::find(&gitlab, &caller, id)?;
            match call.method {
                Method::GET => hooks::list(&gitlab, &caller, call, id),
                Method::POST => hooks::create(&mut gitlab, &caller, call, id),
                _ => Err(call.unknown().into()),
            }
        }
        ["projects", id, "hooks", hook] => {
            let id = projects::find(&gitlab, &caller, id)?;
            match call.method {
                Method::PUT => hooks::update(&mut gitlab, &caller, call, (id, hook)),
                Method::DELETE => hooks::delete(&mut gitlab, &caller, (id, hook)),
                _ => Err(call.unknown().into()),
            }
        }
        ["projects", id, "repository", rest @ ..] => {
            let id = projects::find(&gitlab, &caller, id)?;
            match (rest, &call.method) {
                (["tags"], &Method::POST) => tags::create(&mut gitlab, &caller, call, id, now),
                (["tags"], &Method::GET) => tags::list(&gitlab, call, id),
                (["tags", name], &Method::GET) => tags::show(&gitlab, call, id, name),
                (["tags", name], &Method::DELETE) => tags::delete(&mut gitlab, &caller, id, name),
                (["branches"], &Method::GET) => commits::branches(&gitlab, call, id),
                (["branches", name], &Method::GET) => commits::branch(&gitlab, call, id, name),
                (["commits"], &Method::GET) => commits::list(&gitlab, call, id),
                (["commits", name], &Method::GET) => commits::show(&gitlab, call, id, name),
                (["compare"], &Method::GET) => commits::compare(&gitlab, call, id),
                _ => Err(call.unknown().into()),
            }
        }
        _ => Err(call.unknown().into()),
    }
}

fn caller(gitlab: &State, call: &Call) -> Result<Caller, Refusal> {
    let token = call.header("private-token").or_else(|| call.bearer());
    let known = token.and_then(|token| gitlab.token(token));
    let (user, scope) = known.ok_or(Refusal::Message(401, "401 Unauthorized".to_owned()))?;
    Ok(Caller { user, scope })
}
