//! The channels of one command over one WebSocket: the first byte of a message says which.
//!
//! Invariant: reading and writing never wait for each other, so that Ctrl-C gets through while
//! nobody takes the output.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::OptionFuture;
use futures_util::{Sink, SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Mutex, oneshot};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use super::status::{self, lost};
use super::{Complaint, End, Input, Manner, Output, Pulse, Running, Size};
use crate::integrations::silence::Silence;

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;
const RESIZE: u8 = 4;
/// Says, in v5, that the channel named after it is at its end.
const CLOSE: u8 = 255;
/// A farewell that nobody takes is not waited for.
const FAREWELL: Duration = Duration::from_secs(2);

/// Where messages to the cluster go.
type Out = Pin<Box<dyn Sink<Message, Error = Error> + Send>>;

/// What is told to the cluster, one message after another, and pings between them.
pub(super) struct Line {
    out: Mutex<Out>,
}

/// Both directions go on until the command ends or its output is dropped.
pub(super) async fn start<S>(
    socket: WebSocketStream<S>,
    manner: Manner,
    pulse: Pulse,
    can_half_close: bool,
) -> Running
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (out, incoming) = socket.split();
    let line = Arc::new(Line {
        out: Mutex::new(Box::pin(out)),
    });
    if let Manner::Terminal(size) = manner {
        // Where it cannot be said, how it ended is heard.
        let _ = line.resize(size).await;
    }
    let (open, all_typed) = oneshot::channel();
    let (listened, unheard) = oneshot::channel();
    tokio::spawn({
        let line = line.clone();
        let all_typed = can_half_close.then_some(all_typed);
        async move {
            tokio::select! {
                () = keep(&line, all_typed, pulse.ping_every) => {}
                _ = unheard => {}
            }
            line.close().await;
        }
    });
    Running {
        input: Input { line, _open: open },
        output: Output {
            incoming: incoming.boxed(),
            silence: Silence::new(pulse.heard_within),
            complaint: Complaint::of(manner),
            rest: Bytes::new(),
            end: None,
            listened: Some(listened),
        },
    }
}

impl Line {
    pub(super) async fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        self.say(STDIN, bytes).await
    }

    pub(super) async fn resize(&self, size: Size) -> Result<(), Error> {
        // Two numbers are always written.
        let size = serde_json::to_vec(&size).unwrap_or_default();
        self.say(RESIZE, &size).await
    }

    async fn say(&self, channel: u8, bytes: &[u8]) -> Result<(), Error> {
        let frame = [&[channel], bytes].concat();
        self.send(Message::binary(frame)).await
    }

    async fn send(&self, message: Message) -> Result<(), Error> {
        self.out.lock().await.send(message).await
    }

    /// Whether or not it is heard: dropping the socket ends the connection as well.
    async fn close(&self) {
        let close = async { self.out.lock().await.close().await };
        let _ = timeout(FAREWELL, close).await;
    }
}

/// Pings, and says once when no more is typed; for ever, because what was said before the other
/// side stopped to read is still heard.
async fn keep(
    line: &Line,
    mut all_typed: Option<oneshot::Receiver<Infallible>>,
    ping_every: Duration,
) {
    let mut pings = interval(ping_every);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let typed = OptionFuture::from(all_typed.as_mut());
        // What cannot be said is heard by who reads.
        let _ = tokio::select! {
            Some(_) = typed => {
                all_typed = None;
                line.say(CLOSE, &[STDIN]).await
            }
            _ = pings.tick() => line.send(Message::Ping(Bytes::new())).await,
        };
    }
}

/// What one message of the cluster says; nothing of what is not for us.
pub(super) fn heard(
    message: Option<Result<Message, Error>>,
    complaint: &mut Complaint,
) -> Option<Result<Bytes, End>> {
    let frame = match message {
        Some(Ok(Message::Binary(frame))) => frame,
        Some(Ok(Message::Close(_))) | None => return Some(Err(lost("closed without a status"))),
        Some(Ok(_)) => return None,
        Some(Err(error)) => return Some(Err(lost(&error.to_string()))),
    };
    match frame.first() {
        Some(&STDERR) if complaint.takes(frame.get(1..).unwrap_or_default()) => None,
        Some(&(STDOUT | STDERR)) => Some(Ok(frame.slice(1..))),
        Some(&STATUS) => Some(Err(status::end(&frame.slice(1..)))),
        _ => None,
    }
}
