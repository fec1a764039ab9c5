//! The pool, the transaction, and the wake-up that follows a commit.
//!
//! Invariant: nothing is notified before it is committed, and a lost notification is only a
//! delay, because every listener also polls.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// One channel for everything: listeners look for themselves what changed.
pub const CHANNEL: &str = "slipway";
const MAX_CONNECTIONS: u32 = 16;
/// Notifications that arrive while one is being sent ride along with the next.
const WAKE_QUEUE: usize = 64;

pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("database: {0}")]
    Sql(#[from] sqlx::Error),
    #[error("migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error(
        "the database's schema is at {found}, this program needs {needed}: run `slipway migrate`"
    )]
    OldSchema { found: i64, needed: i64 },
    #[error("a stored row makes no sense: {0}")]
    Row(String),
}

impl DbError {
    /// The violated constraint's name, if that is what happened.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Sql(sqlx::Error::Database(error)) => error.constraint(),
            Self::Sql(_) | Self::Migrate(_) | Self::OldSchema { .. } | Self::Row(_) => None,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Db {
    pool: PgPool,
    wake: mpsc::Sender<()>,
}

impl Db {
    /// Connects lazily, so that a portal can start and say that its database is away.
    ///
    /// # Errors
    /// A malformed URL.
    pub fn connect(url: &SecretString) -> Result<Self, DbError> {
        let options: PgConnectOptions = url.expose_secret().parse()?;
        let pool = PgPoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(Duration::from_secs(5))
            .connect_lazy_with(options.application_name("slipway"));
        let (wake, waiting) = mpsc::channel(WAKE_QUEUE);
        tokio::spawn(notify(pool.clone(), waiting));
        Ok(Self { pool, wake })
    }

    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// No connection within five seconds.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        Ok(Tx {
            inner: self.pool.begin().await?,
            wake: self.wake.clone(),
            wakes: false,
        })
    }

    /// Wakes listeners on every replica, now.
    pub fn wake(&self) {
        // A full queue means that a notification is about to go out anyway.
        let _ = self.wake.try_send(());
    }

    /// A value that changes at every wake-up. Falls silent without a connection and comes back
    /// by itself; whoever listens polls as well.
    #[must_use]
    pub fn listen(&self, stop: CancellationToken) -> watch::Receiver<u64> {
        let (sender, receiver) = watch::channel(0);
        tokio::spawn(listen(self.pool.clone(), sender, stop));
        receiver
    }

    /// Refuses a schema older than this program.
    ///
    /// # Errors
    /// [`DbError::OldSchema`], or no answer.
    pub async fn check_schema(&self) -> Result<(), DbError> {
        let (found, needed) = self.schema().await?;
        if found < needed {
            Err(DbError::OldSchema { found, needed })
        } else {
            Ok(())
        }
    }

    /// The schema's version as it is, and as this program needs it.
    ///
    /// # Errors
    /// No answer.
    pub async fn schema(&self) -> Result<(i64, i64), DbError> {
        let needed = MIGRATOR.iter().map(|m| m.version).max().unwrap_or(0);
        Ok((schema_version(&self.pool).await?, needed))
    }

    /// Makes the partitions of the months ahead.
    ///
    /// # Errors
    /// No answer.
    pub async fn make_partitions(&self) -> Result<i32, DbError> {
        let made = sqlx::query_scalar!(r#"SELECT slipway_make_partitions(2) AS "made!""#);
        Ok(made.fetch_one(&self.pool).await?)
    }
}

tokio::task_local! {
    /// The claim of the request that runs on this task; its first commit takes it.
    pub static CLAIM: Claim;
}

/// One person's key for one POST. Whoever commits with it first has it; everybody else's
/// transaction leaves nothing behind.
#[derive(Debug, Clone)]
pub struct Claim {
    pub account: Uuid,
    pub key: String,
    pub request_hash: Vec<u8>,
    pub state: Arc<Mutex<ClaimState>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimState {
    /// Nothing was committed yet.
    Free,
    Taken,
    /// Somebody else had it; nothing was done.
    Lost,
}

impl Claim {
    #[must_use]
    pub fn state(&self) -> ClaimState {
        self.state.lock().map_or(ClaimState::Lost, |state| *state)
    }

    fn set(&self, to: ClaimState) {
        if let Ok(mut state) = self.state.lock() {
            *state = to;
        }
    }

    async fn take(&self, connection: &mut PgConnection) -> Result<(), DbError> {
        if self.state() != ClaimState::Free {
            return Ok(());
        }
        let taken = sqlx::query!(
            "INSERT INTO idempotency_key (account_id, key, request_hash) VALUES ($1, $2, $3)
             ON CONFLICT ON CONSTRAINT idempotency_key_pkey DO NOTHING",
            self.account,
            self.key,
            self.request_hash,
        )
        .execute(connection)
        .await?;
        if taken.rows_affected() == 1 {
            self.set(ClaimState::Taken);
            return Ok(());
        }
        self.set(ClaimState::Lost);
        Err(DbError::Row(
            "the idempotency key was taken meanwhile".to_owned(),
        ))
    }
}

/// A transaction. Dropped without [`Tx::commit`], it leaves nothing behind.
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    wake: mpsc::Sender<()>,
    wakes: bool,
}

