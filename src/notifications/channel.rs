//! A channel: what it is, and what is known of how it does.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::cron::Cron;
use crate::error::Words;
use crate::identity::ProjectId;
use crate::integrations::{chat, mail};
use crate::news::Happening;
use crate::web::text::Locale;

crate::id! { ChannelId }

crate::words! {
    /// A way of telling, of one sort.
    pub enum Kind as ChannelKind {
        Mail = "mail",
        Webhook = "webhook",
        Dingtalk = "dingtalk",
        Wecom = "wecom",
        Feishu = "feishu",
    }

    /// How the way to a mail server is guarded.
    pub enum Security { StartTls = "starttls", Tls = "tls", None = "none" }
}

impl Kind {
    /// Whose robot it is, if it is one.
    #[must_use]
    pub const fn robot(self) -> Option<chat::Vendor> {
        match self {
            Self::Dingtalk => Some(chat::Vendor::DingTalk),
            Self::Wecom => Some(chat::Vendor::WeCom),
            Self::Feishu => Some(chat::Vendor::Feishu),
            Self::Mail | Self::Webhook => None,
        }
    }

    /// What a project may add for itself.
    #[must_use]
    pub const fn is_for_projects(self) -> bool {
        self.robot().is_some()
    }
}

impl From<Security> for mail::Security {
    fn from(security: Security) -> Self {
        match security {
            Security::StartTls => Self::StartTls,
            Security::Tls => Self::Tls,
            Security::None => Self::None,
        }
    }
}

/// What of a channel is no secret: mail has all but `host`, the others have `host` alone, which
/// is what may be shown of an address that is a credential.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Whether people's own mail goes through this server.
    #[serde(default, skip_serializing_if = "is_false")]
    pub for_people: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// What is sealed: an address that is a credential, a secret that signs, a password.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Sealed {
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub secret: Option<String>,
}

impl Sealed {
    #[must_use]
    pub fn address(&self) -> Option<Url> {
        self.url.as_deref()?.parse().ok()
    }
}

#[derive(Debug, Clone)]
pub struct Channel {
    pub id: ChannelId,
    pub key: String,
    pub kind: Kind,
    /// Whose own it is; nobody's own is operations'.
    pub project: Option<ProjectId>,
    pub locale: Locale,
    pub events: Vec<Happening>,
    /// Ids and keys; none means all of them and the platform's matters besides.
    pub projects: Vec<(Uuid, String)>,
    pub config: Config,
    /// 0 where nothing secret is known.
    pub secret_version: i32,
    pub secret_changed_at: Timestamp,
    pub digest: Option<String>,
    pub time_zone: String,
    pub health: Health,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// How a way does.
#[derive(Debug, Clone, Default)]
pub struct Health {
    pub succeeded_at: Option<Timestamp>,
    pub failed_at: Option<Timestamp>,
    pub last_error: Option<Words>,
    /// Failures in a row.
    pub failures: i32,
    pub next_at: Option<Timestamp>,
    pub waiting: i64,
    pub given_up: i64,
    pub tested: Option<Tested>,
}

/// What a press of the test button came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    pub ok: bool,
    pub words: Words,
    pub at: Timestamp,
}

impl Channel {
    #[must_use]
    pub fn cron(&self) -> Option<Cron> {
        Cron::parse(self.digest.as_deref()?, &self.time_zone)
    }

    /// Where it leads, as far as that may be shown.
    #[must_use]
    pub fn leads_to(&self) -> &str {
        let shown = self.config.to.as_deref().or(self.config.host.as_deref());
        shown.unwrap_or_default()
    }

    /// The project keys that it is for, one after the other.
    #[must_use]
    pub fn project_keys(&self) -> Vec<String> {
        self.projects.iter().map(|(_, key)| key.clone()).collect()
    }
}
