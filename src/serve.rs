//! What the commands do: start, wait for the signal, stop in order.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::{self, App};
use crate::audit::{self, Entry, Origin};
use crate::identity::{self, NewAccount, PlatformRole};
use crate::jobs::{self, Engine};
use crate::web::{idempotency, router, session};
use crate::{listen, notifications, secrets, terminals, vitals};

/// Requests that are under way when the signal comes get this long.
const DRAIN: Duration = Duration::from_secs(20);
const UPKEEP_EVERY: Duration = Duration::from_secs(3600);
const VITALS_EVERY: Duration = Duration::from_secs(15);
const TIMERS_EVERY: Duration = Duration::from_secs(5);

/// Serves pages and API until SIGTERM or SIGINT.
///
/// # Errors
/// The listener's, or a metrics address that cannot be had.
pub async fn portal(app: App, listener: TcpListener, work: bool) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    stop_on_signal(&stop)?;
    start_metrics(&app, &stop, &tasks).await?;
    start_upkeep(&app, &stop, &tasks);
    if work {
        start_workers(&app, &stop, &tasks);
    }
    let address = listener.local_addr()?;
    tasks.spawn(end_connections(app.clone(), stop.clone()));
    tracing::info!(%address, public_url = %app.settings.public_url, "the portal is open");
    let server = listen::serve(listener, router::router(&app), stop.clone());
    let drained = drain(&stop);
    tokio::select! {
        () = server => {}
        () = drained => tracing::warn!("some requests did not end in time"),
    }
    finish(&stop, &tasks).await;
    Ok(())
}

/// Runs workers until SIGTERM or SIGINT.
///
/// # Errors
/// A metrics address that cannot be had, or an older schema.
pub async fn workers(app: App) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    stop_on_signal(&stop)?;
    app.db.check_schema().await?;
    start_metrics(&app, &stop, &tasks).await?;
    start_upkeep(&app, &stop, &tasks);
    start_workers(&app, &stop, &tasks);
    stop.cancelled().await;
    finish(&stop, &tasks).await;
    Ok(())
}

/// What would stay open for long is ended at once: pages listen elsewhere, and whoever is in a
/// terminal is told why it ends, which is put on record.
async fn end_connections(app: App, stop: CancellationToken) {
    stop.cancelled().await;
    app.events.close();
    terminals::stop(&app).await;
}

fn stop_on_signal(stop: &CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        stop.cancel();
    });
    Ok(())
}

async fn drain(stop: &CancellationToken) {
    stop.cancelled().await;
    let _ = tokio::time::timeout(DRAIN, std::future::pending::<()>()).await;
}

async fn finish(stop: &CancellationToken, tasks: &TaskTracker) {
    stop.cancel();
    tasks.close();
    if tokio::time::timeout(DRAIN, tasks.wait()).await.is_err() {
        tracing::warn!("some steps were cut off; another worker takes them up");
    }
    tracing::info!("stopped");
}

async fn start_metrics(
    app: &App,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> anyhow::Result<()> {
    let Some(address) = app.settings.metrics_listen else {
        return Ok(());
    };
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new();
    let handle = recorder
        .install_recorder()
        .context("cannot start metrics")?;
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} for metrics"))?;
    let page = axum::routing::get(move || std::future::ready(handle.render()));
    let service = axum::Router::new().route("/metrics", page);
    tasks.spawn(publish_vitals(app.clone(), stop.clone()));
    let stop = stop.clone();
    tasks.spawn(async move {
        let served = axum::serve(listener, service)
            .with_graceful_shutdown(async move { stop.cancelled().await });
        if let Err(error) = served.await {
            tracing::error!(%error, "metrics ended");
        }
    });
    Ok(())
}

/// Puts the portal's own numbers where Prometheus reads them.
async fn publish_vitals(app: App, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(VITALS_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        match vitals::take(&app).await {
            Ok(found) => vitals::publish(&found),
            Err(error) => tracing::warn!(%error, "could not take the portal's own numbers"),
        }
    }
}

/// Partitions ahead, sessions that are over: hourly, on every replica, harmless when doubled.
fn start_upkeep(app: &App, stop: &CancellationToken, tasks: &TaskTracker) {
    let (app, stop) = (app.clone(), stop.clone());
    tasks.spawn(async move {
        let mut ticks = tokio::time::interval(UPKEEP_EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = upkeep(&app).await {
                tracing::warn!(%error, "upkeep did not get through; it tries again in an hour");
            }
        }
    });
}

