//! Accounts as administrators keep them: who is there, what they may, who comes and goes.
//!
//! Invariant: there is always an administrator who can sign in, and nobody changes what they
//! themselves may. Whoever is disabled is out at once: their sessions end in the same transaction.

pub mod api;
pub mod door;
mod first;
mod store;
pub mod web;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

pub use first::{Temporary, choose_password};
pub use store::{Account, Filter, Membership};

use super::{Actor, NewAccount, Permission, PlatformRole, Scope, password, tokens};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::Tx;
use crate::error::AppError;
use crate::web::paging::{List, Page};

/// What lists of people listen to.
pub const TOPIC: &str = "people";
/// A password made for somebody is good for this long.
const TEMPORARY_DAYS: i32 = 7;
/// A hundred bits of chance in letters that cannot be mistaken for one another.
const TEMPORARY_LENGTH: usize = 20;
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Names that are words of our own addresses.
const RESERVED: [&str; 2] = ["groups", "new"];

/// What the list is narrowed to, in the address.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(default)]
    pub q: String,
    /// A platform role.
    #[serde(default)]
    pub role: String,
    /// `active` or `disabled`.
    #[serde(default)]
    pub state: String,
    pub limit: Option<i64>,
    pub after: Option<String>,
}

/// A new account as asked for; without a password one is made for it.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPerson)]
pub struct Joining {
    pub user: String,
    pub display_name: String,
    #[serde(default)]
    pub roles: Vec<PlatformRole>,
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only)]
    pub password: Option<SecretString>,
}

/// What is to be so of an account.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PersonChange)]
pub struct Change {
    pub display_name: Option<String>,
    pub roles: Option<Vec<PlatformRole>>,
    pub disabled: Option<bool>,
}

/// One page of people, by name.
///
/// # Errors
/// 403 without the right to see them, 400 for a filter that makes no sense.
pub async fn list(app: &App, actor: &Actor, wanted: &Wanted) -> Result<List<Account>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let page = Page {
        limit: wanted.limit,
        after: None,
    };
    let limit = page.limit()?;
    let some = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
    let wrong = |field| move || AppError::field(field, "query-wrong");
    let role = some(&wanted.role).map(|r| PlatformRole::parse(&r).ok_or_else(wrong("role")));
    let disabled = match wanted.state.as_str() {
        "" => None,
        "active" => Some(false),
        "disabled" => Some(true),
        _ => return Err(wrong("state")()),
    };
    let filter = Filter {
        name: None,
        q: some(&wanted.q),
        role: role.transpose()?,
        disabled,
        after: some(wanted.after.as_deref().unwrap_or_default()),
        limit: limit + 1,
    };
    let rows = store::select(app.db.pool(), &filter).await?;
    Ok(List::cut(rows, limit, |a| a.user.clone()))
}

/// One person with roles and memberships.
///
/// # Errors
/// 403 without the right to see people, 404 for nobody of this name.
pub async fn get(app: &App, actor: &Actor, name: &str) -> Result<Account, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let found = store::select(app.db.pool(), &Filter::one(name)).await?;
    found.into_iter().next().ok_or(AppError::NotFound)
}

/// Makes an account; gives the password that was made for it, which is nowhere else in clear.
///
/// # Errors
/// 403 without the right, fields that are wrong, a name that is taken.
pub async fn create(
    app: &App,
    actor: &Actor,
    joining: &Joining,
) -> Result<Option<SecretString>, AppError> {
    actor.must(Permission::ManagePeople, Scope::Platform)?;
    let name = joining.user.trim();
    if RESERVED.contains(&name) {
        return Err(AppError::field("user", "key-reserved"));
    }
    let made = joining.password.is_none().then(temporary);
    if let Some(password) = &joining.password {
        super::check_password(password.expose_secret())?;
    }
    let new = NewAccount {
        name: name.to_owned(),
        display_name: joining.display_name.trim().to_owned(),
        password: made.clone().or_else(|| joining.password.clone()),
        roles: joining.roles.clone(),
    };
    let mut tx = app.db.begin().await?;
    super::create_account(app, &mut tx, &new)
        .await
        .map_err(user_field)?;
    if made.is_some() {
        store::make_temporary(tx.connection(), name, TEMPORARY_DAYS).await?;
    }
    let after = json!({ "display_name": new.display_name, "roles": new.roles });
    let entry = Entry::done("account.create", "account", name).after(after);
    finish(tx, &entry, actor).await?;
    Ok(made)
}

/// The form's name of the field is `user`, as everywhere in the API.
fn user_field(error: AppError) -> AppError {
    match error {
        AppError::Invalid(mut fields) => {
            for field in fields.iter_mut().filter(|f| f.field == "name") {
                "user".clone_into(&mut field.field);
            }
            AppError::Invalid(fields)
        }
        other => other,
    }
}

