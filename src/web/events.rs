//! Server-sent events: one reader per process follows the event table and tells every page that
//! listens. Events carry topics only; a page fetches the changed part anew, so rights hold.
//!
//! Invariant: no event between a page's rendering and its stream is lost. Events are ordered by
//! the transaction that made them, and only those below every transaction still open are read.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use futures_util::stream::{self, Stream, StreamExt as _};
use serde::Deserialize;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tokio_util::sync::CancellationToken;

use super::extract::Query;
use crate::app::App;
use crate::db::{Cursor, Db, DbError, Event};
use crate::error::AppError;
use crate::identity::{Actor, Permission, ProjectId, Scope};

/// Events kept for slow listeners; who falls further behind reconnects and reads the table.
const KEPT: usize = 1024;
/// Events read from the table in one go.
const BATCH: i64 = 500;
/// A stream ends after this and is opened anew, which asks again who is listening.
const STREAM_LIMIT: Duration = Duration::from_secs(60);
const MAX_TOPICS: usize = 64;
const POLL: Duration = Duration::from_secs(2);

/// The process's view of the event table.
pub struct Hub {
    newest: Arc<Mutex<Cursor>>,
    sender: broadcast::Sender<Arc<Event>>,
    stop: CancellationToken,
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Hub {
    /// Starts following; ends when dropped.
    #[must_use]
    pub fn start(db: &Db) -> Self {
        let (sender, _) = broadcast::channel(KEPT);
        let newest = Arc::new(Mutex::new(Cursor::default()));
        let stop = CancellationToken::new();
        tokio::spawn(follow(
            db.clone(),
            newest.clone(),
            sender.clone(),
            stop.clone(),
        ));
        Self {
            newest,
            sender,
            stop,
        }
    }

    /// The newest event that was seen; a page that is rendered now starts from here.
    #[must_use]
    pub fn newest(&self) -> Cursor {
        self.newest.lock().map(|c| *c).unwrap_or_default()
    }

    /// Ends every stream, because the process stops.
    pub fn close(&self) {
        self.stop.cancel();
    }

    /// Events as they are seen; who is far behind is told so.
    pub fn subscribe(&self) -> BroadcastStream<Arc<Event>> {
        BroadcastStream::new(self.sender.subscribe())
    }
}

async fn follow(
    db: Db,
    newest: Arc<Mutex<Cursor>>,
    sender: broadcast::Sender<Arc<Event>>,
    stop: CancellationToken,
) {
    let mut wakes = db.listen(stop.clone());
    let mut cursor = None;
    loop {
        match advance(&db, &mut cursor, &newest, &sender).await {
            Ok(()) => {}
            Err(error) => tracing::debug!(%error, "cannot read events; trying again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tokio::time::timeout(POLL, wakes.changed()) => {}
        }
    }
}

async fn advance(
    db: &Db,
    cursor: &mut Option<Cursor>,
    newest: &Mutex<Cursor>,
    sender: &broadcast::Sender<Arc<Event>>,
) -> Result<(), DbError> {
    let mut from = match *cursor {
        Some(cursor) => cursor,
        None => db.newest_event().await?,
    };
    loop {
        let events = db.events_after(from, BATCH).await?;
        let full = i64::try_from(events.len()).unwrap_or(0) == BATCH;
        for event in events {
            from = event.cursor;
            // Nobody listening is no failure.
            let _ = sender.send(Arc::new(event));
        }
        *cursor = Some(from);
        if let Ok(mut newest) = newest.lock() {
            *newest = from;
        }
        if !full {
            return Ok(());
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsQuery {
    #[serde(default)]
    topic: Vec<String>,
    after: Option<String>,
}

/// `GET /events?topic=…&after=…`
pub async fn stream(
    State(app): State<App>,
    actor: Actor,
    headers: HeaderMap,
    Query(query): Query<EventsQuery>,
) -> Result<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>, AppError> {
    if query.topic.len() > MAX_TOPICS {
        return Err(AppError::field("topic", "query-wrong"));
    }
    let topics: BTreeSet<String> = query.topic.into_iter().collect();
    let resumed = headers.get("last-event-id").and_then(|v| v.to_str().ok());
    let from = resumed.or(query.after.as_deref()).and_then(Cursor::parse);
    // Subscribed before the table is read, so that nothing falls between.
    let live = app.events.subscribe();
    let missed = match from {
        Some(from) => missed(&app, from, &topics).await?,
        None => Vec::new(),
    };
    let last = missed.last().map(|e| e.cursor).or(from).unwrap_or_default();
    let live = live
        // A listener that fell behind ends here and comes back with its last id.
        .take_while(|event| std::future::ready(event.is_ok()))
        .filter_map(|event| std::future::ready(event.ok()))
        .filter(move |event| std::future::ready(event.cursor > last));
    let wanted = move |event: &Event| topics.contains(&event.topic) && may_hear(&actor, event);
    let events = stream::iter(missed.into_iter().map(Arc::new))
        .chain(live)
        .filter(move |event| std::future::ready(wanted(event)))
        .map(|event| {
            Ok(SseEvent::default()
                .id(event.cursor.to_string())
                .data(&event.topic))
        });
    let limited = events.take_until(over(app.events.stop.clone()));
    Ok(Sse::new(limited).keep_alive(KeepAlive::default()))
}

/// What was written since; whoever missed more than is read in one go is told that anything they
/// listen to may have changed.
async fn missed(app: &App, from: Cursor, topics: &BTreeSet<String>) -> Result<Vec<Event>, DbError> {
    let newest = app.events.newest();
    let missed = app.db.events_after(from, BATCH).await?;
    if i64::try_from(missed.len()).unwrap_or(BATCH) < BATCH {
        return Ok(missed);
    }
    let cursor = missed.last().map_or(newest, |last| last.cursor.max(newest));
    let any = |topic: &String| Event {
        cursor,
        topic: topic.clone(),
        project: None,
    };
    Ok(topics.iter().map(any).collect())
}

/// Ends a stream after its limit, or with the process: whoever listens goes on at another one.
async fn over(stop: CancellationToken) {
    let _ = tokio::time::timeout(STREAM_LIMIT, stop.cancelled()).await;
}

fn may_hear(actor: &Actor, event: &Event) -> bool {
    event
        .project
        .is_none_or(|id| actor.may(Permission::ViewProject, Scope::Project(ProjectId(id))))
}
