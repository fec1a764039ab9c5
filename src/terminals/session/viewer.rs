//! Somebody who looks at a terminal, over one WebSocket.
//!
//! Bytes are taken from the scroll as fast as the socket takes them: at once while it is idle,
//! and in ever greater pieces while it is not.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::company::{Seat, Viewer};
use super::scroll::Entry;
use super::wire::{Said, Told, is_fit};
use super::{Next, Session};
use crate::integrations::kubernetes::Size;
use crate::integrations::silence::Silence;
use crate::terminals::Ending;

/// Keeps what stands between from taking a silent connection for a dead one.
const PING_EVERY: Duration = Duration::from_secs(15);
/// A browser that does not even answer pings for so long is gone.
const HEARD_WITHIN: Duration = Duration::from_secs(40);
/// A socket that takes nothing for so long belongs to nobody.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);
/// How long the other side may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(2);

/// What is told to whoever comes.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    pub idle: Duration,
    pub grace: Duration,
}

/// Until they go, are replaced, or the terminal ends.
pub async fn look(
    session: Arc<Session>,
    (viewer, past): (Viewer, Range<u64>),
    terms: Terms,
    socket: WebSocket,
) {
    let (mut out, mut incoming) = socket.split();
    let welcome = Said::Welcome {
        offset: past.start,
        live_from: past.end,
        ends_at: session.opened.ends_at,
        idle_seconds: terms.idle.as_secs(),
        quiet_seconds: session.quiet_for().as_secs(),
        grace_seconds: terms.grace.as_secs(),
    };
    let (say, to_say) = tokio::sync::mpsc::channel(1);
    let show = async {
        send(&mut out, Message::text(welcome.text())).await?;
        show(&session, (viewer, past.start), &mut out, to_say).await
    };
    tokio::select! {
        _ = show => {}
        () = listen(&session, viewer, &mut incoming, say) => {}
    }
    session.leave(viewer);
    // Dropping the connection ends it as well; but one that is dropped with something unread is
    // reset, and the last of what was shown is lost with it.
    let farewell = async {
        let _ = send(&mut out, Message::Close(None)).await;
        while let Some(Ok(_)) = incoming.next().await {}
    };
    let _ = timeout(FAREWELL, farewell).await;
}

type Out = SplitSink<WebSocket, Message>;

async fn send(out: &mut Out, message: Message) -> Option<()> {
    timeout(TAKEN_WITHIN, out.send(message)).await.ok()?.ok()
}

async fn show(
    session: &Session,
    (viewer, mut at): (Viewer, u64),
    out: &mut Out,
    mut to_say: tokio::sync::mpsc::Receiver<Said>,
) -> Option<()> {
    let mut news = session.news.subscribe();
    // A guest is told who is there before anything else; an owner when there is a guest.
    let mut told = match viewer.seat {
        Seat::Owner => 0,
        Seat::Guest => u64::MAX,
    };
    let mut pings = interval(PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        news.borrow_and_update();
        match session.next(viewer, (at, told)) {
            Next::Show(bytes) => {
                at += bytes.len() as u64;
                send(out, Message::binary(bytes)).await?;
            }
            Next::Pass(entry) => {
                pass(at, &entry, out).await?;
                at = entry.at;
            }
            Next::Meet(changes, company) => {
                told = changes;
                let said = Said::Company(company);
                send(out, Message::text(said.text())).await?;
            }
            Next::Dismissed => return send(out, Message::text(Said::Dismissed.text())).await,
            Next::Replaced => return send(out, Message::text(Said::Replaced.text())).await,
            Next::Ended(ended) => {
                let said = Said::Ended {
                    ending: ended.ending,
                    exit_code: ended.exit_code,
                };
                return send(out, Message::text(said.text())).await;
            }
            Next::Wait => tokio::select! {
                changed = news.changed() => changed.ok()?,
                Some(said) = to_say.recv() => send(out, Message::text(said.text())).await?,
                _ = pings.tick() => {
                    send(out, Message::Ping(Vec::new().into())).await?;
                    let quiet_seconds = session.quiet_for().as_secs();
                    let said = Said::Here { quiet_seconds };
                    send(out, Message::text(said.text())).await?;
                }
            },
        }
    }
}

/// What a screen is told before it goes on counts as the last of what was passed over.
async fn pass(at: u64, entry: &Entry, out: &mut Out) -> Option<()> {
    let offset = entry.at.saturating_sub(entry.told.len() as u64);
    let bytes = offset.saturating_sub(at);
    if bytes > 0 {
        let said = Said::Skipped { bytes, offset };
        send(out, Message::text(said.text())).await?;
    }
    if !entry.told.is_empty() {
        send(out, Message::binary(entry.told.clone())).await?;
    }
    Some(())
}

/// Never waits for the shell, so that confirmations come through while it is far behind.
async fn listen(
    session: &Session,
    viewer: Viewer,
    incoming: &mut SplitStream<WebSocket>,
    say: tokio::sync::mpsc::Sender<Said>,
) {
    let mut silence = Silence::new(HEARD_WITHIN);
    while let Ok(Some(Ok(message))) = silence.next(incoming).await {
        match message {
            Message::Binary(keys) => match session.type_in(viewer, &keys) {
                0 => {}
                // One such message that waits is enough.
                bytes => drop(say.try_send(Said::NotTaken { bytes })),
            },
            Message::Text(text) => match Told::read(&text) {
                Some(Told::Shown { offset }) => session.confirm(viewer, offset),
                Some(Told::Resize { columns, rows }) if is_fit(columns, rows) => {
                    session.resize(viewer, Size { columns, rows });
                }
                Some(Told::End) if viewer.seat == Seat::Owner => session.end(Ending::Closed),
                // Whoever does not keep to the protocol is not listened to any longer.
                Some(Told::Resize { .. } | Told::End) | None => return,
            },
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Close(_) => return,
        }
    }
}
