//! What a person wants to be told by mail: of their own projects, outside of quiet hours.

pub mod quiet;
mod store;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::draft::is_address;
use super::store::insert_lane;
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::{DbError, Tx};
use crate::error::{AppError, FieldError};
use crate::identity::{self, Actor};
use crate::news::{Happening, News};
use crate::web::text::Locale;
use quiet::Quiet;

/// What one person wants. `GET|PUT /api/v1/me/notices`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wishes {
    pub address: String,
    #[serde(default)]
    pub events: Vec<Happening>,
    /// `HH:MM`; both or neither.
    #[serde(default)]
    pub quiet_from: Option<String>,
    #[serde(default)]
    pub quiet_to: Option<String>,
    pub time_zone: String,
    #[serde(default)]
    pub breaks_through: bool,
}

/// Somebody who is to be told.
pub struct Reader {
    pub lane: Uuid,
    pub quiet: Option<(Time, Time)>,
    pub time_zone: String,
    pub breaks_through: bool,
}

impl Reader {
    fn due(&self, news: &News, soon: Timestamp) -> Timestamp {
        let Some((from, to)) = self.quiet else {
            return soon;
        };
        if news.urgent && self.breaks_through {
            return soon;
        }
        let zone = TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC);
        Quiet { from, to, zone }.due(soon)
    }
}

/// The ways to those who want to be told, and when.
///
/// # Errors
/// No database.
pub async fn for_news(
    tx: &mut Tx,
    news: &News,
    soon: Timestamp,
) -> Result<Vec<(Uuid, Timestamp)>, DbError> {
    let all = news.happening.is_everybodys();
    let readers = store::readers(tx.connection(), news, all).await?;
    let due = readers.iter().map(|r| (r.lane, r.due(news, soon)));
    Ok(due.collect())
}

/// Asks once more, right before something is told, whether its reader may still know of it: it
/// may have waited a whole night.
///
/// # Errors
/// No database.
pub async fn drop_unseen(tx: &mut Tx, lane: Uuid) -> Result<(), DbError> {
    let all = Happening::ALL.iter().filter(|h| h.is_everybodys());
    let everybodys: Vec<String> = all.map(ToString::to_string).collect();
    store::drop_unseen(tx.connection(), lane, &everybodys).await
}

/// # Errors
/// No database.
pub async fn by_lane(app: &App, lane: Uuid) -> Result<Option<(String, Locale)>, DbError> {
    let found = store::address(app.db.pool(), lane).await?;
    Ok(found.map(|(address, locale)| (address, locale.unwrap_or(Locale::En))))
}

/// # Errors
/// No database.
pub async fn mine(app: &App, actor: &Actor) -> Result<Option<(Uuid, Wishes)>, DbError> {
    store::find(app.db.pool(), actor.id).await
}

/// Stores what somebody wants. Another address asks for the password: mail that goes elsewhere
/// would otherwise be one borrowed session away.
///
/// # Errors
/// 400 naming fields, also for a wrong password; 403 for a program.
pub async fn put(
    app: &App,
    actor: &Actor,
    wishes: &Wishes,
    password: Option<&SecretString>,
) -> Result<(), AppError> {
    actor.must_be_signed_in()?;
    let (wishes, quiet) = check(wishes)?;
    let before = mine(app, actor).await?;
    let known = before.as_ref().map(|(_, w)| w.address.as_str());
    if known != Some(&wishes.address) {
        let password = password.ok_or_else(|| AppError::field("current", "field-required"))?;
        identity::check_own_password(app, actor, password).await?;
    }
    let mut tx = app.db.begin().await?;
    let lane = match &before {
        Some((lane, _)) => *lane,
        None => {
            let lane = Uuid::now_v7();
            insert_lane(tx.connection(), lane).await?;
            lane
        }
    };
    store::put(tx.connection(), actor.id, lane, &wishes, quiet).await?;
    let entry = Entry::done("notice.wishes", "account", &actor.name);
    let entry = match before {
        Some((_, before)) => entry.before(json!(before)),
        None => entry,
    };
    audit::record(&mut tx, &entry.after(json!(wishes)), &Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(())
}

type Hours = Option<(Time, Time)>;

fn check(wishes: &Wishes) -> Result<(Wishes, Hours), AppError> {
    let mut wrong = Vec::new();
    let mut wishes = wishes.clone();
    wishes.address = wishes.address.trim().to_owned();
    wishes.time_zone = wishes.time_zone.trim().to_owned();
    wishes.events.sort_unstable();
    wishes.events.dedup();
    if !is_address(Some(&wishes.address)) {
        wrong.push(FieldError::new("address", "mail-address-grammar"));
    }
    if TimeZone::get(&wishes.time_zone).is_err() {
        wrong.push(FieldError::new("time_zone", "time-zone-unknown"));
    }
    let mut time = |field: &str, text: &mut Option<String>| {
        let typed = text.take()?;
        let typed = typed.trim().to_owned();
        if typed.is_empty() {
            return None;
        }
        let read = Time::strptime("%H:%M", &typed).ok();
        if read.is_none() {
            wrong.push(FieldError::new(field, "time-of-day-grammar"));
        }
        *text = Some(typed);
        read
    };
    let from = time("quiet_from", &mut wishes.quiet_from);
    let to = time("quiet_to", &mut wishes.quiet_to);
    match (&wishes.quiet_from, &wishes.quiet_to) {
        (Some(_), None) => wrong.push(FieldError::new("quiet_to", "field-required")),
        (None, Some(_)) => wrong.push(FieldError::new("quiet_from", "field-required")),
        (Some(_), Some(_)) | (None, None) => {}
    }
    match wrong.is_empty() {
        true => Ok((wishes, from.zip(to))),
        false => Err(AppError::Invalid(wrong)),
    }
}
