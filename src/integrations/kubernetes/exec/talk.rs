//! The channels of one command over one WebSocket: the first byte of a message says which.
//!
//! Invariant: reading and writing never wait for each other, so that Ctrl-C gets through while
//! nobody takes the output.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::status::{self, lost};
use super::{
    Complaint, End, INPUT_PIECES, Manner, OUTPUT_BYTES, Output, Pulse, Running, Typed, pieces,
    room_of,
};

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;
const RESIZE: u8 = 4;
/// Says, in v5, that the channel named after it is at its end.
const CLOSE: u8 = 255;
/// A farewell that nobody takes is not waited for.
const FAREWELL: Duration = Duration::from_secs(2);

/// What is heard of the command, and what is kept of its errors.
struct Heard {
    said: mpsc::UnboundedSender<Result<Bytes, End>>,
    room: Arc<Semaphore>,
    complaint: Complaint,
    manner: Manner,
    within: Duration,
}

impl Heard {
    /// Waits until there is room; false once nobody listens.
    async fn say(&self, piece: Bytes) -> bool {
        let wanted = u32::try_from(room_of(&piece)).unwrap_or(u32::MAX);
        match self.room.acquire_many(wanted).await {
            Ok(room) => room.forget(),
            Err(_) => return false,
        }
        self.said.send(Ok(piece)).is_ok()
    }
}

type Out<S> = SplitSink<WebSocketStream<S>, Message>;

/// What is said to the cluster.
struct Speech {
    typed: mpsc::Receiver<Typed>,
    ping_every: Duration,
    can_half_close: bool,
}

/// Both directions go on until the command ends or its output is dropped.
pub(super) fn start<S>(
    socket: WebSocketStream<S>,
    manner: Manner,
    pulse: Pulse,
    can_half_close: bool,
) -> Running
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (typed, to_tell) = mpsc::channel(INPUT_PIECES);
    let (said, to_take) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(OUTPUT_BYTES));
    let complaint = Complaint::default();
    let heard = Heard {
        said,
        room: room.clone(),
        complaint: complaint.clone(),
        manner,
        within: pulse.heard_within,
    };
    let speech = Speech {
        typed: to_tell,
        ping_every: pulse.ping_every,
        can_half_close,
    };
    tokio::spawn(async move {
        let (mut out, incoming) = socket.split();
        tokio::select! {
            () = hold(&mut out, incoming, speech, &heard) => {}
            () = heard.said.closed() => {}
        }
        // Whether or not it is heard: dropping the socket ends the connection as well.
        let _ = timeout(FAREWELL, out.close()).await;
    });
    Running {
        input: super::Input { typed },
        output: Output {
            said: to_take,
            room,
            complaint,
            first: None,
            end: None,
        },
    }
}

async fn hold<S>(
    out: &mut Out<S>,
    incoming: SplitStream<WebSocketStream<S>>,
    speech: Speech,
    heard: &Heard,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut listening = pin!(listen(incoming, heard));
    let end = tokio::select! {
        end = &mut listening => end,
        // What was said before the other side stopped to read is still heard.
        _ = speak(out, heard.manner, speech) => listening.await,
    };
    // Fails where nobody takes the output any longer.
    let _ = heard.said.send(Err(end));
}

async fn listen<S>(mut incoming: SplitStream<WebSocketStream<S>>, heard: &Heard) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let frame = match timeout(heard.within, incoming.next()).await {
            Ok(Some(Ok(Message::Binary(frame)))) => frame,
            Ok(Some(Ok(Message::Close(_))) | None) => return lost("closed without a status"),
            Ok(Some(Ok(_))) => continue,
            Ok(Some(Err(error))) => return lost(&error.to_string()),
            Err(_) => return lost("the cluster no longer answers"),
        };
        match frame.first() {
            Some(&STDERR) if heard.manner == Manner::Plain => {
                heard.complaint.add(frame.get(1..).unwrap_or_default());
            }
            Some(&(STDOUT | STDERR)) => {
                for piece in pieces(frame.slice(1..)) {
                    if !heard.say(piece).await {
                        return lost("nobody listens");
                    }
                }
            }
            Some(&STATUS) => return status::end(&frame.slice(1..)),
            _ => {}
        }
    }
}

/// Ends when nothing can be said any longer.
async fn speak<S>(out: &mut Out<S>, manner: Manner, mut speech: Speech) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if let Manner::Terminal(size) = manner {
        say(out, &Typed::Size(size)).await?;
    }
    let mut pings = interval(speech.ping_every);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut open = true;
    loop {
        tokio::select! {
            typed = speech.typed.recv(), if open => match typed {
                Some(typed) => say(out, &typed).await?,
                None => {
                    open = false;
                    if speech.can_half_close {
                        out.send(Message::binary(vec![CLOSE, STDIN])).await.ok()?;
                    }
                }
            },
            _ = pings.tick() => out.send(Message::Ping(Bytes::new())).await.ok()?,
        }
    }
}

async fn say<S>(out: &mut Out<S>, typed: &Typed) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let frame = match typed {
        Typed::Bytes(bytes) => [&[STDIN], &bytes[..]].concat(),
        Typed::Size(size) => [&[RESIZE], &serde_json::to_vec(size).ok()?[..]].concat(),
    };
    out.send(Message::binary(frame)).await.ok()
}
