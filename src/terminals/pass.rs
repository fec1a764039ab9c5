//! The way into one terminal: for one person, once, and for half a minute.
//!
//! Invariant: only a pass's hash is stored; that it was used is a row whose key is the pass, so
//! that of two who come with it one alone gets in.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::fill;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::{TerminalId, store};
use crate::db::{DbError, Tx};
use crate::error::AppError;
use crate::identity::Actor;

/// 256 bits of chance.
const BYTES: usize = 32;
/// The database holds the same limit.
pub const SECONDS: i32 = 30;

/// Somebody who comes back by hand, or by a page that tries again and again, asks for fewer.
const MOST: i64 = 60;
const WITHIN_SECONDS: f64 = 60.0;
const RETRY_AFTER_SECONDS: u64 = 10;

/// Whether this person may ask for one more just now.
///
/// # Errors
/// 429 when they have asked for too many of late, no answer from the database.
pub async fn check_pace(tx: &mut Tx, actor: &Actor) -> Result<(), AppError> {
    let asked = store::count_passes(tx.connection(), actor.id, WITHIN_SECONDS).await?;
    if asked < MOST {
        return Ok(());
    }
    Err(AppError::TooMany {
        retry_after_seconds: RETRY_AFTER_SECONDS,
    })
}

/// Makes one for this person.
///
/// # Errors
/// No database, no chance.
pub async fn make(
    tx: &mut Tx,
    terminal: TerminalId,
    actor: &Actor,
) -> Result<SecretString, AppError> {
    let mut bytes = [0; BYTES];
    fill(&mut bytes).map_err(|_| AppError::Internal("no random bytes".to_owned()))?;
    let pass = SecretString::from(URL_SAFE_NO_PAD.encode(bytes));
    let row = store::NewPass {
        id: Uuid::now_v7(),
        terminal,
        account: actor.id,
        hash: hash(&pass),
        seconds: SECONDS,
    };
    store::insert_pass(tx.connection(), &row).await?;
    Ok(pass)
}

/// Uses one up.
///
/// # Errors
/// 401 for one that is unknown, over, used, of another terminal or of somebody else.
pub async fn redeem(
    tx: &mut Tx,
    terminal: TerminalId,
    actor: &Actor,
    pass: &SecretString,
) -> Result<(), AppError> {
    let found = store::pass(tx.connection(), terminal, actor.id, &hash(pass)).await?;
    let id = found.ok_or(AppError::Unauthorized)?;
    let used = store::insert_visit(tx.connection(), id, actor.address).await;
    used.map_err(|error: DbError| match error.constraint() {
        Some("terminal_visit_once") => AppError::Unauthorized,
        Some(_) | None => error.into(),
    })
}

fn hash(pass: &SecretString) -> Vec<u8> {
    digest(&SHA256, pass.expose_secret().as_bytes())
        .as_ref()
        .to_vec()
}
