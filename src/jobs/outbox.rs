//! Messages that leave with the transaction that they tell of: at least once, in order of time.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::db::{Db, DbError, Tx};

/// Messages looked at in one go.
const BATCH: i64 = 20;
/// A courier gets this long for one message; the message is nobody else's meanwhile.
const HOLD_SECONDS: f64 = 60.0;
/// After so many failures a message stays, unsent, for an operator to see.
const MAX_ATTEMPTS: i32 = 12;

/// A message as its courier gets it. `key` is the same at every repeat.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: Uuid,
    pub key: String,
    pub topic: String,
    pub payload: Value,
}

/// Delivers the messages of one topic.
#[async_trait]
pub trait Courier: Send + Sync {
    fn topic(&self) -> &'static str;

    /// # Errors
    /// Why not, for the operators' page; it is tried again later.
    async fn deliver(&self, message: &Message) -> Result<(), String>;
}

/// Adds a message to a transaction; one of the same key is left as it is.
///
/// # Errors
/// No answer from the database.
pub async fn post(tx: &mut Tx, topic: &str, key: &str, payload: &Value) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO outbox (id, key, topic, payload) VALUES ($1, $2, $3, $4)
         ON CONFLICT (key) DO NOTHING",
        Uuid::now_v7(),
        key,
        topic,
        payload,
    )
    .execute(tx.connection())
    .await?;
    tx.wake_after_commit();
    Ok(())
}

/// Delivers what is due for these couriers, and returns how many tries that were.
///
/// # Errors
/// No answer from the database.
pub async fn deliver_due(db: &Db, couriers: &[Arc<dyn Courier>]) -> Result<usize, DbError> {
    let topics: Vec<String> = couriers.iter().map(|c| c.topic().to_owned()).collect();
    if topics.is_empty() {
        return Ok(0);
    }
    let held = hold(db.pool(), &topics).await?;
    let count = held.len();
    for message in held {
        let Some(courier) = couriers.iter().find(|c| c.topic() == message.topic) else {
            continue;
        };
        let outcome = courier.deliver(&message).await;
        settle(db, message.id, outcome.err()).await?;
    }
    Ok(count)
}

/// Forgets messages that left a month ago.
///
/// # Errors
/// No answer from the database.
pub async fn forget_sent(db: &Db) -> Result<(), DbError> {
    sqlx::query!("DELETE FROM outbox WHERE sent_at < slipway_now() - interval '30 days'")
        .execute(db.pool())
        .await?;
    Ok(())
}

async fn hold(pool: &PgPool, topics: &[String]) -> Result<Vec<Message>, DbError> {
    let held = sqlx::query_as!(
        Message,
        "UPDATE outbox SET attempts = attempts + 1,
            due_at = slipway_now() + make_interval(secs => $2)
         WHERE id IN (SELECT id FROM outbox
            WHERE sent_at IS NULL AND due_at <= slipway_now() AND topic = ANY($1)
              AND attempts < $4
            ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
         RETURNING id, key, topic, payload",
        topics,
        HOLD_SECONDS,
        BATCH,
        MAX_ATTEMPTS,
    );
    Ok(held.fetch_all(pool).await?)
}

async fn settle(db: &Db, id: Uuid, error: Option<String>) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE outbox SET
            sent_at = CASE WHEN $2::text IS NULL THEN slipway_now() END,
            last_error = $2,
            due_at = slipway_now() + make_interval(secs => LEAST(power(2, attempts) * 5, 3600))
         WHERE id = $1",
        id,
        error,
    )
    .execute(db.pool())
    .await?;
    Ok(())
}
