//! Policies: whose yes a kind of request needs, where, and for how long it may wait.
//!
//! The narrowest policy counts: one environment of one project, then the project, then the
//! environment, then the kind. Without any, a kind asks for what it names itself.
//! Invariant: a request keeps the policy it was filed under until it gets a new revision.

pub mod api;
mod preview;
mod store;
pub mod web;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

pub use preview::{Electorate, Preview, Wanted, electorates, preview};

use super::{Quorum, Voters};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::{DbError, Tx};
use crate::error::{AppError, FieldError, Words};
use crate::identity::{Actor, Permission, ProjectId, Scope, groups};

crate::id! { PolicyId }

crate::words! {
    /// Who may not decide besides the author: whoever opened the release, whoever confirmed it.
    pub enum Involved { Builder = "builder", Confirmer = "confirmer" }
}

/// What pages of policies listen to.
pub const TOPIC: &str = "policies";
/// A request that nobody decides on closes itself after thirty days, unless a policy says when.
pub const EXPIRES_HOURS: i32 = 30 * 24;
/// Whoever may decide hears again after three days.
pub const REMIND_HOURS: i32 = 3 * 24;
/// Ninety days.
const MAX_HOURS: i32 = 90 * 24;
const MAX_QUORUM: usize = 6;
/// Rights whose holders a policy may ask: operations, an owner or operations, a tester, those
/// who keep a project's people.
pub const ASKABLE: &[Permission] = &[
    Permission::HandleRequests,
    Permission::ApproveProduction,
    Permission::Confirm,
    Permission::ManageMembers,
];

/// One policy, with the place it counts in.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Policy {
    pub id: PolicyId,
    pub kind: String,
    pub environment: Option<String>,
    pub project: Option<String>,
    pub quorum: Vec<Quorum>,
    pub excludes: Vec<Involved>,
    pub expires_hours: i32,
    pub remind_hours: i32,
    /// Why it is so.
    pub note: String,
    /// User id of who said so last.
    pub changed_by: String,
    pub changed_at: Timestamp,
}

/// What a new revision is filed under.
#[derive(Debug, Clone)]
pub struct Terms {
    pub quorum: Vec<Quorum>,
    pub excludes: Vec<Involved>,
    pub expires_hours: i32,
    pub remind_hours: i32,
}

impl Terms {
    /// What counts where no policy does.
    #[must_use]
    pub const fn usual(quorum: Vec<Quorum>) -> Self {
        Self {
            quorum,
            excludes: Vec::new(),
            expires_hours: EXPIRES_HOURS,
            remind_hours: REMIND_HOURS,
        }
    }
}

/// One asked group as it is typed: a right or a group of people, and how many of them.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyQuorum)]
pub struct Asked {
    #[serde(default)]
    pub permission: Option<Permission>,
    #[serde(default)]
    pub group: Option<String>,
    pub needed: i32,
}

/// A policy as it is to be.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyDraft)]
pub struct Draft {
    pub kind: String,
    #[serde(default)]
    pub environment: Option<String>,
    #[serde(default)]
    pub project: Option<String>,
    pub quorum: Vec<Asked>,
    #[serde(default)]
    pub excludes: Vec<Involved>,
    #[serde(default = "usual_expiry")]
    pub expires_hours: i32,
    #[serde(default = "usual_reminder")]
    pub remind_hours: i32,
    #[serde(default)]
    pub note: String,
}

const fn usual_expiry() -> i32 {
    EXPIRES_HOURS
}

const fn usual_reminder() -> i32 {
    REMIND_HOURS
}

/// All policies: by kind, the widest first.
///
/// # Errors
/// 403 without the right to see the platform.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Policy>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    Ok(store::select(app.db.pool(), None).await?)
}

/// # Errors
/// 403 without the right to see the platform, 404.
pub async fn get(app: &App, actor: &Actor, id: PolicyId) -> Result<Policy, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let found = store::select(app.db.pool(), Some(id)).await?;
    found.into_iter().next().ok_or(AppError::NotFound)
}

/// What counts for a kind in a place; `None` leaves it to the kind.
///
/// # Errors
/// No answer from the database.
pub async fn terms(
    tx: &mut Tx,
    kind: &str,
    environment: Option<Uuid>,
    project: Option<ProjectId>,
) -> Result<Option<Terms>, DbError> {
    let found = store::narrowest(tx.connection(), kind, environment, project.map(|p| p.0)).await?;
    Ok(found.map(Terms::from))
}

impl From<Policy> for Terms {
    fn from(policy: Policy) -> Self {
        Self {
            quorum: policy.quorum,
            excludes: policy.excludes,
            expires_hours: policy.expires_hours,
            remind_hours: policy.remind_hours,
        }
    }
}

