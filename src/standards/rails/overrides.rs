//! Letting a component pass a rule: by operations, with a reason, until somebody ends it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Rail, store};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::clusters::Tier;
use crate::db::{DbError, Tx};
use crate::error::AppError;
use crate::identity::{Actor, Permission, ProjectId, Scope};
use crate::projects;

crate::id! { OverrideId }

/// A rule that does not count for one component of a project in one environment.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = RailOverride)]
pub struct Override {
    pub id: OverrideId,
    pub rail: String,
    pub project: String,
    pub environment: String,
    #[serde(skip)]
    pub tier: Tier,
    pub component: String,
    pub reason: String,
    pub by: String,
    pub at: Timestamp,
}

/// An override as it is asked for.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RailOverriding)]
pub struct Overriding {
    pub rail: String,
    pub project: String,
    pub environment: String,
    #[serde(default = "main")]
    pub component: String,
    #[serde(default)]
    pub reason: String,
}

fn main() -> String {
    "main".to_owned()
}

/// What is overruled for one component now.
///
/// # Errors
/// No answer from the database.
pub async fn live_in(
    tx: &mut Tx,
    project: ProjectId,
    environment: &str,
    component: &str,
) -> Result<Vec<Override>, DbError> {
    let all = store::live(tx.connection(), Some(project)).await?;
    let mine = |o: &Override| o.environment == environment && o.component == component;
    Ok(all.into_iter().filter(mine).collect())
}

/// What is overruled for a project's image now. One image serves all of a project's components and
/// goes on to production as it is, so it counts by a word for production, of any component.
///
/// # Errors
/// No answer from the database.
pub async fn live_for_image(app: &App, project: ProjectId) -> Result<Vec<Override>, DbError> {
    let mut all = store::live(app.db.pool(), Some(project)).await?;
    all.retain(|o| o.tier == Tier::Production);
    Ok(all)
}

/// Everything that is overruled now, for a computation over many workloads.
///
/// # Errors
/// No answer from the database.
pub async fn live_everywhere(tx: &mut Tx) -> Result<Vec<Override>, DbError> {
    store::live(tx.connection(), None).await
}

/// Everything that is overruled now.
///
/// # Errors
/// 403 without the right to look.
pub async fn live(app: &App, actor: &Actor) -> Result<Vec<Override>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    Ok(store::live(app.db.pool(), None).await?)
}

/// Lets a component pass a rule.
///
/// # Errors
/// 400 naming the field, also for an image outside of production; 403 without the right, 409 when
/// it may pass already.
pub async fn overrule(
    app: &App,
    actor: &Actor,
    asked: &Overriding,
) -> Result<OverrideId, AppError> {
    actor.must(Permission::HandleRequests, Scope::Platform)?;
    let rail = Rail::find(&asked.rail).ok_or_else(|| AppError::field("rail", "rail-unknown"))?;
    if !rail.can_be_overruled() {
        return Err(AppError::field("rail", "rail-always-held"));
    }
    if rail.is_for_images() {
        let place = projects::environment_by_key(app.db.pool(), &asked.environment).await?;
        if place.is_some_and(|(_, tier, _)| tier != Tier::Production) {
            return Err(AppError::field("environment", "rail-image-in-production"));
        }
    }
    let reason = asked.reason.trim();
    if reason.is_empty() {
        return Err(AppError::field("reason", "field-required"));
    }
    if reason.chars().count() > 2000 {
        return Err(AppError::field("reason", "field-too-long"));
    }
    let mut tx = app.db.begin().await?;
    let id = OverrideId::new();
    let made = store::insert(tx.connection(), id, asked, reason, actor.id).await;
    let made = made.map_err(|e| match e.constraint() {
        Some("rail_override_once") => AppError::conflict("rail-overruled-already"),
        Some("rail_override_component_size") => AppError::field("component", "component-grammar"),
        Some(_) | None => e.into(),
    })?;
    let Some(project) = made else {
        return Err(AppError::field("project", "rail-no-such-place"));
    };
    let entry = Entry::done("rail.overrule", "rail", rail.id)
        .in_project(project)
        .after(
            json!({ "environment": asked.environment, "component": asked.component,
            "reason": reason }),
        );
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(id)
}

/// Lets a rule count again; documents that were let pass stay as they are.
///
/// # Errors
/// 403 without the right, 404 for one that has ended.
pub async fn end(app: &App, actor: &Actor, id: OverrideId) -> Result<(), AppError> {
    actor.must(Permission::HandleRequests, Scope::Platform)?;
    let mut tx = app.db.begin().await?;
    let ended = store::end(tx.connection(), id, actor.id).await?;
    let (rail, project) = ended.ok_or(AppError::NotFound)?;
    let entry = Entry::done("rail.restore", "rail", rail).in_project(project);
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(())
}
