//! What a connection of each kind is besides its address and credential.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::FieldError;
use crate::integrations::jenkins::JobName;
use crate::integrations::registry::{BadImageName, Repository};

/// Longer user names are no user names.
const MAX_USER_CHARS: usize = 100;

crate::words! {
    /// An outside system of one sort, with a client of its own.
    pub enum Kind as ConnectionKind {
        Gitlab = "gitlab",
        Jenkins = "jenkins",
        Registry = "registry",
    }
}

/// A connection's settings that are no secret, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Config {
    Gitlab,
    Jenkins(JenkinsConfig),
    Registry(RegistryConfig),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JenkinsConfig {
    /// Whose API token or password the credential is.
    pub user: String,
    /// The folder in which the portal makes its jobs.
    pub folder: JobName,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryConfig {
    /// Whose password or token the credential is; `None` asks without any.
    pub user: Option<String>,
    /// The path before a project's key.
    pub prefix: Repository,
}

impl RegistryConfig {
    /// Where a project's image lies.
    ///
    /// # Errors
    /// A name that no registry can hold.
    pub fn repository(&self, project: &str) -> Result<Repository, BadImageName> {
        Repository::parse(&format!("{}/{project}", self.prefix))
    }
}

/// The same as typed, sent and stored: texts, of which each kind has some.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConnectionSettings)]
pub struct Fields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

impl Config {
    /// Reads what was typed; every wrong field is named.
    ///
    /// # Errors
    /// Fields that are missing, malformed, or not of this kind.
    pub fn parse(kind: Kind, fields: &Fields) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let Fields {
            user,
            folder,
            prefix,
        } = fields;
        let config = match kind {
            Kind::Gitlab => {
                absent(&mut errors, "config.user", user.as_deref());
                absent(&mut errors, "config.folder", folder.as_deref());
                absent(&mut errors, "config.prefix", prefix.as_deref());
                Some(Self::Gitlab)
            }
            Kind::Jenkins => {
                absent(&mut errors, "config.prefix", prefix.as_deref());
                jenkins(&mut errors, user.as_deref(), folder.as_deref())
            }
            Kind::Registry => {
                absent(&mut errors, "config.folder", folder.as_deref());
                registry(&mut errors, user.as_deref(), prefix.as_deref())
            }
        };
        match config {
            Some(config) if errors.is_empty() => Ok(config),
            Some(_) | None => Err(errors),
        }
    }

    /// Reads a row; a kind with another kind's settings is refused.
    pub(super) fn decode(kind: Kind, stored: Value) -> Result<Self, String> {
        let fields: Fields = serde_json::from_value(stored).map_err(|e| e.to_string())?;
        Self::parse(kind, &fields).map_err(|errors| format!("{kind}: {errors:?}"))
    }

    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Gitlab => Kind::Gitlab,
            Self::Jenkins(_) => Kind::Jenkins,
            Self::Registry(_) => Kind::Registry,
        }
    }

    #[must_use]
    pub fn fields(&self) -> Fields {
        match self {
            Self::Gitlab => Fields::default(),
            Self::Jenkins(JenkinsConfig { user, folder }) => Fields {
                user: Some(user.clone()),
                folder: Some(folder.to_string()),
                prefix: None,
            },
            Self::Registry(RegistryConfig { user, prefix }) => Fields {
                user: user.clone(),
                folder: None,
                prefix: Some(prefix.to_string()),
            },
        }
    }

    /// Whether such a connection is of no use without a credential.
    #[must_use]
    pub const fn needs_credential(&self) -> bool {
        match self {
            Self::Gitlab | Self::Jenkins(_) => true,
            Self::Registry(config) => config.user.is_some(),
        }
    }
}

fn jenkins(
    errors: &mut Vec<FieldError>,
    user: Option<&str>,
    folder: Option<&str>,
) -> Option<Config> {
    let user = present(errors, "config.user", user).and_then(|u| user_name(errors, u));
    let folder = present(errors, "config.folder", folder).and_then(|f| {
        let folder = JobName::parse(f).ok();
        note(
            errors,
            folder.is_none(),
            "config.folder",
            "connection-folder-grammar",
        );
        folder
    });
    Some(Config::Jenkins(JenkinsConfig {
        user: user?,
        folder: folder?,
    }))
}

fn registry(
    errors: &mut Vec<FieldError>,
    user: Option<&str>,
    prefix: Option<&str>,
) -> Option<Config> {
    let user = filled(user).map(|u| user_name(errors, u));
    let prefix = present(errors, "config.prefix", prefix).and_then(|p| {
        let prefix = Repository::parse(p).ok();
        note(
            errors,
            prefix.is_none(),
            "config.prefix",
            "connection-prefix-grammar",
        );
        prefix
    });
    Some(Config::Registry(RegistryConfig {
        user: match user {
            Some(user) => Some(user?),
            None => None,
        },
        prefix: prefix?,
    }))
}

/// Basic credentials are `user:secret`, so a user with a colon would be somebody else.
fn user_name(errors: &mut Vec<FieldError>, text: &str) -> Option<String> {
    let lawful =
        text.chars().count() <= MAX_USER_CHARS && !text.chars().any(|c| c == ':' || c.is_control());
    note(errors, !lawful, "config.user", "connection-user-grammar");
    lawful.then(|| text.to_owned())
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|t| !t.is_empty())
}

fn present<'a>(
    errors: &mut Vec<FieldError>,
    field: &str,
    text: Option<&'a str>,
) -> Option<&'a str> {
    let found = filled(text);
    if found.is_none() {
        errors.push(FieldError::new(field, "field-required"));
    }
    found
}

fn absent(errors: &mut Vec<FieldError>, field: &str, text: Option<&str>) {
    if filled(text).is_some() {
        errors.push(FieldError::new(field, "field-unknown"));
    }
}

fn note(errors: &mut Vec<FieldError>, wrong: bool, field: &str, code: &str) {
    if wrong {
        errors.push(FieldError::new(field, code));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_of_one_kind_with_anothers_settings_is_refused() {
        for (kind, config) in [
            (Kind::Gitlab, json!({})),
            (Kind::Jenkins, json!({"user": "portal", "folder": "portal"})),
            (Kind::Registry, json!({"prefix": "apps"})),
            (Kind::Registry, json!({"user": "portal", "prefix": "apps"})),
        ] {
            let read = Config::decode(kind, config.clone()).expect("a right one");
            assert_eq!(serde_json::to_value(read.fields()).expect("JSON"), config);
            assert_eq!(read.kind(), kind);
        }
        for (kind, config) in [
            (Kind::Gitlab, json!({"user": "x"})),
            (Kind::Jenkins, json!({"user": "x"})),
            (Kind::Jenkins, json!({"user": "x", "folder": "../a"})),
            (Kind::Jenkins, json!({"user": "a:b", "folder": "a"})),
            (Kind::Registry, json!({"prefix": "Apps"})),
            (Kind::Registry, json!({"prefix": "apps", "folder": "a"})),
            (Kind::Registry, json!({"prefix": "apps", "color": "red"})),
        ] {
            assert!(Config::decode(kind, config.clone()).is_err(), "{config}");
        }
    }
}
