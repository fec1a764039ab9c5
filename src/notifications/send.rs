//! Handing one message to one receiver, and what came of it in words.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::channel::{Channel, ChannelId, Kind, Sealed, Security};
use super::message::{Message, Told};
use super::people;
use super::store::{self, Which};
use crate::app::App;
use crate::db::DbError;
use crate::error::Words;
use crate::integrations::CallError;
use crate::integrations::chat::{ChatError, Refusal, Robot, Vendor};
use crate::integrations::http::{Http, Limits};
use crate::integrations::mail::{Mail, Server};
use crate::integrations::webhook::Webhook;
use crate::secrets::Place;
use crate::web::text::Locale;

/// Mail and webhooks have no limit worth the name; people read no more than this.
const MAX_TEXT_BYTES: usize = 60_000;

/// Who is told, and how.
pub enum Target {
    Channel(Box<Channel>),
    /// Somebody's own mail, through operations' server.
    Person {
        server: Box<Channel>,
        address: String,
        locale: Locale,
    },
    /// The way is gone, or has no server any more.
    Nowhere,
}

/// Why a message did not leave, and whether the same again later may do.
#[derive(Debug)]
pub struct NotSent {
    pub words: Words,
    /// `None` gives up; otherwise not before this.
    pub again: Option<Duration>,
}

impl NotSent {
    fn never(words: Words) -> Self {
        Self { words, again: None }
    }

    fn later(words: Words, after: Option<Duration>) -> Self {
        let again = Some(after.unwrap_or_default());
        Self { words, again }
    }
}

impl Target {
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Channel(channel) => channel.kind,
            Self::Person { .. } | Self::Nowhere => Kind::Mail,
        }
    }
}

/// # Errors
/// No answer from the database.
pub async fn target(app: &App, lane: Uuid) -> Result<Target, DbError> {
    if let Some(channel) = by_id(app, ChannelId(lane)).await? {
        return Ok(Target::Channel(Box::new(channel)));
    }
    let person = people::by_lane(app, lane).await?;
    let server = match store::for_people(app.db.pool()).await? {
        Some(id) => by_id(app, id).await?,
        None => None,
    };
    Ok(match (person, server) {
        (Some((address, locale)), Some(server)) => Target::Person {
            server: Box::new(server),
            address,
            locale,
        },
        (None, _) | (_, None) => Target::Nowhere,
    })
}

async fn by_id(app: &App, id: ChannelId) -> Result<Option<Channel>, DbError> {
    let which = Which {
        id: Some(id),
        anybodys: true,
        ..Which::default()
    };
    Ok(store::select(app.db.pool(), which).await?.pop())
}

/// # Errors
/// Why it did not leave.
pub async fn send(app: &App, to: &Target, id: Uuid, told: &[Told]) -> Result<(), NotSent> {
    let (channel, locale) = match to {
        Target::Channel(channel) => (channel, channel.locale),
        Target::Person { server, locale, .. } => (server, *locale),
        Target::Nowhere => return Err(NotSent::never(Words::new("notice-error-nowhere"))),
    };
    let message = Message {
        id,
        told,
        locale,
        public_url: &app.settings.public_url,
    };
    let sealed = open(app, channel).await?;
    let sent = match (channel.kind, channel.kind.robot()) {
        (_, Some(vendor)) => robot(vendor, sealed.clone(), &message).await,
        (Kind::Webhook, None) => webhook(sealed.clone(), &message).await,
        (_, None) => {
            let address = match to {
                Target::Person { address, .. } => Some(address.clone()),
                Target::Channel(_) | Target::Nowhere => channel.config.to.clone(),
            };
            mail(channel, address, sealed.clone(), &message).await
        }
    };
    sent.map_err(|error| without(error, &sealed))
}

/// Takes out of a refusal what must not be seen, in case the other side repeated it.
fn without(error: NotSent, sealed: &Sealed) -> NotSent {
    let mut hidden: Vec<String> = sealed.secret.iter().cloned().collect();
    if let Some(url) = sealed.address() {
        hidden.push(url.to_string());
        hidden.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
        hidden.extend(url.path().rsplit('/').next().map(str::to_owned));
    }
    let mut words = error.words;
    for (_, value) in &mut words.args {
        for secret in hidden.iter().filter(|h| h.len() >= 4) {
            *value = value.replace(secret.as_str(), "…");
        }
    }
    NotSent { words, ..error }
}