impl Tx {
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// Asks for a wake-up once this is committed.
    pub fn wake_after_commit(&mut self) {
        self.wakes = true;
    }

    /// Tells pages that listen to `topic` that it changed.
    ///
    /// # Errors
    /// No answer.
    pub async fn event(&mut self, topic: &str, project: Option<Uuid>) -> Result<(), DbError> {
        sqlx::query!(
            "INSERT INTO event (topic, project_id) VALUES ($1, $2)",
            topic,
            project
        )
        .execute(&mut *self.inner)
        .await?;
        self.wakes = true;
        Ok(())
    }

    /// # Errors
    /// The commit's failure; then nothing happened.
    pub async fn commit(mut self) -> Result<(), DbError> {
        if let Ok(claim) = CLAIM.try_with(Clone::clone) {
            claim.take(&mut self.inner).await?;
        }
        self.inner.commit().await?;
        if self.wakes {
            let _ = self.wake.try_send(());
        }
        Ok(())
    }
}

/// Runs all migrations as the owner, under sqlx's advisory lock.
///
/// # Errors
/// No connection, or a migration that fails (then it left nothing).
pub async fn migrate(owner_url: &SecretString) -> Result<(), DbError> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect(owner_url.expose_secret())
        .await?;
    MIGRATOR.run(&pool).await?;
    pool.close().await;
    Ok(())
}

async fn schema_version(pool: &PgPool) -> Result<i64, DbError> {
    let known =
        sqlx::query_scalar!(r#"SELECT to_regclass('_sqlx_migrations') IS NOT NULL AS "known!""#)
            .fetch_one(pool)
            .await?;
    if !known {
        return Ok(0);
    }
    let found =
        sqlx::query_scalar("SELECT COALESCE(max(version), 0) FROM _sqlx_migrations WHERE success");
    Ok(found.fetch_one(pool).await?)
}

async fn notify(pool: PgPool, mut waiting: mpsc::Receiver<()>) {
    while waiting.recv().await.is_some() {
        while waiting.try_recv().is_ok() {}
        let sent = sqlx::query("SELECT pg_notify($1, '')")
            .bind(CHANNEL)
            .execute(&pool)
            .await;
        if let Err(error) = sent {
            tracing::debug!(%error, "could not notify; listeners will find out by polling");
        }
    }
}

/// A lost connection is tried again after this.
const LISTEN_AGAIN: Duration = Duration::from_secs(2);

async fn listen(pool: PgPool, wakes: watch::Sender<u64>, stop: CancellationToken) {
    while !stop.is_cancelled() && !wakes.is_closed() {
        let ended = tokio::select! {
            () = stop.cancelled() => return,
            ended = hear(&pool, &wakes) => ended,
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "not listening for wake-ups; polling meanwhile");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tokio::time::timeout(LISTEN_AGAIN, wakes.closed()) => {}
        }
    }
}

async fn hear(pool: &PgPool, wakes: &watch::Sender<u64>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    // What came while nobody listened is unknown, so look once.
    wakes.send_modify(|n| *n = n.wrapping_add(1));
    while listener.try_recv().await?.is_some() {
        wakes.send_modify(|n| *n = n.wrapping_add(1));
    }
    Ok(())
}

/// A place in the order of events: the transaction that made one, then its number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    transaction: i64,
    id: i64,
}

impl Cursor {
    /// Reads what [`std::fmt::Display`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (transaction, id) = text.split_once('.')?;
        Some(Self {
            transaction: transaction.parse().ok()?,
            id: id.parse().ok()?,
        })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.transaction, self.id)
    }
}

/// Something that changed, by topic.
#[derive(Debug, Clone)]
pub struct Event {
    pub cursor: Cursor,
    pub topic: String,
    pub project: Option<Uuid>,
}

impl Db {
    /// The newest event below every open transaction.
    ///
    /// # Errors
    /// No answer.
    pub async fn newest_event(&self) -> Result<Cursor, DbError> {
        let row = sqlx::query!(
            r#"SELECT xid::text::bigint AS "transaction!", id FROM event
               WHERE xid < pg_snapshot_xmin(pg_current_snapshot())
               ORDER BY xid DESC, id DESC LIMIT 1"#
        );
        let row = row.fetch_optional(&self.pool).await?;
        Ok(row
            .map(|r| Cursor {
                transaction: r.transaction,
                id: r.id,
            })
            .unwrap_or_default())
    }

    /// Events after a place, in order, below every open transaction.
    ///
    /// # Errors
    /// No answer.
    pub async fn events_after(&self, after: Cursor, limit: i64) -> Result<Vec<Event>, DbError> {
        let rows = sqlx::query!(
            r#"SELECT xid::text::bigint AS "transaction!", id, topic, project_id FROM event
               WHERE (xid, id) > ($1::bigint::text::xid8, $2)
                 AND xid < pg_snapshot_xmin(pg_current_snapshot())
               ORDER BY xid, id LIMIT $3"#,
            after.transaction,
            after.id,
            limit,
        )
        .fetch_all(&self.pool)
        .await?;
        let cursor = |transaction, id| Cursor { transaction, id };
        let event = rows.into_iter().map(|r| Event {
            cursor: cursor(r.transaction, r.id),
            topic: r.topic,
            project: r.project_id,
        });
        Ok(event.collect())
    }
}