/// Makes a policy, or changes the one that is given; its place stays.
///
/// # Errors
/// 403 without the right, 400 naming fields, 409 for a place that has one.
pub async fn put(
    app: &App,
    actor: &Actor,
    id: Option<PolicyId>,
    draft: &Draft,
) -> Result<PolicyId, AppError> {
    actor.must(Permission::ManagePolicies, Scope::Platform)?;
    let quorum = check(app, draft).await?;
    let before = match id {
        Some(id) => Some(get(app, actor, id).await?),
        None => None,
    };
    if let Some(was) = &before {
        let same = was.kind == draft.kind && was.environment == draft.environment;
        if !same || was.project != draft.project {
            return Err(AppError::field("kind", "policy-place-stays"));
        }
    }
    let mut tx = app.db.begin().await?;
    let place = store::place(tx.connection(), draft).await?;
    let place = place.map_err(|field| AppError::field(field, &format!("policy-no-{field}")))?;
    let new = store::Row {
        id: id.unwrap_or_else(PolicyId::new),
        place,
        draft,
        quorum: &quorum,
        by: actor.id,
    };
    store::put(tx.connection(), &new).await.map_err(taken)?;
    let action = if before.is_some() {
        "policy.change"
    } else {
        "policy.create"
    };
    let entry = Entry::done(action, "policy", new.id).after(summary(draft, &quorum));
    let entry = match &before {
        Some(was) => entry.before(json!(was)),
        None => entry,
    };
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.event(TOPIC, None).await?;
    tx.commit().await?;
    Ok(new.id)
}

fn summary(draft: &Draft, quorum: &[Quorum]) -> serde_json::Value {
    json!({
        "kind": draft.kind, "environment": draft.environment, "project": draft.project,
        "quorum": quorum, "excludes": draft.excludes, "expires_hours": draft.expires_hours,
        "remind_hours": draft.remind_hours, "note": draft.note,
    })
}

/// Takes a policy away: what is wider counts again, for requests that are filed from now on.
///
/// # Errors
/// 403 without the right, 404.
pub async fn delete(app: &App, actor: &Actor, id: PolicyId) -> Result<(), AppError> {
    actor.must(Permission::ManagePolicies, Scope::Platform)?;
    let was = get(app, actor, id).await?;
    let mut tx = app.db.begin().await?;
    store::delete(tx.connection(), id).await?;
    let entry = Entry::done("policy.delete", "policy", id).before(json!(was));
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.event(TOPIC, None).await?;
    tx.commit().await?;
    Ok(())
}

fn taken(error: DbError) -> AppError {
    match error.constraint() {
        Some("request_policy_place") => AppError::conflict("policy-place-taken"),
        Some(_) | None => error.into(),
    }
}

/// Everything that is wrong at once; else whom it asks.
async fn check(app: &App, draft: &Draft) -> Result<Vec<Quorum>, AppError> {
    let mut errors = Vec::new();
    match app.kinds.get(&draft.kind) {
        None => errors.push(FieldError::new("kind", "request-kind-unknown")),
        // It would look as if somebody were kept from deciding who is not.
        Some(kind) if draft.excludes.iter().any(|x| !kind.involves().contains(x)) => {
            errors.push(FieldError::new("excludes", "policy-excludes-nobody"));
        }
        Some(_) => {}
    }
    let hours = 1..=MAX_HOURS;
    for (field, value) in [
        ("expires_hours", draft.expires_hours),
        ("remind_hours", draft.remind_hours),
    ] {
        if !hours.contains(&value) {
            let words = Words::new("policy-hours-range").with("max", MAX_HOURS);
            errors.push(FieldError {
                field: field.to_owned(),
                words,
            });
        }
    }
    if draft.note.trim().is_empty() || draft.note.chars().count() > super::MAX_NOTE {
        errors.push(FieldError::new("note", "policy-says-why"));
    }
    let known = groups::keys(app).await?;
    let quorum = asked(&draft.quorum, &known, &mut errors);
    match errors.is_empty() {
        true => Ok(quorum),
        false => Err(AppError::Invalid(errors)),
    }
}

fn asked(asked: &[Asked], known: &[String], errors: &mut Vec<FieldError>) -> Vec<Quorum> {
    if asked.is_empty() || asked.len() > MAX_QUORUM {
        errors.push(FieldError::new("quorum", "policy-asks-somebody"));
    }
    let mut quorum: Vec<Quorum> = Vec::new();
    for (n, one) in asked.iter().enumerate() {
        let at = |name: &str| format!("quorum.{n}.{name}");
        let by = match (&one.permission, &one.group) {
            (Some(p), None) if ASKABLE.contains(p) => Voters::Permission(*p),
            (None, Some(key)) if known.contains(key) => Voters::Group(key.clone()),
            (None, Some(_)) => {
                errors.push(FieldError::new(&at("group"), "group-unknown"));
                continue;
            }
            _ => {
                errors.push(FieldError::new(&at("permission"), "policy-right-or-group"));
                continue;
            }
        };
        if !(1..=9).contains(&one.needed) {
            errors.push(FieldError::new(&at("needed"), "policy-needed-range"));
        }
        if quorum.iter().any(|q| q.by == by) {
            errors.push(FieldError::new(&at("permission"), "policy-asked-twice"));
        }
        quorum.push(Quorum {
            by,
            needed: one.needed,
        });
    }
    quorum
}
