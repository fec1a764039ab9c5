//! Tokens: how a program comes in, for a person or for a project.
//!
//! Invariant: the token itself is shown once and stored nowhere; it can never do more than its
//! account, and never decides on a request.

pub mod api;
mod store;

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::fill;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{AccountId, Actor, ProjectId, ProjectRole, TokenScope};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::{DbError, Tx};
use crate::error::{AppError, FieldError};

crate::id! { TokenId }

/// What a token begins with, so that scanners for leaked secrets know one.
pub const PREFIX: &str = "slw_";
const RANDOM_BYTES: usize = 32;
/// The database holds the same limit.
const MAX_DAYS: u16 = 365;
/// More than this in use at once is a leak of tokens, not a need.
const MAX_LIVE: i64 = 50;

/// What is asked for.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    pub name: String,
    pub scopes: Vec<TokenScope>,
    /// Days until it expires: 1 to 365.
    pub days: u16,
}

/// A token as its owner sees it again.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Token {
    pub id: TokenId,
    pub name: String,
    /// The last four characters.
    pub hint: String,
    pub scopes: Vec<TokenScope>,
    /// The account that it acts as.
    pub user: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

impl NewToken {
    fn check(&self) -> Result<(), AppError> {
        let mut errors = Vec::new();
        if !(1..=80).contains(&self.name.trim().chars().count()) {
            errors.push(FieldError::new("name", "token-name-size"));
        }
        if self.scopes.is_empty() {
            errors.push(FieldError::new("scopes", "token-scopes-none"));
        }
        if !(1..=MAX_DAYS).contains(&self.days) {
            let mut error = FieldError::new("days", "token-days-range");
            error.words = error.words.with("max", MAX_DAYS);
            errors.push(error);
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(AppError::Invalid(errors))
        }
    }
}

/// A person's own tokens that still work, newest first.
///
/// # Errors
/// No answer from the database.
pub async fn mine(app: &App, actor: &Actor) -> Result<Vec<Token>, AppError> {
    Ok(store::of_account(app.db.pool(), actor.id).await?)
}

/// The tokens of a project's own accounts that still work, newest first.
///
/// # Errors
/// No answer from the database.
pub async fn of_project(app: &App, project: ProjectId) -> Result<Vec<Token>, AppError> {
    Ok(store::of_project(app.db.pool(), project).await?)
}

/// A token of one's own; the secret is in this answer and nowhere else.
///
/// # Errors
/// 400 naming fields, 403 over a token, 409 beyond the limit.
pub async fn create(
    app: &App,
    actor: &Actor,
    new: &NewToken,
) -> Result<(TokenId, SecretString), AppError> {
    actor.must_be_signed_in()?;
    new.check()?;
    let mut tx = app.db.begin().await?;
    let made = issue(&mut tx, actor, actor.id, new).await?;
    let entry = Entry::done("token.create", "token", made.0)
        .after(json!({ "name": new.name, "scopes": new.scopes, "days": new.days }));
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(made)
}

/// A token of a project: an account of its own with one role there, which ends with the token.
/// The caller has checked that the actor may.
///
/// # Errors
/// As [`create`].
pub async fn create_for_project(
    app: &App,
    actor: &Actor,
    (project, key): (ProjectId, &str),
    role: ProjectRole,
    new: &NewToken,
) -> Result<(TokenId, SecretString), AppError> {
    actor.must_be_signed_in()?;
    new.check()?;
    let mut tx = app.db.begin().await?;
    let account = AccountId::new();
    let suffix = hex::encode(random::<3>()?);
    let bot = store::Bot {
        id: account,
        name: format!("{key}-bot-{suffix}"),
        display_name: new.name.trim(),
        project,
        responsible: actor.id,
        role,
        days: i32::from(new.days),
    };
    store::insert_bot(tx.connection(), &bot).await?;
    let made = issue(&mut tx, actor, account, new).await?;
    let entry = Entry::done("token.create", "token", made.0)
        .in_project(project)
        .after(
            json!({ "name": new.name, "scopes": new.scopes, "days": new.days,
            "user": bot.name, "role": role }),
        );
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(made)
}

