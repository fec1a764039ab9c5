//! Notices: who is told what, on which way.
//!
//! A leaf: it reads the outbox, and nobody imports it. Invariant: a channel's address and secret
//! go in and are used, and never come out; pages, answers, audit and logs know its version alone.

pub mod api;
pub mod channel;
mod digest;
mod draft;
mod message;
pub mod people;
pub mod queue;
mod send;
mod store;
pub mod web;

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

pub use channel::{Channel, ChannelId, Config, Health, Kind, Security, Tested};
pub use digest::schedules;
pub use draft::Draft;
pub use queue::{FanOut, Shown, State, deliver_due, work};

use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::{Db, DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::{Actor, ProjectId};
use crate::jobs::{self, Courier};
use draft::Checked;
use message::Told;
use store::Which;

/// What pages of channels listen to.
pub const TOPIC: &str = "notices";
/// Deliveries on a channel's page.
const SHOWN: i64 = 12;
/// Deliveries that are over are kept so long.
const KEPT_DAYS: i32 = 30;

/// Those who take messages from the outbox.
#[must_use]
pub fn couriers(app: &App) -> Vec<Arc<dyn Courier>> {
    vec![Arc::new(FanOut(app.clone()))]
}

/// Operations' channels, or a project's own, by key.
///
/// # Errors
/// No database.
pub async fn list(app: &App, project: Option<ProjectId>) -> Result<Vec<Channel>, DbError> {
    let which = Which {
        project,
        ..Which::default()
    };
    store::select(app.db.pool(), which).await
}

/// A channel of operations or of a project; another's is not there.
///
/// # Errors
/// 404 without it.
pub async fn find(
    app: &App,
    project: Option<ProjectId>,
    id: ChannelId,
) -> Result<Channel, AppError> {
    let which = Which {
        id: Some(id),
        project,
        ..Which::default()
    };
    let found = store::select(app.db.pool(), which).await?.pop();
    found.ok_or(AppError::NotFound)
}

/// # Errors
/// 404 without it.
pub async fn find_by_key(app: &App, key: &str) -> Result<Channel, AppError> {
    let which = Which {
        key: Some(key),
        ..Which::default()
    };
    let found = store::select(app.db.pool(), which).await?.pop();
    found.ok_or(AppError::NotFound)
}

/// Adds a channel.
///
/// # Errors
/// Fields that are wrong, a key that is taken.
pub async fn create(
    app: &App,
    actor: &Actor,
    project: Option<ProjectId>,
    draft: &Draft,
) -> Result<ChannelId, AppError> {
    if project.is_some() && !draft.kind.is_for_projects() {
        return Err(AppError::field("kind", "notice-robots-only"));
    }
    let checked = draft.check(None)?;
    let id = ChannelId::new();
    let mut tx = app.db.begin().await?;
    let projects = projects(&mut tx, &checked).await?;
    store::insert(tx.connection(), id, project, &checked, &projects)
        .await
        .map_err(refused)?;
    seal(app, &mut tx, id, &checked).await?;
    let entry = Entry::done("notice_channel.create", "notice_channel", &checked.key);
    finish(tx, actor, project, entry.after(facts(&checked))).await?;
    Ok(id)
}

/// Changes a channel of operations.
///
/// # Errors
/// Fields that are wrong, another kind, a key that is taken, no such channel.
pub async fn update(
    app: &App,
    actor: &Actor,
    before: &Channel,
    draft: &Draft,
) -> Result<(), AppError> {
    if before.kind != draft.kind {
        return Err(AppError::field("kind", "connection-kind-stays"));
    }
    let checked = draft.check(Some(before))?;
    let mut tx = app.db.begin().await?;
    let projects = projects(&mut tx, &checked).await?;
    let found = store::update(tx.connection(), before.id, &checked, &projects).await;
    if !found.map_err(refused)? {
        return Err(AppError::NotFound);
    }
    seal(app, &mut tx, before.id, &checked).await?;
    jobs::forget_timer(&mut tx, &digest::name(before.id)).await?;
    let entry = Entry::done("notice_channel.update", "notice_channel", &before.key);
    let entry = entry.before(known(before)).after(facts(&checked));
    finish(tx, actor, before.project, entry).await
}

/// Takes a channel out, with what still waits on it.
///
/// # Errors
/// No such channel.
pub async fn delete(app: &App, actor: &Actor, channel: &Channel) -> Result<(), AppError> {
    let mut tx = app.db.begin().await?;
    if !store::delete(tx.connection(), channel.id).await? {
        return Err(AppError::NotFound);
    }
    jobs::forget_timer(&mut tx, &digest::name(channel.id)).await?;
    let entry = Entry::done("notice_channel.delete", "notice_channel", &channel.key);
    finish(tx, actor, channel.project, entry.before(known(channel))).await
}

/// Really sends something now, and keeps what came of it for the page.
///
/// # Errors
/// No database. That it did not get there is an answer, not an error.
pub async fn test(app: &App, actor: &Actor, channel: &Channel) -> Result<Tested, AppError> {
    let told = [Told::Test {
        who: actor.display_name.clone(),
    }];
    let target = send::target(app, channel.id.0).await?;
    let outcome = send::send(app, &target, Uuid::now_v7(), &told).await;
    let (ok, words) = match outcome {
        Ok(()) => (true, Words::new("notice-test-sent")),
        Err(error) => (false, error.words),
    };
    let mut tx = app.db.begin().await?;
    store::set_tested(tx.connection(), channel.id.0, ok, &words).await?;
    let entry = Entry::done("notice_channel.test", "notice_channel", &channel.key);
    let entry = entry.after(json!({ "ok": ok, "code": words.code }));
    finish(tx, actor, channel.project, entry).await?;
    let at = crate::clock::now();
    Ok(Tested { ok, words, at })
}

/// What was given up is tried again, under the same ids.
///
/// # Errors
/// 409 when nothing was.
pub async fn again(app: &App, actor: &Actor, channel: &Channel) -> Result<u64, AppError> {
    let mut tx = app.db.begin().await?;
    let woken = queue::store::again(tx.connection(), channel.id.0).await?;
    if woken == 0 {
        return Err(AppError::conflict("notice-none-given-up"));
    }
    let entry = Entry::done("notice_channel.again", "notice_channel", &channel.key);
    let entry = entry.after(json!({ "messages": woken }));
    finish(tx, actor, channel.project, entry).await?;
    Ok(woken)
}

/// The last messages on a channel, newest first.
///
/// # Errors
/// No database.
pub async fn last(app: &App, channel: ChannelId) -> Result<Vec<Shown>, DbError> {
    queue::store::last(app.db.pool(), channel.0, SHOWN).await
}

/// Whether there is a server for people's own mail.
///
/// # Errors
/// No database.
pub async fn reaches_people(app: &App) -> Result<bool, DbError> {
    Ok(store::for_people(app.db.pool()).await?.is_some())
}

/// Forgets deliveries of long ago.
///
/// # Errors
/// No database.
pub async fn forget_old(db: &Db) -> Result<(), DbError> {
    queue::store::forget(db.pool(), KEPT_DAYS).await
}

async fn projects(tx: &mut Tx, checked: &Checked) -> Result<Vec<Uuid>, AppError> {
    let ids = store::project_ids(tx.connection(), &checked.projects).await?;
    if ids.len() == checked.projects.len() {
        Ok(ids)
    } else {
        Err(AppError::field("projects", "notice-project-unknown"))
    }
}

async fn seal(app: &App, tx: &mut Tx, id: ChannelId, checked: &Checked) -> Result<(), AppError> {
    let Some(sealed) = &checked.sealed else {
        return Ok(());
    };
    let internal = |why: String| AppError::Internal(why);
    let text = serde_json::to_string(sealed).map_err(|e| internal(e.to_string()))?;
    let keys = &app.settings.keys;
    let sealed = keys
        .seal(send::place(id), &SecretString::from(text))
        .map_err(|e| internal(e.to_string()))?;
    store::set_secret(tx.connection(), id, &sealed).await?;
    Ok(())
}

/// A channel for the record, without anything secret.
fn facts(checked: &Checked) -> Value {
    json!({
        "key": checked.key, "kind": checked.kind, "language": checked.locale,
        "events": checked.events, "projects": checked.projects, "config": checked.config,
        "digest": checked.digest, "time_zone": checked.time_zone,
        "secret_changed": checked.sealed.is_some(),
    })
}

fn known(channel: &Channel) -> Value {
    json!({
        "key": channel.key, "kind": channel.kind, "language": channel.locale,
        "events": channel.events, "projects": channel.project_keys(), "config": channel.config,
        "digest": channel.digest, "time_zone": channel.time_zone,
        "secret_version": channel.secret_version,
    })
}

async fn finish(
    mut tx: Tx,
    actor: &Actor,
    project: Option<ProjectId>,
    entry: Entry,
) -> Result<(), AppError> {
    let entry = match project {
        Some(project) => entry.in_project(project),
        None => entry,
    };
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.event(TOPIC, project.map(|p| p.0)).await?;
    tx.commit().await?;
    Ok(())
}

fn refused(error: DbError) -> AppError {
    match error.constraint() {
        Some("notice_channel_key_key" | "notice_channel_key_in_project") => {
            AppError::conflict("key-taken")
        }
        Some("notice_channel_one_for_people") => {
            AppError::field("config.for_people", "notice-one-for-people")
        }
        Some("notice_channel_of_project_is_robot") => AppError::field("kind", "notice-robots-only"),
        Some(_) | None => error.into(),
    }
}
