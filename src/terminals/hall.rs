//! The terminals whose shells this process holds, and the tasks that look after all of them.
//!
//! Invariant: the tasks run as long as there is a terminal, and each does its work for all of
//! them in a fixed number of statements.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use uuid::Uuid;

use super::inner::Once;
use super::session::Session;
use super::{Ending, TOPIC, TerminalId, files, guests, pods, recording, store};
use crate::app::App;
use crate::identity;

/// With the writing itself, what was shown is in the database no later than a second after it.
const WRITE_EVERY: Duration = Duration::from_millis(800);
/// Under a flood it is written no more often than this.
const WRITE_GAP: Duration = Duration::from_millis(10);
/// What may wait for the database, of all terminals together, unless they are very many.
const ROOM_IN_ALL_BYTES: usize = 512 * 1024;
/// Of one among very many: what was not made small yet, and one piece.
const ROOM_LEAST_BYTES: usize = 32 * 1024;
/// Whoever may no longer be here is noticed within twice this.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Rights that nobody could look up for so long are taken for lost.
const UNKNOWN_FOR: Duration = Duration::from_secs(30);
/// What the process may still write while it stops.
const STOP_WITHIN: Duration = Duration::from_secs(10);

pub struct Hall {
    /// This process, in the rows of its terminals.
    pub replica: Uuid,
    open: Mutex<HashMap<TerminalId, Arc<Session>>>,
    /// How many there are, for those who ask often.
    count: AtomicUsize,
    /// Rung when a recording fills.
    filling: Notify,
    /// Rung when a terminal has left.
    left: Notify,
    is_kept: AtomicBool,
    /// Calls of other replicas that were answered.
    pub(super) answered: Once,
    /// Held while recordings are written, so that pieces stay in order.
    pub(super) writing: tokio::sync::Mutex<()>,
    /// One for each file that is on its way.
    pub(super) moving: Arc<files::Places>,
}

impl Default for Hall {
    fn default() -> Self {
        Self {
            replica: Uuid::now_v7(),
            open: Mutex::default(),
            count: AtomicUsize::new(0),
            filling: Notify::new(),
            left: Notify::new(),
            is_kept: AtomicBool::new(false),
            answered: Once::default(),
            writing: tokio::sync::Mutex::default(),
            moving: Arc::default(),
        }
    }
}

impl Hall {
    fn open(&self) -> MutexGuard<'_, HashMap<TerminalId, Arc<Session>>> {
        // Each change is one insert or remove, so there is no half of one.
        self.open
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    #[must_use]
    pub fn find(&self, id: TerminalId) -> Option<Arc<Session>> {
        self.open().get(&id).cloned()
    }

    #[must_use]
    pub fn all(&self) -> Vec<Arc<Session>> {
        self.open().values().cloned().collect()
    }

    /// A recording should be written before its time.
    pub fn hurry(&self) {
        self.filling.notify_one();
    }

    /// How many bytes of one recording may wait for the database before its shell has to.
    #[must_use]
    pub fn room(&self) -> usize {
        let count = self.count.load(Ordering::Relaxed).max(1);
        (ROOM_IN_ALL_BYTES / count).max(ROOM_LEAST_BYTES)
    }

    pub(super) fn remove(&self, id: TerminalId) {
        let mut open = self.open();
        open.remove(&id);
        self.count.store(open.len(), Ordering::Relaxed);
        drop(open);
        self.left.notify_waiters();
    }

    /// Takes a terminal in, and looks after it from now on.
    pub(super) fn take_in(app: &App, session: &Arc<Session>) {
        let hall = &app.terminals;
        let mut open = hall.open();
        open.insert(session.opened.id, session.clone());
        hall.count.store(open.len(), Ordering::Relaxed);
        drop(open);
        if !hall.is_kept.swap(true, Ordering::SeqCst) {
            tokio::spawn(keep(app.clone()));
        }
    }
}

