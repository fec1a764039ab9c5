//! Where images are pushed to and what they are pulled with.

use secrecy::SecretString;

use super::clients::secret;
use super::{ConnectionError, ConnectionId, find, registry};
use crate::app::App;

/// A registry's host and port, as an image's name begins with them.
///
/// # Errors
/// No registry with this id, no database.
pub async fn push_host(app: &App, id: ConnectionId) -> Result<String, ConnectionError> {
    let connection = find(app, id).await?.ok_or(ConnectionError::NotFound)?;
    let host = connection.url.host_str().ok_or(ConnectionError::NotFound)?;
    Ok(match connection.url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// The account that pulls from a registry; `None` where it asks for none.
///
/// # Errors
/// No registry with this id, a credential that cannot be read, no database.
pub async fn registry_account(
    app: &App,
    id: ConnectionId,
) -> Result<Option<(String, SecretString)>, ConnectionError> {
    let (_, config) = registry(app, id).await?;
    let secret = secret(app, id).await?;
    Ok(config.user.zip(secret))
}
