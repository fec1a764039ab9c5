//! Password hashes: argon2id with the library's parameters (19 MiB, 2 passes), as PHC strings.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use secrecy::{ExposeSecret, SecretString};

use crate::app::App;
use crate::error::AppError;

/// A hash that nobody's password has; checked when there is no account, to take the same time.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let hash = Argon2::default().hash_password(uuid::Uuid::new_v4().as_bytes());
    hash.map(|h| h.to_string()).unwrap_or_default()
});

/// # Errors
/// The hasher's failure, which is ours.
pub async fn hash(app: &App, password: &SecretString) -> Result<String, AppError> {
    let password = password.clone();
    let hash = on_a_thread(app, move || {
        Argon2::default()
            .hash_password(password.expose_secret().as_bytes())
            .map(|hash| hash.to_string())
    });
    hash.await?
        .map_err(|e| AppError::Internal(format!("cannot hash a password: {e}")))
}

/// Whether the password belongs to the hash.
///
/// # Errors
/// A stored hash that cannot be read.
pub async fn verify(
    app: &App,
    password: &SecretString,
    stored: Option<&str>,
) -> Result<bool, AppError> {
    let password = password.clone();
    let known = stored.is_some();
    let stored = stored.map(str::to_owned);
    let matches = on_a_thread(app, move || {
        let stored = stored.as_ref().unwrap_or_else(|| &NOBODY);
        let parsed = PasswordHash::new(stored).map_err(|e| e.to_string())?;
        let bytes = password.expose_secret().as_bytes();
        Ok::<bool, String>(Argon2::default().verify_password(bytes, &parsed).is_ok())
    });
    let matches = matches.await?;
    let matches = matches.map_err(|e| AppError::Internal(format!("unreadable hash: {e}")))?;
    Ok(known && matches)
}

async fn on_a_thread<T: Send + 'static>(
    app: &App,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, AppError> {
    let lost = |e: &dyn std::fmt::Display| AppError::Internal(format!("hashing: {e}"));
    let _place = app.hashing.acquire().await.map_err(|e| lost(&e))?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| lost(&e))
}
