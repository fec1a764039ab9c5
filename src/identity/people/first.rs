//! The first sign-in with a password that somebody else made: it sets one's own.

use aws_lc_rs::digest::{SHA256, digest};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::store;
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::error::AppError;
use crate::identity::{AccountId, check_password, password};

/// Which temporary password somebody has shown: one that was made since is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Temporary {
    pub account: AccountId,
    mark: String,
}

impl Temporary {
    #[must_use]
    pub fn of(account: AccountId, hash: Option<&str>) -> Self {
        let bytes = hash.unwrap_or_default().as_bytes();
        Self {
            account,
            mark: hex::encode(digest(&SHA256, bytes)),
        }
    }
}

/// Sets the password of somebody who has just shown a temporary one.
///
/// # Errors
/// A password that may not be used, 401 when there is nothing to choose any more.
pub async fn choose_password(
    app: &App,
    shown: &Temporary,
    chosen: &SecretString,
    origin: &Origin,
) -> Result<(), AppError> {
    check_password(chosen.expose_secret())?;
    let id = shown.account;
    let stored = store::temporary_hash(app.db.pool(), id).await?;
    let (name, stored) = stored.ok_or(AppError::Unauthorized)?;
    if Temporary::of(id, Some(&stored)) != *shown {
        return Err(AppError::Unauthorized);
    }
    if password::verify(app, chosen, Some(&stored)).await? {
        return Err(AppError::field("password", "account-password-same"));
    }
    let hash = password::hash(app, chosen).await?;
    let mut tx = app.db.begin().await?;
    if !store::choose(tx.connection(), id, &stored, &hash).await? {
        return Err(AppError::Unauthorized);
    }
    let origin = Origin {
        account: Some((id, name.clone())),
        ..origin.clone()
    };
    let entry = Entry::done("account.choose_password", "account", &name);
    audit::record(&mut tx, &entry, &origin).await?;
    tx.commit().await?;
    Ok(())
}
