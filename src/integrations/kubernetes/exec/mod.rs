//! A command in a container: behind a terminal of its own, or as a plain program whose complaints
//! are kept apart from what it puts out.
//!
//! Invariant: what is not taken is not read, so nothing grows while nobody listens; and whoever
//! drops the output ends the connection, with which the command loses its terminal.

mod status;
mod talk;

pub use status::end as ended;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _};
use k8s_openapi::api::core::v1::Pod;
use kube::Resource as _;
use kube::api::AttachParams;
use kube::core::Request;
use serde::Serialize;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use super::{Kubernetes, called, name};
use crate::integrations::CallError;
use crate::integrations::silence::{Silence, Silent};

/// The longest piece of output that is given out at once, and of input that is sent at once.
const PIECE_BYTES: usize = 16 * 1024;
/// Servers send some 32 KiB at once; a greater message than this one ends the connection.
const MESSAGE_BYTES: usize = 1024 * 1024;
/// Half a frame of 16 KiB with its head. What is read beyond a frame is kept beside the next one,
/// in a buffer that doubles until both fit: read whole, a frame would take 68 KiB instead of 24.
const READ_BUFFER_BYTES: usize = 8 * 1024 + 64;
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
pub struct Running {
    pub input: Input,
    pub output: Output,
}

/// What a command shows, and in the end how it ended. It is read from the connection when it is
/// asked for, and so are the connection's pings answered.
pub struct Output {
    incoming: BoxStream<'static, Result<Message, Error>>,
    silence: Silence,
    complaint: Complaint,
    /// Read, and not taken yet.
    rest: Bytes,
    end: Option<End>,
    /// Dropped once nobody listens or there is nothing more to hear.
    listened: Option<oneshot::Sender<Infallible>>,
}

/// The first of what a plain program wrote to its errors. One behind a terminal has none.
#[derive(Debug, Default)]
struct Complaint {
    kept: Option<Vec<u8>>,
}

impl Complaint {
    fn of(manner: Manner) -> Self {
        Self {
            kept: (manner == Manner::Plain).then(Vec::new),
        }
    }

    /// False where errors are output as any other.
    fn takes(&mut self, bytes: &[u8]) -> bool {
        let Some(kept) = &mut self.kept else {
            return false;
        };
        let room = COMPLAINT_BYTES.saturating_sub(kept.len()).min(bytes.len());
        kept.extend_from_slice(bytes.get(..room).unwrap_or_default());
        true
    }
}

/// How a command is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Terminal(Size),
    Plain,
}

/// What a command is told. Once it is dropped its input is at an end, where the cluster's protocol
/// (v5) can say so.
pub struct Input {
    line: Arc<talk::Line>,
    _open: oneshot::Sender<Infallible>,
}

/// Nobody is left to be told anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the command has ended")]
pub struct Ended;

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
        let connection = called(self.patient.connect(request)).await?;
        let can_half_close = connection.supports_stream_close();
        // Nothing was read yet, so the same connection can be given limits of ours.
        let connection = connection.into_stream().into_inner();
        let limits = Some(limits());
        let socket = WebSocketStream::from_raw_socket(connection, Role::Client, limits).await;
        Ok(talk::start(socket, manner, pulse, can_half_close).await)
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
        self.fill().await;
        match (self.piece(), &self.end) {
            (Some(piece), _) => Ok(piece),
            (None, Some(end)) => Err(end.clone()),
            (None, None) => Err(status::lost("nothing was heard")),
        }
    }

    /// Until there are bytes or an end.
    async fn fill(&mut self) {
        while self.rest.is_empty() && self.end.is_none() {
            match self.silence.next(&mut self.incoming).await {
                Ok(message) => self.hear(message),
                Err(Silent) => self.close(status::lost("the cluster no longer answers")),
            }
        }
    }

    /// How it ended, whatever it still puts out. May be given up and asked again.
    pub async fn end(&mut self) -> End {
        loop {
            if let Err(end) = self.next().await {
                return end;
            }
        }
    }

    /// More bytes, if they are there already. Where they are not, [`Output::next`] says why.
    pub fn next_now(&mut self) -> Option<Bytes> {
        loop {
            let piece = self.piece();
            if piece.is_some() || self.end.is_some() {
                return piece;
            }
            let message = self.incoming.next().now_or_never()?;
            self.hear(message);
        }
    }

    fn piece(&mut self) -> Option<Bytes> {
        let next = self.rest.len().min(PIECE_BYTES);
        (next > 0).then(|| self.rest.split_to(next))
    }

    fn hear(&mut self, message: Option<Result<Message, Error>>) {
        match talk::heard(message, &mut self.complaint) {
            Some(Ok(bytes)) => self.rest = bytes,
            Some(Err(end)) => self.close(end),
            None => {}
        }
    }

    fn close(&mut self, end: End) {
        self.end = Some(end);
        self.listened = None;
    }

    /// What a plain program wrote to its errors, for as long as it is short.
    #[must_use]
    pub fn complaint(&self) -> String {
        let kept = self.complaint.kept.as_deref();
        String::from_utf8_lossy(kept.unwrap_or_default()).into_owned()
    }

    /// Looks whether it starts. Tells the end of what has shown nothing before.
    async fn begin(&mut self) -> Option<End> {
        // What says nothing for a while has started.
        let _ = timeout(SHELL_FAILS_WITHIN, self.fill()).await;
        self.end.clone().filter(|_| self.rest.is_empty())
    }
}

impl Input {
    /// Waits while the cluster takes nothing.
    pub async fn write(&self, bytes: impl AsRef<[u8]>) -> Result<(), Ended> {
        for piece in bytes.as_ref().chunks(PIECE_BYTES) {
            self.line.write(piece).await.map_err(|_| Ended)?;
        }
        Ok(())
    }

    pub async fn resize(&self, size: Size) -> Result<(), Ended> {
        self.line.resize(size).await.map_err(|_| Ended)
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
