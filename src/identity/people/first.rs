//! The first sign-in with a password that somebody else made: it sets one's own.

use secrecy::{ExposeSecret as _, SecretString};

use super::store;
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::error::AppError;
use crate::identity::{AccountId, check_password, password};

/// Sets the password of somebody who has just shown a temporary one.
///
/// # Errors
/// A password that may not be used, 401 when there is nothing to choose any more.
pub async fn choose_password(
    app: &App,
    id: AccountId,
    chosen: &SecretString,
    origin: &Origin,
) -> Result<(), AppError> {
    check_password(chosen.expose_secret())?;
    let stored = store::temporary_hash(app.db.pool(), id).await?;
    let (name, stored) = stored.ok_or(AppError::Unauthorized)?;
    if password::verify(app, chosen, Some(&stored)).await? {
        return Err(AppError::field("password", "account-password-same"));
    }
    let hash = password::hash(app, chosen).await?;
    let mut tx = app.db.begin().await?;
    if !store::choose(tx.connection(), id, &hash).await? {
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
