//! A command in a container: negotiated over WebSocket, v5 or v4, and really run.
//!
//! What a container holds is pretended, so a command runs in a folder of its container's, with an
//! emptied environment, and as nobody where the simulator is root.
//! Invariant: a status follows the last byte of output, and the end of the connection follows it.

mod flood;
mod pipe;
mod pty;
mod talk;

use std::path::PathBuf;

use axum::extract::{FromRequestParts, Request, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use super::cluster::{Cluster, text};
use super::resources::of_kind;
use super::status::{self, No};
use super::{beside, logs};
use crate::call::Call;
use crate::world::World;

/// What containers answer when a command is to be run in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exec {
    /// A real process behind a real terminal.
    Runs,
    /// The same, but the image lacks this program.
    RunsAllBut(&'static str),
    /// The image holds no program at all.
    HoldsNothing,
    /// What is typed comes back at once, until Ctrl-C.
    Echoes,
    /// So many frames of so many bytes of [`flood`], until Ctrl-C.
    Floods { frames: usize, bytes: usize },
}

pub use flood::{PERIOD_BYTES, flood};
pub(super) use pty::give_to_nobody;

/// What each server of today speaks, the one that it prefers first.
pub const PROTOCOLS: &[&str] = &["v5.channel.k8s.io", "v4.channel.k8s.io"];

/// From 1.35 on a WebSocket needs the right that a POST always needed.
const ALSO_CREATE_FROM_MINOR: u32 = 35;

const KNOWN: &[&str] = &["command", "container", "stderr", "stdin", "stdout", "tty"];

/// A command that may be run, and where.
struct Order {
    command: Vec<String>,
    exec: Exec,
    /// Whether behind a terminal, or with its streams apart.
    tty: bool,
    folder: PathBuf,
    namespace: String,
    pod: String,
    uid: String,
    protocols: &'static [&'static str],
}

/// Whether a request is for a command; all others are answered by the usual routes.
pub(super) fn is_meant(request: &Request) -> bool {
    request.headers().contains_key(header::UPGRADE) && request.uri().path().ends_with("/exec")
}

pub(super) async fn answer(world: World, cluster: String, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
    let call = Call::read(Request::from_parts(parts, body)).await;
    let order = match order(&world, &cluster, &call) {
        Ok(order) => order,
        Err(no) => return no.into_response(),
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade.protocols(order.protocols.iter().copied()),
        Err(refused) => return refused.into_response(),
    };
    if upgrade.selected_protocol().is_none() {
        return (StatusCode::BAD_REQUEST, "no such subprotocol").into_response();
    }
    upgrade.on_upgrade(move |socket| talk::hold(world, cluster, order, socket))
}

fn order(world: &World, name: &str, call: &Call) -> Result<Order, No> {
    let mut state = world.kubernetes();
    let cluster = state
        .clusters
        .get_mut(name)
        .ok_or_else(status::no_such_resource)?;
    let rights = super::route::rights(cluster, call)?;
    call.only(KNOWN)?;
    let parts = call.parts();
    let ["api", "v1", "namespaces", namespace, "pods", pod, "exec"] = parts.as_slice() else {
        return Err(call.unknown().into());
    };
    for verb in verbs(&cluster.settings.version) {
        if !rights.allow("pods/exec", verb) {
            return Err(status::forbidden(&format!("{verb} pods/exec")));
        }
    }
    let found = cluster.existing(of_kind("Pod"), namespace, pod)?;
    let container = logs::which(&found, call.query("container"))?;
    let status = logs::status_of(&found, &container);
    if status["state"]["running"].is_null() {
        let message = format!("container not found (\"{container}\")");
        return Err(status::bad_request(message));
    }
    let exec = match &cluster.settings.exec {
        // What is put beside others has an image of its own.
        Exec::HoldsNothing if beside::is_one(&found, &container) => Exec::Runs,
        Exec::Runs if is_bare(cluster, text(&status, "/image")) => Exec::HoldsNothing,
        exec => exec.clone(),
    };
    let folder = cluster.folder(namespace, pod, &container);
    let folder = folder.map_err(|error| status::bad_request(error.to_string()))?;
    let command = call.query.iter().filter(|(key, _)| key == "command");
    Ok(Order {
        command: command.map(|(_, word)| word.clone()).collect(),
        exec,
        tty: call.query("tty") == Some("true"),
        folder,
        namespace: (*namespace).to_owned(),
        pod: (*pod).to_owned(),
        uid: text(&found, "/metadata/uid").to_owned(),
        protocols: cluster.settings.exec_protocols,
    })
}

fn is_bare(cluster: &Cluster, image: &str) -> bool {
    let bare = cluster.settings.bare;
    bare.is_some_and(|name| image.contains(name))
}

/// Opening a WebSocket is a GET; newer servers also ask for what it comes to.
fn verbs(version: &str) -> &'static [&'static str] {
    let minor = version
        .split('.')
        .nth(1)
        .and_then(|minor| minor.parse().ok());
    if minor >= Some(ALSO_CREATE_FROM_MINOR) {
        &["get", "create"]
    } else {
        &["get"]
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