async fn upkeep(app: &App) -> Result<(), crate::db::DbError> {
    app.db.make_partitions().await?;
    session::delete_expired(&app.db).await?;
    idempotency::forget_old(&app.db).await?;
    jobs::forget_sent(&app.db).await?;
    notifications::forget_old(&app.db).await?;
    identity::forget_old_failures(&app.db).await
}

fn start_workers(app: &App, stop: &CancellationToken, tasks: &TaskTracker) {
    let engine = app::engine(app);
    tasks.spawn(run_timers(app.clone(), engine.clone(), stop.clone()));
    tasks.spawn(notifications::work(app.clone(), stop.clone()));
    let (app, stop) = (app.clone(), stop.clone());
    tasks.spawn(async move {
        engine.clone().work(stop).await;
        if let Err(error) = vitals::leave(&app, &engine).await {
            tracing::debug!(%error, "leaves without a word; it is seen to be silent soon");
        }
    });
}

/// Gives a sign of life and looks for timers that are due; each runs on one of all processes.
async fn run_timers(app: App, engine: Arc<Engine>, stop: CancellationToken) {
    let timers = app::timers(&app);
    let mut ticks = tokio::time::interval(TIMERS_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = vitals::beat(&app, &engine).await {
            tracing::warn!(%error, "could not give a sign of life");
        }
        let scheduled = notifications::schedules(&app)
            .await
            .unwrap_or_else(|error| {
                tracing::warn!(%error, "could not look for schedules");
                Vec::new()
            });
        let due: Vec<_> = timers.iter().cloned().chain(scheduled).collect();
        if let Err(error) = jobs::run_due(&app.db, &due).await {
            tracing::warn!(%error, "could not look for timers");
        }
    }
}

/// Says what is wrong with settings, database and schema.
///
/// # Errors
/// The first thing that is wrong.
pub async fn check(app: &App) -> anyhow::Result<()> {
    app.db.check_schema().await?;
    for (key, values) in secrets::keys_in_use(&app.db).await? {
        if !app.settings.keys.holds(&key) {
            bail!("{values} stored secrets need the key {key}: put it into SLIPWAY_SECRET_KEYS");
        }
        tracing::info!(key, values, "stored secrets");
    }
    tracing::info!("settings, database and schema are in order");
    Ok(())
}

/// Seals every stored secret with the first key of the settings, from the command line.
///
/// # Errors
/// A secret that no key opens, or no database.
pub async fn reseal(app: &App) -> anyhow::Result<()> {
    let keys = &app.settings.keys;
    let values = secrets::reseal(&app.db, keys).await?;
    let mut tx = app.db.begin().await?;
    let told = serde_json::json!({ "key": keys.current(), "values": values });
    let entry = Entry::done("secrets.reseal", "platform", "secrets").after(told);
    audit::record(&mut tx, &entry, &Origin::default()).await?;
    tx.commit().await?;
    tracing::info!(key = keys.current(), values, "sealed again");
    Ok(())
}

/// Makes an account from the command line.
///
/// # Errors
/// What is wrong with it.
pub async fn create_account(
    app: &App,
    name: String,
    display_name: String,
    password: SecretString,
    roles: Vec<PlatformRole>,
) -> anyhow::Result<()> {
    if identity::check_password(password.expose_secret()).is_err() {
        bail!("the password must have 8 to 200 characters; it is read from standard input");
    }
    let new = NewAccount {
        name,
        display_name,
        password: Some(password),
        roles,
    };
    let mut tx = app.db.begin().await?;
    identity::create_account(app, &mut tx, &new).await?;
    let entry = Entry::done("account.create", "account", &new.name);
    audit::record(&mut tx, &entry, &Origin::default()).await?;
    tx.commit().await?;
    tracing::info!(account.name = new.name, "the account is made");
    Ok(())
}

/// Gives an account a new password and ends its sessions.
///
/// # Errors
/// No such account, or a password that may not be used.
pub async fn set_password(app: &App, name: &str, password: SecretString) -> anyhow::Result<()> {
    if identity::check_password(password.expose_secret()).is_err() {
        bail!("the password must have 8 to 200 characters; it is read from standard input");
    }
    let mut tx = app.db.begin().await?;
    if !identity::set_password(app, &mut tx, name, &password).await? {
        bail!("there is no account named {name}");
    }
    let entry = Entry::done("account.set_password", "account", name);
    audit::record(&mut tx, &entry, &Origin::default()).await?;
    tx.commit().await?;
    Ok(())
}
