//! A command in a container: behind a terminal of its own, or as a plain program whose complaints
//! are kept apart from what it puts out.
//!
//! Invariant: what is not taken is not read, so nothing grows while nobody listens; and whoever
//! drops the output ends the connection, with which the command loses its terminal.

mod status;
mod talk;

pub use status::end as ended;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::Resource as _;
use kube::api::AttachParams;
use kube::core::Request;
use serde::Serialize;
use tokio::sync::{Semaphore, mpsc};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Bytes;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::connect::READ_TIMEOUT;
use super::{Kubernetes, called, name};
use crate::integrations::CallError;

/// The longest piece of output or input that goes through a queue.
const PIECE_BYTES: usize = 16 * 1024;
/// Output that nobody took yet; what comes after it is not read.
const OUTPUT_BYTES: usize = 16 * 1024;
/// What the smallest piece counts for, because it takes room of its own.
const SMALLEST_PIECE: usize = 128;
/// Pieces of input that the cluster did not take yet; the writer of the next one waits.
const INPUT_PIECES: usize = 16;
/// Servers send some 32 KiB at once; a greater message than this one ends the connection.
const MESSAGE_BYTES: usize = 1024 * 1024;
/// A frame of 16 KiB with its head comes in one reading; greater ones take several.
const READ_BUFFER_BYTES: usize = 17 * 1024;
/// What is kept of a plain program's errors.
const COMPLAINT_BYTES: usize = 2048;
/// How long a first shell may say nothing before it is taken to have started.
const SHELL_FAILS_WITHIN: Duration = Duration::from_secs(5);
/// The shells that are tried, the one that people prefer first.
const SHELLS: (&str, &str) = ("bash", "sh");

/// The rhythm of a connection on which nothing else happens.
#[derive(Debug, Clone, Copy)]
struct Pulse {
    ping_every: Duration,
    /// A peer that does not even answer pings for so long is gone.
    heard_within: Duration,
}

const PULSE: Pulse = Pulse {
    ping_every: Duration::from_secs(5),
    heard_within: Duration::from_secs(61),
};

/// The client's read timeout also watches an upgraded connection. Each ping that is written and
/// each answer to one begins it anew, so a command may be silent for ever.
const _: () = assert!(2 * PULSE.ping_every.as_secs() < READ_TIMEOUT.as_secs());

/// Where a command runs.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub namespace: &'a str,
    pub pod: &'a str,
    pub container: &'a str,
}

/// Of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Size {
    #[serde(rename = "Width")]
    pub columns: u16,
    #[serde(rename = "Height")]
    pub rows: u16,
}

/// How a command ended. Details are for operators and logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code; 0 is success.
    Exited { code: i32 },
    /// By a signal that it cannot catch, as when its pod is taken away or runs out of memory.
    Killed,
    /// It never started: the container has no such program.
    Missing { detail: String },
    /// It did not start, or could not be followed, for another reason.
    Failed { detail: String },
    /// Nobody knows: the connection broke first.
    Lost { detail: String },
}

/// A command that was started, or is about to fail.
#[derive(Debug)]
pub struct Running {
    pub input: Input,
    pub output: Output,
}

/// What a command shows, and in the end how it ended.
#[derive(Debug)]
pub struct Output {
    said: mpsc::UnboundedReceiver<Result<Bytes, End>>,
    /// For what is said: a permit for each byte.
    room: Arc<Semaphore>,
    complaint: Complaint,
    /// Looked at, and not taken yet.
    first: Option<Bytes>,
    end: Option<End>,
}

/// The first of what a plain program wrote to its errors. One behind a terminal has none.
#[derive(Debug, Clone, Default)]
struct Complaint(Arc<Mutex<Vec<u8>>>);

impl Complaint {
    fn add(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = COMPLAINT_BYTES.saturating_sub(kept.len()).min(bytes.len());
        kept.extend_from_slice(bytes.get(..room).unwrap_or_default());
    }
}

/// How a command is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Terminal(Size),
    Plain,
}

/// What a command is told; clones tell the same one. Once all are dropped its input is at an end,
/// where the cluster's protocol (v5) can say so.
#[derive(Debug, Clone)]
pub struct Input {
    typed: mpsc::Sender<Typed>,
}

/// Nobody is left to be told anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the command has ended")]
pub struct Ended;

#[derive(Debug)]
enum Typed {
    Bytes(Bytes),
    Size(Size),
}

impl Kubernetes {
    /// Runs a command behind a terminal. `NotFound` where there is no such pod, `Refused` where
    /// the container does not run. That a program is missing is an [`End`], not an error.
    pub async fn exec(
        &self,
        place: Place<'_>,
        command: &[&str],
        size: Size,
    ) -> Result<Running, CallError> {
        let manner = Manner::Terminal(size);
        self.exec_with(place, command, manner, PULSE).await
    }