/// Changes name, roles or whether somebody may come in at all.
///
/// # Errors
/// 403 without the right, 404 for nobody of this name, 409 for one's own rights and for the last
/// administrator's.
pub async fn change(
    app: &App,
    actor: &Actor,
    name: &str,
    change: &Change,
) -> Result<Account, AppError> {
    actor.must(Permission::ManagePeople, Scope::Platform)?;
    let mut tx = app.db.begin().await?;
    // One change of administrators at a time, so that two cannot take each other's rights away.
    store::lock_admins(tx.connection()).await?;
    let found = store::select(tx.connection(), &Filter::one(name)).await?;
    let before = found.into_iter().next().ok_or(AppError::NotFound)?;
    let wanted = wanted(&before, change);
    check(actor, &before, &wanted)?;
    if is_admin(&before) && !is_admin(&wanted) && store::admins(tx.connection()).await? <= 1 {
        return Err(AppError::conflict("people-last-admin"));
    }
    store::update(tx.connection(), &wanted).await?;
    if wanted.disabled_at.is_some() {
        store::end_sessions(tx.connection(), name).await?;
    }
    let action = match (before.disabled_at, wanted.disabled_at) {
        (None, Some(_)) => "account.disable",
        (Some(_), None) => "account.enable",
        (None, None) | (Some(_), Some(_)) => "account.update",
    };
    let entry = Entry::done(action, "account", name);
    let entry = entry.before(facts(&before)).after(facts(&wanted));
    finish(tx, &entry, actor).await?;
    get(app, actor, name).await
}

fn wanted(before: &Account, change: &Change) -> Account {
    let mut roles = change.roles.clone().unwrap_or_else(|| before.roles.clone());
    roles.sort();
    roles.dedup();
    let disabled_at = match change.disabled {
        Some(true) => before.disabled_at.or_else(|| Some(crate::clock::now())),
        Some(false) => None,
        None => before.disabled_at,
    };
    let display_name = change.display_name.as_deref().map(str::trim);
    Account {
        display_name: display_name.unwrap_or(&before.display_name).to_owned(),
        roles,
        disabled_at,
        ..before.clone()
    }
}

fn is_admin(account: &Account) -> bool {
    account.disabled_at.is_none() && account.roles.contains(&PlatformRole::Admin)
}

fn check(actor: &Actor, before: &Account, wanted: &Account) -> Result<(), AppError> {
    if !(1..=80).contains(&wanted.display_name.chars().count()) {
        return Err(AppError::field("display_name", "field-required"));
    }
    let mut roles = before.roles.clone();
    roles.sort();
    let other_rights = roles != wanted.roles || before.disabled_at != wanted.disabled_at;
    if actor.name == before.user && other_rights {
        return Err(AppError::conflict("people-own-rights"));
    }
    Ok(())
}

fn facts(account: &Account) -> serde_json::Value {
    json!({
        "display_name": account.display_name, "roles": account.roles,
        "disabled": account.disabled_at.is_some(),
    })
}

/// Makes a new password for somebody who lost theirs, and ends their sessions and tokens.
///
/// # Errors
/// 403 without the right, 404 for nobody of this name.
pub async fn reset_password(
    app: &App,
    actor: &Actor,
    name: &str,
) -> Result<SecretString, AppError> {
    actor.must(Permission::ManagePeople, Scope::Platform)?;
    let made = temporary();
    let hash = password::hash(app, &made).await?;
    let mut tx = app.db.begin().await?;
    if !super::store::set_password(tx.connection(), name, &hash).await? {
        return Err(AppError::NotFound);
    }
    store::make_temporary(tx.connection(), name, TEMPORARY_DAYS).await?;
    tokens::revoke_all(&mut tx, name).await?;
    let entry = Entry::done("account.set_password", "account", name);
    finish(tx, &entry, actor).await?;
    Ok(made)
}

fn temporary() -> SecretString {
    // Version and variant of a UUID stand in its bytes 6 and 8, which are left out.
    let chance = || Uuid::new_v4().into_bytes();
    let bytes = [chance(), chance()].into_iter().flat_map(|id| {
        let free = id
            .into_iter()
            .enumerate()
            .filter(|(n, _)| !matches!(n, 6 | 8));
        free.map(|(_, byte)| byte)
    });
    let letter = |byte: u8| {
        ALPHABET
            .get(usize::from(byte % 32))
            .copied()
            .unwrap_or(b'a')
    };
    let text: String = bytes
        .take(TEMPORARY_LENGTH)
        .map(|b| char::from(letter(b)))
        .collect();
    SecretString::from(text)
}

async fn finish(mut tx: Tx, entry: &Entry, actor: &Actor) -> Result<(), AppError> {
    audit::record(&mut tx, entry, &Origin::from(actor)).await?;
    tx.event(TOPIC, None).await?;
    tx.commit().await?;
    Ok(())
}

/// Since when somebody has been out.
#[must_use]
pub fn state(account: &Account) -> (&'static str, Option<Timestamp>) {
    match account.disabled_at {
        Some(at) => ("people-disabled", Some(at)),
        None if account.password_until.is_some() => ("people-invited", None),
        None => ("people-active", account.seen_at),
    }
}

/// The answer to a new password: shown once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = MadePassword)]
pub struct Password {
    pub user: String,
    pub password: Option<String>,
}
