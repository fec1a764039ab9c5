//! Who decides in somebody's place while they are away.
//!
//! Invariant: a delegation ends by itself, and hands on nothing but deciding on requests. A deputy
//! decides for the absent person, never more than they could, and it is on record for whom.

pub mod api;
mod store;
pub mod web;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{Actor, Person};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::DbError;
use crate::error::{AppError, FieldError};

crate::id! { DelegationId }

/// A longer absence is a change of people.
pub const MAX_DAYS: i64 = 90;

/// One absence and who stands in.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Delegation {
    pub id: DelegationId,
    /// Who is away.
    pub person: Person,
    pub deputy: Person,
    pub begins_at: Timestamp,
    pub ends_at: Timestamp,
}

/// An absence as it is told.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDelegation)]
pub struct Leaving {
    /// User id of who decides meanwhile.
    pub deputy: String,
    /// Now if left out.
    #[serde(default)]
    pub begins_at: Option<Timestamp>,
    pub ends_at: Timestamp,
}

/// What is planned or runs: of this person, and by others in this person's favour.
///
/// # Errors
/// No answer from the database.
pub async fn mine(app: &App, actor: &Actor) -> Result<Vec<Delegation>, DbError> {
    store::select(app.db.pool(), actor.id).await
}

/// The people that this person stands in for now, with their rights.
///
/// # Errors
/// No answer from the database.
pub async fn absent(app: &App, actor: &Actor) -> Result<Vec<Actor>, AppError> {
    let mut people = Vec::new();
    for id in &actor.stands_for {
        people.extend(super::load_actor(app, *id, None, Uuid::nil()).await?);
    }
    Ok(people)
}

/// Lets somebody decide in one's place for a while.
///
/// # Errors
/// 400 for nobody of this name, oneself, or times that make no sense; 403 for programs.
pub async fn begin(app: &App, actor: &Actor, leaving: &Leaving) -> Result<DelegationId, AppError> {
    actor.must_be_signed_in()?;
    let begins_at = leaving.begins_at.unwrap_or_else(crate::clock::now);
    check(actor, leaving, begins_at)?;
    let id = DelegationId::new();
    let mut tx = app.db.begin().await?;
    let deputy = leaving.deputy.trim();
    let new = store::New {
        id,
        account: actor.id,
        deputy,
        begins_at,
        ends_at: leaving.ends_at,
    };
    if !store::insert(tx.connection(), &new).await? {
        return Err(AppError::field("deputy", "people-unknown"));
    }
    let entry = Entry::done("delegation.begin", "account", deputy)
        .after(json!({ "begins_at": begins_at, "ends_at": leaving.ends_at }));
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(id)
}

fn check(actor: &Actor, leaving: &Leaving, begins_at: Timestamp) -> Result<(), AppError> {
    let deputy = leaving.deputy.trim();
    let mut errors = Vec::new();
    if deputy.is_empty() {
        errors.push(FieldError::new("deputy", "field-required"));
    } else if deputy == actor.name {
        errors.push(FieldError::new("deputy", "delegation-oneself"));
    }
    let longest = begins_at + jiff::SignedDuration::from_hours(24 * MAX_DAYS);
    if leaving.ends_at <= begins_at || leaving.ends_at <= crate::clock::now() {
        errors.push(FieldError::new("ends_at", "delegation-over"));
    } else if leaving.ends_at > longest {
        let mut error = FieldError::new("ends_at", "delegation-too-long");
        error.words = error.words.with("days", MAX_DAYS);
        errors.push(error);
    }
    match errors.is_empty() {
        true => Ok(()),
        false => Err(AppError::Invalid(errors)),
    }
}

/// Ends it at once; the absent person may, and the deputy.
///
/// # Errors
/// 404 for what is not theirs or has ended.
pub async fn end(app: &App, actor: &Actor, id: DelegationId) -> Result<(), AppError> {
    actor.must_be_signed_in()?;
    let mut tx = app.db.begin().await?;
    let deputy = store::end(tx.connection(), id, actor.id).await?;
    let deputy = deputy.ok_or(AppError::NotFound)?;
    let entry = Entry::done("delegation.end", "account", deputy);
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(())
}