    /// Runs a program without a terminal: its bytes come and go unchanged, and what it complains
    /// of is in [`Output::complaint`]. Errors as of [`Kubernetes::exec`].
    pub async fn exec_plain(
        &self,
        place: Place<'_>,
        command: &[&str],
    ) -> Result<Running, CallError> {
        self.exec_with(place, command, Manner::Plain, PULSE).await
    }

    /// Runs the best shell that the container has. Where it has none, the output is at once at
    /// its end with [`End::Missing`].
    pub async fn exec_shell(&self, place: Place<'_>, size: Size) -> Result<Running, CallError> {
        let (best, plain) = SHELLS;
        let mut running = self.exec(place, &[best], size).await?;
        match running.output.begin().await {
            Some(End::Missing { .. }) => self.exec(place, &[plain], size).await,
            _ => Ok(running),
        }
    }

    async fn exec_with(
        &self,
        place: Place<'_>,
        command: &[&str],
        manner: Manner,
        pulse: Pulse,
    ) -> Result<Running, CallError> {
        let request = request(place, command, manner)?;
        let connection = called(self.client.connect(request)).await?;
        let can_half_close = connection.supports_stream_close();
        // Nothing was read yet, so the same connection can be given limits of ours.
        let connection = connection.into_stream().into_inner();
        let limits = Some(limits());
        let socket = WebSocketStream::from_raw_socket(connection, Role::Client, limits).await;
        Ok(talk::start(socket, manner, pulse, can_half_close))
    }
}

fn request(
    place: Place<'_>,
    command: &[&str],
    manner: Manner,
) -> Result<http::Request<Vec<u8>>, CallError> {
    let path = Pod::url_path(&(), Some(name(place.namespace)?));
    let streams = match manner {
        Manner::Terminal(_) => AttachParams::interactive_tty(),
        Manner::Plain => AttachParams::default().stdin(true).stderr(true),
    };
    let streams = streams.container(name(place.container)?);
    let request = Request::new(path).exec(name(place.pod)?, command.iter().copied(), &streams);
    request.map_err(|error| CallError::Refused {
        detail: error.to_string(),
    })
}

fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(Some(MESSAGE_BYTES))
        .max_frame_size(Some(MESSAGE_BYTES))
}

impl Output {
    /// The next bytes, which may end inside a character, or how the command ended, from then on
    /// always. May be given up and asked again.
    pub async fn next(&mut self) -> Result<Bytes, End> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        if let Some(end) = &self.end {
            return Err(end.clone());
        }
        let said = self.said.recv().await;
        self.took(said.unwrap_or_else(|| Err(status::lost("the connection was given up"))))
    }

    /// How it ended, whatever it still puts out.
    pub async fn end(&mut self) -> End {
        loop {
            if let Err(end) = self.next().await {
                return end;
            }
        }
    }

    /// More bytes, if they are there already. Where they are not, [`Output::next`] says why.
    pub fn next_now(&mut self) -> Option<Bytes> {
        if self.first.is_some() || self.end.is_some() {
            return self.first.take();
        }
        let said = self.said.try_recv().ok()?;
        self.took(said).ok()
    }

    fn took(&mut self, said: Result<Bytes, End>) -> Result<Bytes, End> {
        match &said {
            Ok(piece) => self.room.add_permits(room_of(piece)),
            Err(end) => self.end = Some(end.clone()),
        }
        said
    }

    /// What a plain program wrote to its errors, for as long as it is short.
    #[must_use]
    pub fn complaint(&self) -> String {
        let kept = self.complaint.0.lock();
        let kept = kept.unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).into_owned()
    }

    /// Looks whether it starts. Tells the end of what has shown nothing before.
    async fn begin(&mut self) -> Option<End> {
        match tokio::time::timeout(SHELL_FAILS_WITHIN, self.next()).await {
            Ok(Ok(first)) => self.first = Some(first),
            Ok(Err(end)) => return Some(end),
            Err(_) => {}
        }
        None
    }
}

impl Input {
    /// Waits while the cluster takes nothing.
    pub async fn write(&self, bytes: impl Into<Bytes>) -> Result<(), Ended> {
        for piece in pieces(bytes.into()) {
            self.tell(Typed::Bytes(piece)).await?;
        }
        Ok(())
    }

    pub async fn resize(&self, size: Size) -> Result<(), Ended> {
        self.tell(Typed::Size(size)).await
    }

    async fn tell(&self, typed: Typed) -> Result<(), Ended> {
        self.typed.send(typed).await.map_err(|_| Ended)
    }
}

const fn room_of(piece: &Bytes) -> usize {
    if piece.len() < SMALLEST_PIECE {
        SMALLEST_PIECE
    } else {
        piece.len()
    }
}

fn pieces(mut bytes: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let next = bytes.len().min(PIECE_BYTES);
        (next > 0).then(|| bytes.split_to(next))
    })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
