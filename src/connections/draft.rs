//! From what an administrator typed to a connection that may be stored.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{Config, Connection, Credential, Fields, Kind, address};
use crate::error::{AppError, FieldError};

/// Real tokens have some dozens of bytes.
const MAX_CREDENTIAL_BYTES: usize = 4096;
/// `/connections/new` is the form, so no connection may be called that.
const RESERVED_KEYS: &[&str] = &["new"];
const MAX_KEY_BYTES: usize = 39;

/// A connection as typed into the form or sent to the API.
#[derive(Debug, Clone)]
pub struct Draft {
    pub key: String,
    pub kind: Kind,
    pub url: String,
    pub config: Fields,
    /// Empty or absent keeps the one that is stored.
    pub credential: Option<SecretString>,
}

/// The same, with every field lawful.
pub(super) struct Checked {
    pub key: String,
    pub url: Url,
    pub config: Config,
    credential: Option<SecretString>,
}

/// What becomes of the stored credential.
pub(super) enum CredentialChange {
    Keep,
    Set(SecretString),
    Clear,
}

impl Draft {
    pub(super) fn check(&self) -> Result<Checked, AppError> {
        let mut errors = Vec::new();
        check_key(&mut errors, "key", &self.key);
        let url = address::parse(&self.url)
            .map_err(|code| errors.push(FieldError::new("url", code)))
            .ok();
        let config = Config::parse(self.kind, &self.config)
            .map_err(|wrong| errors.extend(wrong))
            .ok();
        let credential = self.credential.as_ref().map(ExposeSecret::expose_secret);
        let credential = credential.map(str::trim).filter(|c| !c.is_empty());
        if credential.is_some_and(|c| !is_credential(c)) {
            errors.push(FieldError::new(
                "credential",
                "connection-credential-grammar",
            ));
        }
        match (url, config) {
            (Some(url), Some(config)) if errors.is_empty() => Ok(Checked {
                key: self.key.trim().to_owned(),
                url,
                config,
                credential: credential.map(SecretString::from),
            }),
            _ => Err(AppError::Invalid(errors)),
        }
    }
}

impl Checked {
    /// For a connection that does not exist yet.
    pub fn first_credential(&self) -> Result<CredentialChange, AppError> {
        match (&self.credential, self.config.needs_credential()) {
            (Some(credential), true) => Ok(CredentialChange::Set(credential.clone())),
            (None, false) => Ok(CredentialChange::Clear),
            (None, true) => Err(AppError::field("credential", "field-required")),
            (Some(_), false) => Err(AppError::field("config.user", "field-required")),
        }
    }

    /// A stored credential is kept only for the machine that it was given for: otherwise whoever
    /// may change the address could have it sent to themselves, though it is never shown.
    pub fn next_credential(&self, before: &Connection) -> Result<CredentialChange, AppError> {
        let kept = match before.credential {
            Credential::Set { .. } => self.credential.is_none() && self.config.needs_credential(),
            Credential::Unset => false,
        };
        if !kept {
            return self.first_credential();
        }
        if self.url.origin() == before.url.origin() {
            Ok(CredentialChange::Keep)
        } else {
            Err(AppError::field("credential", "connection-credential-again"))
        }
    }
}

/// Checks a key that will stand in addresses, and names the field if it is wrong.
pub fn check_key(errors: &mut Vec<FieldError>, field: &str, key: &str) {
    let key = key.trim();
    if key.is_empty() {
        errors.push(FieldError::new(field, "field-required"));
    } else if !is_key(key) {
        errors.push(FieldError::new(field, "key-grammar"));
    } else if RESERVED_KEYS.contains(&key) {
        errors.push(FieldError::new(field, "key-reserved"));
    }
}

fn is_key(key: &str) -> bool {
    let lawful = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    key.len() <= MAX_KEY_BYTES
        && key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.bytes().all(lawful)
}

/// What no header can carry would fail at the first call; it is better said here.
fn is_credential(text: &str) -> bool {
    text.len() <= MAX_CREDENTIAL_BYTES && text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
}