/// What is sealed, opened for one call.
async fn open(app: &App, channel: &Channel) -> Result<Sealed, NotSent> {
    let lost = || NotSent::never(Words::new("test-secret-lost"));
    let stored = store::secret(app.db.pool(), channel.id).await;
    let stored = stored.map_err(|_| NotSent::later(Words::new("error-database-away"), None))?;
    let Some(stored) = stored else {
        return Ok(Sealed::default());
    };
    let keys = &app.settings.keys;
    let text = keys.open(place(channel.id), &stored).map_err(|_| lost())?;
    serde_json::from_str(text.expose_secret()).map_err(|_| lost())
}

pub(super) const fn place(id: ChannelId) -> Place<'static> {
    Place {
        table: "notice_channel",
        column: "secret",
        row: id.0,
    }
}

/// A client for one call: the pace is kept by the way itself.
fn http() -> Result<Http, NotSent> {
    Http::new(Limits {
        body_max_bytes: 64 * 1024,
        ..Limits::default()
    })
    .map_err(call)
}

async fn robot(vendor: Vendor, sealed: Sealed, message: &Message<'_>) -> Result<(), NotSent> {
    let url = sealed.address().ok_or_else(nowhere)?;
    let robot = Robot::new(vendor, url, sealed.secret.map(SecretString::from));
    let text = message.text(vendor.max_bytes());
    let sent = robot.send(&http()?, &text, crate::clock::now()).await;
    sent.map_err(|error| match error {
        ChatError::Call(error) => call(error),
        ChatError::Said(said) => {
            let words = Words::new(robot_code(said.refusal))
                .with("code", said.code)
                .with("said", &said.text);
            match said.refusal {
                Refusal::TooFast => NotSent::later(words, Some(vendor.block())),
                Refusal::Away => NotSent::later(words, None),
                Refusal::Signature
                | Refusal::Keyword
                | Refusal::Address
                | Refusal::Token
                | Refusal::Malformed
                | Refusal::Unknown => NotSent::never(words),
            }
        }
    })
}

const fn robot_code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Signature => "notice-error-signature",
        Refusal::Keyword => "notice-error-keyword",
        Refusal::Address => "notice-error-address",
        Refusal::Token => "notice-error-token",
        Refusal::TooFast => "notice-error-too-fast",
        Refusal::Away => "notice-error-robot-away",
        Refusal::Malformed | Refusal::Unknown => "notice-error-robot",
    }
}

async fn webhook(sealed: Sealed, message: &Message<'_>) -> Result<(), NotSent> {
    let (Some(url), Some(secret)) = (sealed.address(), sealed.secret) else {
        return Err(nowhere());
    };
    let hook = Webhook {
        url,
        secret: SecretString::from(secret),
    };
    let (id, body) = (message.id.to_string(), message.json().to_string());
    let sent = hook.post(&http()?, &id, body, crate::clock::now()).await;
    sent.map_err(call)
}

async fn mail(
    server: &Channel,
    to: Option<String>,
    sealed: Sealed,
    message: &Message<'_>,
) -> Result<(), NotSent> {
    let config = &server.config;
    let (Some(host), Some(sender), Some(to)) = (&config.server, &config.sender, to) else {
        return Err(nowhere());
    };
    let password = sealed.secret.map(SecretString::from);
    let smtp = Server {
        host: host.clone(),
        port: config.port.unwrap_or(25),
        security: config.security.unwrap_or(Security::StartTls).into(),
        login: config.user.clone().zip(password),
    };
    let mail = Mail {
        id: message.id.to_string(),
        sender: sender.clone(),
        to,
        subject: message.subject(),
        text: message.text(MAX_TEXT_BYTES),
    };
    smtp.send(&mail, crate::clock::now()).await.map_err(call)
}

fn nowhere() -> NotSent {
    NotSent::never(Words::new("notice-error-nowhere"))
}

/// A call that failed, in words with the other side's own text.
fn call(error: CallError) -> NotSent {
    let words = |code: &str, said: &str| Words::new(code).with("said", said);
    match &error {
        CallError::Unavailable {
            detail,
            retry_after,
        } => NotSent::later(words("notice-error-away", detail), *retry_after),
        CallError::Denied { detail } => NotSent::never(words("notice-error-denied", detail)),
        CallError::NotFound { detail }
        | CallError::Conflict { detail }
        | CallError::Refused { detail } => NotSent::never(words("notice-error-refused", detail)),
        CallError::Unexpected { detail } => {
            NotSent::never(words("notice-error-unexpected", detail))
        }
    }
}