/// Ends every terminal of this process, each told why, and waits until that is on record.
pub async fn stop(app: &App) {
    for session in app.terminals.all() {
        session.end(Ending::PortalStopped);
    }
    let emptied = async {
        loop {
            let left = app.terminals.left.notified();
            if app.terminals.open().is_empty() {
                return;
            }
            let _ = timeout(WRITE_EVERY, left).await;
        }
    };
    if timeout(STOP_WITHIN, emptied).await.is_err() {
        tracing::warn!("some terminals could not be put on record");
    }
}

async fn keep(app: App) {
    loop {
        tokio::select! {
            () = write_always(&app) => {}
            () = look_always(&app) => {}
            () = hear_always(&app) => {}
            () = watch_always(&app) => {}
        }
        let hall = &app.terminals;
        hall.is_kept.store(false, Ordering::SeqCst);
        // One may have come in meanwhile, whose keeper this then stays.
        if hall.open().is_empty() || hall.is_kept.swap(true, Ordering::SeqCst) {
            return;
        }
    }
}

/// Until there is no terminal any more.
async fn write_always(app: &App) {
    while !app.terminals.open().is_empty() {
        let _ = timeout(WRITE_EVERY, app.terminals.filling.notified()).await;
        let began = Instant::now();
        recording::write_all(app).await;
        let _ = tokio::time::timeout_at(began + WRITE_GAP, std::future::pending::<()>()).await;
    }
}

/// Sees to it that everybody who looks still may. Ends terminals, and never itself.
async fn look_always(app: &App) {
    let mut known_at = Instant::now();
    let mut wakes = interval(LOOK_EVERY);
    loop {
        wakes.tick().await;
        match look(app).await {
            Ok(()) => known_at = Instant::now(),
            Err(error) => {
                tracing::warn!(%error, "could not look up who may still be in a terminal");
                if known_at.elapsed() > UNKNOWN_FOR {
                    let all = app.terminals.all();
                    all.iter().for_each(|s| s.end(Ending::RightUnknown));
                }
            }
        }
    }
}

/// Sees to it that shells end with their pods. By itself, because clusters may be slow; ends
/// terminals, and never itself.
async fn watch_always(app: &App) {
    let mut wakes = interval(LOOK_EVERY);
    wakes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        wakes.tick().await;
        pods::look(app).await;
    }
}

/// Who was let in or put out by way of another process is so here at once. Ends nothing.
async fn hear_always(app: &App) {
    let mut events = app.events.subscribe();
    while let Some(event) = events.next().await {
        let is_other = event.is_ok_and(|event| event.topic != TOPIC);
        if is_other {
            continue;
        }
        if let Err(error) = guests::refresh(app, &app.terminals.all()).await {
            tracing::warn!(%error, "could not look up who was let into a terminal");
        }
    }
    std::future::pending::<()>().await;
}

async fn look(app: &App) -> Result<(), crate::db::DbError> {
    let all = app.terminals.all();
    let presences: Vec<_> = all.iter().map(|s| s.presence()).collect();
    let present = identity::present(app, &presences).await?;
    for (session, actor) in all.iter().zip(present) {
        let (right, scope) = (session.opened.right, session.opened.scope);
        match actor {
            None => session.end(Ending::SignedOut),
            Some(actor) if !actor.may(right, scope) => session.end(Ending::RightLost),
            Some(_) => {}
        }
    }
    guests::look(app, &all).await?;
    let ids: Vec<Uuid> = all.iter().map(|s| s.opened.id.0).collect();
    store::keep_alive(app.db.pool(), &ids, app.terminals.replica).await?;
    // Ended over another process, which could not reach the shell itself.
    let ended = store::ended(app.db.pool(), &ids).await?;
    let over = |s: &&Arc<Session>| ended.contains(&s.opened.id.0);
    all.iter().filter(over).for_each(|s| s.end(Ending::Closed));
    Ok(())
}
