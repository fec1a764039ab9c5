//! Groups of people who decide together, such as those who answer for a database.
//!
//! Invariant: a group that a policy or an open question names cannot be deleted.

pub mod api;
mod store;
pub mod web;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Actor, Permission, Person, Scope};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::DbError;
use crate::error::{AppError, FieldError};

/// What pages of groups listen to.
pub const TOPIC: &str = "groups";
/// More people than this are no group that decides.
pub const MAX_MEMBERS: usize = 200;

/// A group and who is in it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PeopleGroup)]
pub struct Group {
    pub key: String,
    pub name: String,
    pub members: Vec<Person>,
    pub created_at: Timestamp,
}

/// A group as it is to be.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PeopleGroupDraft)]
pub struct Draft {
    /// `[a-z][a-z0-9-]{0,38}`; it never changes.
    pub key: String,
    #[serde(default)]
    pub name: String,
    /// User ids.
    #[serde(default)]
    pub members: Vec<String>,
}

/// All groups, by key.
///
/// # Errors
/// 403 without the right to see people.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Group>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    Ok(store::select(app.db.pool(), None).await?)
}

/// # Errors
/// 403 without the right, 404 for none of this key.
pub async fn get(app: &App, actor: &Actor, key: &str) -> Result<Group, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let found = store::select(app.db.pool(), Some(key)).await?;
    found.into_iter().next().ok_or(AppError::NotFound)
}

/// Keys of all groups, for those who choose one.
///
/// # Errors
/// No answer from the database.
pub async fn keys(app: &App) -> Result<Vec<String>, DbError> {
    let all = store::select(app.db.pool(), None).await?;
    Ok(all.into_iter().map(|g| g.key).collect())
}

/// Makes a group, or gives the one that is named another name and other members.
///
/// # Errors
/// 403 without the right, 400 naming fields, 404.
pub async fn put(
    app: &App,
    actor: &Actor,
    draft: &Draft,
    of: Option<&str>,
) -> Result<(), AppError> {
    actor.must(Permission::ManagePeople, Scope::Platform)?;
    check(draft)?;
    let is_new = of.is_none();
    let before = match of {
        Some(key) => Some(get(app, actor, key).await?),
        None => None,
    };
    if of.is_some_and(|key| key != draft.key) {
        return Err(AppError::field("key", "group-key-stays"));
    }
    let names = members(draft);
    let mut tx = app.db.begin().await?;
    if is_new {
        let made = store::insert(tx.connection(), &draft.key, draft.name.trim()).await;
        made.map_err(taken)?;
    } else {
        store::rename(tx.connection(), &draft.key, draft.name.trim()).await?;
    }
    let found = store::put_members(tx.connection(), &draft.key, &names).await?;
    if let Some(unknown) = names.iter().find(|n| !found.contains(n)) {
        let mut error = FieldError::new("members", "group-member-unknown");
        error.words = error.words.with("user", unknown);
        return Err(AppError::Invalid(vec![error]));
    }
    let action = if is_new {
        "group.create"
    } else {
        "group.change"
    };
    let entry = Entry::done(action, "group", &draft.key)
        .after(json!({ "name": draft.name.trim(), "members": names }));
    let entry = match before {
        Some(was) => {
            let names: Vec<_> = was.members.iter().map(|m| &m.name).collect();
            entry.before(json!({ "name": was.name, "members": names }))
        }
        None => entry,
    };
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.event(TOPIC, None).await?;
    tx.commit().await?;
    Ok(())
}

/// Deletes a group that nothing names.
///
/// # Errors
/// 403 without the right, 404, 409 while a policy or a request names it.
pub async fn delete(app: &App, actor: &Actor, key: &str) -> Result<(), AppError> {
    actor.must(Permission::ManagePeople, Scope::Platform)?;
    let was = get(app, actor, key).await?;
    let mut tx = app.db.begin().await?;
    store::delete(tx.connection(), key).await.map_err(in_use)?;
    let names: Vec<_> = was.members.iter().map(|m| &m.name).collect();
    let entry = Entry::done("group.delete", "group", key)
        .before(json!({ "name": was.name, "members": names }));
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.event(TOPIC, None).await?;
    tx.commit().await?;
    Ok(())
}

fn check(draft: &Draft) -> Result<(), AppError> {
    let mut errors = Vec::new();
    if !is_key(&draft.key) {
        errors.push(FieldError::new("key", "group-key-grammar"));
    }
    if draft.name.chars().count() > 80 {
        errors.push(FieldError::new("name", "field-too-long"));
    }
    if draft.members.len() > MAX_MEMBERS {
        errors.push(FieldError::new("members", "field-too-long"));
    }
    match errors.is_empty() {
        true => Ok(()),
        false => Err(AppError::Invalid(errors)),
    }
}

fn is_key(key: &str) -> bool {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=39).contains(&key.len())
        && key.bytes().all(good)
        && key.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
        && key != "new"
}

fn members(draft: &Draft) -> Vec<String> {
    let mut names: Vec<String> = draft.members.iter().map(|m| m.trim().to_owned()).collect();
    names.retain(|n| !n.is_empty());
    names.sort();
    names.dedup();
    names
}

fn taken(error: DbError) -> AppError {
    match error.constraint() {
        Some("people_group_key_key") => AppError::field("key", "group-key-taken"),
        Some(_) | None => error.into(),
    }
}

fn in_use(error: DbError) -> AppError {
    match error.constraint() {
        Some("request_policy_quorum_group_id_fkey" | "request_quorum_group_id_fkey") => {
            AppError::conflict("group-in-use")
        }
        Some(_) | None => error.into(),
    }
}
