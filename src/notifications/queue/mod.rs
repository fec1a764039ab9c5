//! From the outbox to people: fanned out to the ways that want it, merged, paced, tried again.
//!
//! Invariant: a message's id is stored before the first try, with what it holds, and every repeat
//! says the same under the same id. Each way is worked on alone, so that a dead one holds up no
//! other; and nothing of this is waited for by those whose doings are told.

pub mod pace;
pub mod store;

use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::message::Told;
use super::{people, send};
use crate::app::App;
use crate::db::DbError;
use crate::error::Words;
use crate::jobs::{Courier, Message};
use crate::news::{self, News};
use pace::Pace;

/// Ways that one process works on at once.
const AT_ONCE: i64 = 16;
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// So long the first of a burst waits for the others.
const GATHER: SignedDuration = SignedDuration::from_secs(2);

crate::words! {
    pub enum State as DeliveryState { Waiting = "waiting", Sent = "sent", GivenUp = "given_up" }
}

/// A way's pace, as of the database's clock.
pub struct Lane {
    pub tokens: f64,
    pub tokens_at: Timestamp,
    pub failures: i32,
    pub now: Timestamp,
}

/// One message on one way, for those who look after it.
pub struct Shown {
    pub id: Uuid,
    pub told: Told,
    pub state: State,
    pub attempts: i32,
    pub error: Option<Words>,
    /// The id under which it left, or is tried.
    pub message: Option<Uuid>,
    pub due_at: Timestamp,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// Takes news from the outbox and puts them on every way that wants them.
pub struct FanOut(pub App);

#[async_trait]
impl Courier for FanOut {
    fn topic(&self) -> &'static str {
        news::TOPIC
    }

    async fn deliver(&self, message: &Message) -> Result<(), String> {
        let news: News =
            serde_json::from_value(message.payload.clone()).map_err(|e| e.to_string())?;
        let put = fan_out(&self.0, message.id, news).await;
        put.map_err(|e| e.to_string())
    }
}

async fn fan_out(app: &App, message: Uuid, news: News) -> Result<(), DbError> {
    let mut tx = app.db.begin().await?;
    let now = store::now(tx.connection()).await?;
    let soon = now.checked_add(GATHER).unwrap_or(now);
    let channels = store::channels_for(tx.connection(), &news).await?;
    let people = people::for_news(&mut tx, &news, soon).await?;
    let told = Told::News(Box::new(news));
    let ways = channels.into_iter().map(|lane| (lane, soon)).chain(people);
    for (lane, due_at) in ways {
        store::insert(tx.connection(), lane, message, &told, due_at).await?;
    }
    tx.commit().await
}

/// Sends until told to stop, beside everything else that this process does.
pub async fn work(app: App, stop: CancellationToken) {
    let mut running = JoinSet::new();
    let mut looks = tokio::time::interval(LOOK_EVERY);
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = looks.tick() => {}
        }
        while running.try_join_next().is_some() {}
        let busy = i64::try_from(running.len()).unwrap_or(AT_ONCE);
        if busy >= AT_ONCE {
            continue;
        }
        match store::hold(app.db.pool(), AT_ONCE - busy).await {
            Ok(lanes) => {
                for lane in lanes {
                    let app = app.clone();
                    running.spawn(async move { logged(&app, lane).await });
                }
            }
            Err(error) => tracing::warn!(%error, "could not look for messages to people"),
        }
    }
    while running.join_next().await.is_some() {}
}

/// Sends what is due now on every way, and returns how many ways that were.
///
/// # Errors
/// No answer from the database.
pub async fn deliver_due(app: &App) -> Result<usize, DbError> {
    let lanes = store::hold(app.db.pool(), AT_ONCE).await?;
    let count = lanes.len();
    let tries = futures_util::stream::iter(lanes).map(|lane| logged(app, lane));
    tries.buffer_unordered(16).collect::<Vec<()>>().await;
    Ok(count)
}

async fn logged(app: &App, lane: Uuid) {
    if let Err(error) = one(app, lane).await {
        tracing::warn!(lane.id = %lane, %error, "a message to people is left to its next turn");
    }
}

/// One message on one way: its id stored, sent, and what came of it stored.
async fn one(app: &App, lane: Uuid) -> Result<(), DbError> {
    let target = send::target(app, lane).await?;
    let mut tx = app.db.begin().await?;
    let Some(state) = store::lane(tx.connection(), lane).await? else {
        return Ok(());
    };
    let pace = Pace::of(target.kind());
    match pace.take(state.tokens, state.tokens_at, state.now) {
        Ok(left) => store::set_tokens(tx.connection(), lane, left).await?,
        Err(wait) => {
            store::release(tx.connection(), lane, wait.as_secs_f64()).await?;
            return tx.commit().await;
        }
    }
    if matches!(target, send::Target::Person { .. }) {
        people::drop_unseen(&mut tx, lane).await?;
    }
    let batch = store::batch(tx.connection(), lane).await?;
    if batch.is_none() {
        store::release(tx.connection(), lane, 0.0).await?;
    }
    tx.commit().await?;
    let Some(batch) = batch else { return Ok(()) };
    let told = store::contents(app.db.pool(), batch).await?;
    let outcome = send::send(app, &target, batch, &told).await;
    settle(app, lane, batch, state.failures, outcome.err()).await
}

async fn settle(
    app: &App,
    lane: Uuid,
    batch: Uuid,
    failures: i32,
    error: Option<send::NotSent>,
) -> Result<(), DbError> {
    let mut tx = app.db.begin().await?;
    match error {
        None => store::sent(tx.connection(), lane, batch).await?,
        Some(error) => {
            let pause = error.again.unwrap_or_default();
            let pause = pause.max(pace::back_off(failures));
            let failed = store::Failed {
                lane,
                batch,
                error: &error.words,
                again_after: pause.as_secs_f64(),
                for_good: error.again.is_none(),
                max_attempts: pace::MAX_ATTEMPTS,
            };
            store::failed(tx.connection(), &failed).await?;
        }
    }
    tx.event(super::TOPIC, None).await?;
    tx.commit().await
}
