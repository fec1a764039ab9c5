//! The channels of one command: the first byte of a message says which.

use std::process::ExitStatus;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};

use super::pty::{self, Pty, Running};
use super::{Exec, Order, flood, pipe};
use crate::kubernetes::resources::of_kind;
use crate::world::World;

pub(super) const STDIN: u8 = 0;
pub(super) const STDOUT: u8 = 1;
pub(super) const STDERR: u8 = 2;
const STATUS: u8 = 3;
const RESIZE: u8 = 4;
/// Says, in v5, that the channel named after it is at its end.
pub(super) const CLOSE: u8 = 255;
const CTRL_C: u8 = 3;
pub(super) const FRAME_BYTES: usize = 16 * 1024;
/// What is left in a terminal when its process has ended is there already.
const REST: Duration = Duration::from_millis(100);
/// How long the other side may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(2);
const KILLED: i32 = 137;
const INTERRUPTED: i32 = 130;

/// The real one closes with this, and `kubectl` takes any other end for a failure.
const DONE: CloseFrame = CloseFrame {
    code: close_code::NORMAL,
    reason: Utf8Bytes::from_static(""),
};

pub(super) type Out = SplitSink<WebSocket, Message>;
pub(super) type In = SplitStream<WebSocket>;

#[derive(Deserialize)]
struct Size {
    #[serde(rename = "Width")]
    width: u16,
    #[serde(rename = "Height")]
    height: u16,
}

pub(super) async fn hold(world: World, cluster: String, order: Order, socket: WebSocket) {
    let (mut out, mut typed) = socket.split();
    // The real one begins with a message that holds its channel alone.
    if send(&mut out, STDOUT, b"").await.is_none() {
        return;
    }
    let status = tokio::select! {
        status = perform(&order, &mut out, &mut typed) => status,
        () = gone(&world, &cluster, &order) => Some(exited(KILLED)),
    };
    if let Some(status) = status {
        send(&mut out, STATUS, status.to_string().as_bytes()).await;
        // The other side may have gone first, which is an end as well.
        let _ = out.send(Message::Close(Some(DONE))).await;
        // A connection that is dropped with something unread is reset, and the status with it.
        let farewell = async { while next(&mut typed).await.is_some() {} };
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    }
}

/// The status that it ends with, or nothing where nobody is left to hear it.
async fn perform(order: &Order, out: &mut Out, typed: &mut In) -> Option<Value> {
    let program = order.command.first().map_or("", String::as_str);
    match &order.exec {
        Exec::Runs | Exec::RunsAllBut(_) if holds(&order.exec, program) && !order.tty => {
            match pipe::run(order) {
                Ok(child) => pipe::pass(child, out, typed).await,
                Err(error) => Some(failure(&error.to_string())),
            }
        }
        Exec::Runs | Exec::RunsAllBut(_) if holds(&order.exec, program) => match pty::run(order) {
            Ok(running) => process(running, out, typed).await,
            Err(error) => Some(failure(&error.to_string())),
        },
        Exec::Runs | Exec::RunsAllBut(_) | Exec::HoldsNothing => Some(failure(&format!(
            "exec: \"{program}\": executable file not found in $PATH"
        ))),
        Exec::Echoes => echo(out, typed).await,
        Exec::Floods { frames, bytes } => tokio::select! {
            poured = flood::pour(out, STDOUT, (*frames, *bytes)) => poured.then(success),
            status = interrupted(typed) => status,
        },
    }
}

fn holds(exec: &Exec, program: &str) -> bool {
    let lacks = matches!(exec, Exec::RunsAllBut(missing) if *missing == program);
    !lacks && pty::is_there(program)
}

/// Until the pod is away, or another of its name has taken its place.
async fn gone(world: &World, cluster: &str, order: &Order) {
    let changed = |world: &World| {
        let mut state = world.kubernetes();
        state.cluster(cluster).map(|c| c.changed.subscribe())
    };
    let Some(mut changed) = changed(world) else {
        return;
    };
    loop {
        let there = {
            let mut state = world.kubernetes();
            let cluster = state.cluster(cluster);
            let pod = cluster.and_then(|c| c.get(of_kind("Pod"), &order.namespace, &order.pod));
            pod.is_some_and(|pod| pod["metadata"]["uid"] == order.uid)
        };
        if !there || changed.changed().await.is_err() {
            return;
        }
    }
}

async fn process(mut running: Running, out: &mut Out, typed: &mut In) -> Option<Value> {
    let mut buffer = vec![0; FRAME_BYTES];
    let status = tokio::select! {
        ended = running.child.wait() => ended.ok()?,
        () = show(&running.pty, out, &mut buffer) => running.child.wait().await.ok()?,
        () = enter(&running.pty, typed) => return None,
    };
    // What the process started may live on in its terminal, and is not waited for.
    let _ = tokio::time::timeout(REST, show(&running.pty, out, &mut buffer)).await;
    Some(of(status))
}

/// What is told of a process that has ended.
pub(super) fn of(status: ExitStatus) -> Value {
    match status.code() {
        Some(0) => success(),
        code => exited(code.unwrap_or(KILLED)),
    }
}

async fn show(pty: &Pty, out: &mut Out, buffer: &mut [u8]) {
    while let Some(n) = pty.read(buffer).await {
        let read = buffer.get(..n).unwrap_or_default();
        if send(out, STDOUT, read).await.is_none() {
            return;
        }
    }
}

/// Ends when the other side has gone.
async fn enter(pty: &Pty, typed: &mut In) {
    while let Some((channel, bytes)) = next(typed).await {
        let taken = match channel {
            STDIN => pty.write(&bytes).await,
            RESIZE => match serde_json::from_slice::<Size>(&bytes) {
                Ok(size) => pty.resize(size.width, size.height),
                Err(_) => Ok(()),
            },
            _ => Ok(()),
        };
        if taken.is_err() {
            // It no longer reads; that it ended is seen elsewhere.
            return std::future::pending().await;
        }
    }
}

async fn echo(out: &mut Out, typed: &mut In) -> Option<Value> {
    loop {
        let (channel, bytes) = next(typed).await?;
        if channel == STDIN && bytes.contains(&CTRL_C) {
            return Some(exited(INTERRUPTED));
        }
        if channel == STDIN {
            send(out, STDOUT, &bytes).await?;
        }
    }
}

async fn interrupted(typed: &mut In) -> Option<Value> {
    loop {
        let (channel, bytes) = next(typed).await?;
        if channel == STDIN && bytes.contains(&CTRL_C) {
            return Some(exited(INTERRUPTED));
        }
    }
}

pub(super) async fn send(out: &mut Out, channel: u8, bytes: &[u8]) -> Option<()> {
    let frame = [&[channel], bytes].concat();
    out.send(Message::Binary(frame.into())).await.ok()
}

/// The next message that is not of the WebSocket itself.
pub(super) async fn next(typed: &mut In) -> Option<(u8, Bytes)> {
    loop {
        match typed.next().await?.ok()? {
            Message::Binary(message) if !message.is_empty() => {
                return Some((message.first().copied()?, message.slice(1..)));
            }
            Message::Close(_) => return None,
            Message::Binary(_) | Message::Text(_) | Message::Ping(_) | Message::Pong(_) => {}
        }
    }
}

fn success() -> Value {
    json!({"metadata": {}, "status": "Success"})
}

fn failure(message: &str) -> Value {
    json!({"metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500,
        "message": message})
}

fn exited(code: i32) -> Value {
    json!({"metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
        "message": format!("command terminated with non-zero exit code: {code}"),
        "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]}})
}