async fn issue(
    tx: &mut Tx,
    author: &Actor,
    account: AccountId,
    new: &NewToken,
) -> Result<(TokenId, SecretString), AppError> {
    if store::count_live(tx.connection(), account).await? >= MAX_LIVE {
        return Err(AppError::conflict("token-too-many"));
    }
    let text = format!(
        "{PREFIX}{}",
        URL_SAFE_NO_PAD.encode(random::<RANDOM_BYTES>()?)
    );
    let id = TokenId::new();
    let row = store::New {
        id,
        account,
        author: author.id,
        name: new.name.trim(),
        hash: hash(&text),
        hint: &text[text.len() - 4..],
        scopes: &new.scopes,
        days: i32::from(new.days),
    };
    store::insert(tx.connection(), &row).await?;
    Ok((id, SecretString::from(text)))
}

/// Ends one's own token at once.
///
/// # Errors
/// 404 for a token that is somebody else's or ended.
pub async fn revoke(app: &App, actor: &Actor, id: TokenId) -> Result<(), AppError> {
    actor.must_be_signed_in()?;
    let mut tx = app.db.begin().await?;
    if !store::revoke(tx.connection(), id, actor.id).await? {
        return Err(AppError::NotFound);
    }
    let entry = Entry::done("token.delete", "token", id);
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends a project's token and its account. The caller has checked that the actor may.
///
/// # Errors
/// 404 for a token of another project.
pub async fn revoke_of_project(
    app: &App,
    actor: &Actor,
    project: ProjectId,
    id: TokenId,
) -> Result<(), AppError> {
    actor.must_be_signed_in()?;
    let mut tx = app.db.begin().await?;
    if !store::revoke_of_project(tx.connection(), id, project).await? {
        return Err(AppError::NotFound);
    }
    let entry = Entry::done("token.delete", "token", id).in_project(project);
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends all tokens of somebody whose password was made anew, in that transaction.
/// Ends everything that a project's programs hold, and disables them.
///
/// # Errors
/// No answer from the database.
pub async fn revoke_all_of_project(tx: &mut Tx, project: ProjectId) -> Result<(), DbError> {
    store::revoke_all_of_project(tx.connection(), project).await
}

pub(super) async fn revoke_all(tx: &mut Tx, name: &str) -> Result<(), DbError> {
    store::revoke_all(tx.connection(), name).await
}

/// Those of the tokens that still work.
pub(super) async fn working(app: &App, ids: &[Uuid]) -> Result<Vec<Uuid>, DbError> {
    store::working(app.db.pool(), ids).await
}

/// Who comes with a token, narrowed to its scopes. Its use is noted at most once a minute.
///
/// # Errors
/// 401 for a token that is unknown, revoked or expired.
pub async fn authenticate(
    app: &App,
    text: &SecretString,
    address: Option<IpAddr>,
    operation: Uuid,
) -> Result<Actor, AppError> {
    let text = text.expose_secret();
    if !text.starts_with(PREFIX) {
        return Err(AppError::Unauthorized);
    }
    let found = store::find(app.db.pool(), &hash(text)).await?;
    let found = found.ok_or(AppError::Unauthorized)?;
    if found.touch {
        store::touch(app.db.pool(), found.id).await?;
    }
    let actor = super::load_actor(app, found.account, address, operation).await?;
    let actor = actor.ok_or(AppError::Unauthorized)?;
    Ok(Actor {
        token: Some((found.id, found.scopes)),
        ..actor
    })
}

fn random<const N: usize>() -> Result<[u8; N], AppError> {
    let mut bytes = [0; N];
    fill(&mut bytes).map_err(|_| AppError::Internal("no random bytes".to_owned()))?;
    Ok(bytes)
}

/// 256 random bits need no salt and no slow hash.
fn hash(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}
