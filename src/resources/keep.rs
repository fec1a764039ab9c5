//! What operations do: register what is there, write down what was made, change, retire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Address, Kind, Resource, ResourceId, TOPIC, size, store};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::clusters::EnvironmentId;
use crate::db::{DbError, Tx};
use crate::error::{AppError, FieldError, Words};
use crate::identity::{Actor, Permission, ProjectId, Scope};
use crate::projects::{self, Project};
use crate::requests::{self, RequestId};

const MAX_ADDRESSES: usize = 50;
const MAX_LABELS: usize = 20;
const MAX_USERS: usize = 50;
/// Longest note or reason, in characters; the table says the same.
pub const MAX_NOTE: usize = 2000;

/// A resource as operations write it down.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResourceDraft)]
pub struct Draft {
    pub kind: Kind,
    pub name: String,
    /// The key of its owner.
    pub project: String,
    #[serde(default)]
    pub environment: Option<String>,
    #[serde(default)]
    pub site: String,
    #[serde(default = "nothing")]
    pub size: Value,
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Keys of further projects that use it.
    #[serde(default)]
    pub used_by: Vec<String>,
    #[serde(default)]
    pub labels: Vec<String>,
    #[serde(default)]
    pub keeper: String,
    #[serde(default)]
    pub note: String,
    /// Since when it is in use; now if left out. Only at registering.
    #[serde(default)]
    pub since: Option<Timestamp>,
}

fn nothing() -> Value {
    json!({})
}

/// What was made of what was asked.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResourceMaking)]
pub struct Making {
    pub addresses: Vec<String>,
    #[serde(default)]
    pub site: String,
    #[serde(default)]
    pub keeper: String,
}

/// A draft that holds, with what its names stand for.
struct Checked {
    project: Project,
    environment: Option<EnvironmentId>,
    addresses: Vec<Address>,
    users: Vec<Uuid>,
}

/// Writes down what is there already.
///
/// # Errors
/// 400 naming fields, 403 without the right, 409 for a name that is taken.
pub async fn register(app: &App, actor: &Actor, draft: &Draft) -> Result<i64, AppError> {
    actor.must(Permission::KeepResources, Scope::Platform)?;
    let checked = check(app, actor, draft).await?;
    let id = ResourceId::new();
    let mut tx = app.db.begin().await?;
    let row = row(id, draft, &checked);
    let number = store::insert_active(tx.connection(), &row, draft.since)
        .await
        .map_err(taken)?;
    keep_lists(&mut tx, id, &checked).await?;
    let entry = Entry::done("resource.register", "resource", id)
        .in_project(checked.project.id)
        .after(json!({ "number": number, "resource": draft }));
    finish(&mut tx, &entry, actor, checked.project.id).await?;
    tx.commit().await?;
    Ok(number)
}

/// Writes down anew what is known of a resource; its kind stays.
///
/// # Errors
/// 400 naming fields, 403 without the right, 409 for a name that is taken or a retired one.
pub async fn change(
    app: &App,
    actor: &Actor,
    resource: &Resource,
    draft: &Draft,
) -> Result<(), AppError> {
    actor.must(Permission::KeepResources, Scope::Platform)?;
    if draft.kind != resource.kind {
        return Err(AppError::field("kind", "resource-kind-stays"));
    }
    let checked = check(app, actor, draft).await?;
    let mut tx = app.db.begin().await?;
    let row = row(resource.id, draft, &checked);
    let is_kept = store::update(tx.connection(), &row).await.map_err(taken)?;
    if !is_kept {
        return Err(AppError::conflict("resource-is-retired"));
    }
    keep_lists(&mut tx, resource.id, &checked).await?;
    let entry = Entry::done("resource.change", "resource", resource.id)
        .in_project(checked.project.id)
        .before(json!(resource))
        .after(json!({ "number": resource.number, "resource": draft }));
    finish(&mut tx, &entry, actor, checked.project.id).await?;
    tx.commit().await?;
    Ok(())
}

/// What was asked has been made: from now on it is in use, and its request is done.
///
/// # Errors
/// 400 naming fields, 403 without the right, 409 when it was made or retired before.
pub async fn make(
    app: &App,
    actor: &Actor,
    resource: &Resource,
    making: &Making,
) -> Result<(), AppError> {
    actor.must(Permission::KeepResources, Scope::Platform)?;
    let mut errors = Vec::new();
    let addresses = addresses(&making.addresses, &mut errors);
    if making.addresses.is_empty() {
        errors.push(FieldError::new("addresses", "field-required"));
    }
    check_line(&making.site, is_site, "site", &mut errors);
    check_line(&making.keeper, is_short, "keeper", &mut errors);
    refuse(errors)?;
    let (site, keeper) = (making.site.trim(), making.keeper.trim());
    let mut tx = app.db.begin().await?;
    let request = store::made(tx.connection(), resource.id, site, keeper).await?;
    let Some(request) = request else {
        return Err(AppError::conflict("resource-not-asked"));
    };
    store::set_addresses(tx.connection(), resource.id, &addresses).await?;
    requests::finish(&mut tx, RequestId(request), true).await?;
    let entry = Entry::done("resource.make", "resource", resource.id)
        .in_project(resource.project_id)
        .after(json!({ "number": resource.number, "addresses": addresses, "site": site }));
    finish(&mut tx, &entry, actor, resource.project_id).await?;
    tx.commit().await?;
    Ok(())
}

/// Retires a resource; one that was not made yet is given up, and so is its request.
///
/// # Errors
/// 400 without a reason, 403 without the right, 409 when it was retired before.
pub async fn retire(
    app: &App,
    actor: &Actor,
    resource: &Resource,
    why: &str,
) -> Result<(), AppError> {
    actor.must(Permission::KeepResources, Scope::Platform)?;
    let why = reason(why)?;
    let mut tx = app.db.begin().await?;
    retire_in(&mut tx, resource, why, &Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(())
}

/// The same, in the transaction of a yes.
///
/// # Errors
/// 409 when it was retired before.
pub async fn retire_in(
    tx: &mut Tx,
    resource: &Resource,
    why: &str,
    origin: &Origin,
) -> Result<(), AppError> {
    let retired = store::retire(tx.connection(), resource.id, why).await?;
    let Some(unmade) = retired else {
        return Err(AppError::conflict("resource-is-retired"));
    };
    if let Some(request) = unmade {
        requests::finish(tx, RequestId(request), false).await?;
    }
    let entry = Entry::done("resource.retire", "resource", resource.id)
        .in_project(resource.project_id)
        .after(json!({ "number": resource.number, "reason": why }));
    audit::record(tx, &entry, origin).await?;
    announce(tx, resource.project_id).await?;
    Ok(())
}

/// # Errors
/// 400 for nothing, or for too much.
pub fn reason(why: &str) -> Result<&str, AppError> {
    match why.trim() {
        "" => Err(AppError::field("reason", "field-required")),
        long if long.chars().count() > MAX_NOTE => Err(AppError::field("reason", "field-too-long")),
        why => Ok(why),
    }
}

/// Pages that show resources, the project, or the inbox of operations look again.
///
/// # Errors
/// No answer from the database.
pub async fn announce(tx: &mut Tx, project: ProjectId) -> Result<(), DbError> {
    tx.event(TOPIC, None).await?;
    tx.event("requests", None).await?;
    tx.event(&projects::topic(project), Some(project.0)).await
}

async fn finish(
    tx: &mut Tx,
    entry: &Entry,
    actor: &Actor,
    project: ProjectId,
) -> Result<(), DbError> {
    audit::record(tx, entry, &Origin::from(actor)).await?;
    announce(tx, project).await
}

async fn keep_lists(tx: &mut Tx, id: ResourceId, checked: &Checked) -> Result<(), DbError> {
    store::set_addresses(tx.connection(), id, &checked.addresses).await?;
    store::set_users(tx.connection(), id, &checked.users).await
}

fn row<'a>(id: ResourceId, draft: &'a Draft, checked: &Checked) -> store::Row<'a> {
    store::Row {
        id,
        kind: draft.kind,
        name: draft.name.trim(),
        project: checked.project.id,
        environment: checked.environment,
        site: draft.site.trim(),
        size: &draft.size,
        labels: &draft.labels,
        keeper: draft.keeper.trim(),
        note: draft.note.trim(),
    }
}

/// What the table refuses, in words.
pub fn taken(error: DbError) -> AppError {
    match error.constraint() {
        Some("resource_name_taken") => AppError::conflict("resource-name-taken"),
        Some(_) | None => error.into(),
    }
}

async fn check(app: &App, actor: &Actor, draft: &Draft) -> Result<Checked, AppError> {
    let mut errors = wrong_fields(draft);
    let addresses = addresses(&draft.addresses, &mut errors);
    let project = known(app, actor, &draft.project, "project", &mut errors).await?;
    let mut users = Vec::new();
    for key in draft.used_by.iter().take(MAX_USERS) {
        let user = known(app, actor, key, "used_by", &mut errors).await?;
        users.extend(user.map(|p| p.id.0));
    }
    let environment = match draft.environment.as_deref().filter(|e| !e.is_empty()) {
        Some(key) => Some(environment(app, key).await?),
        None => None,
    };
    refuse(errors)?;
    Ok(Checked {
        project: project.ok_or(AppError::NotFound)?,
        environment,
        addresses,
        users,
    })
}

async fn known(
    app: &App,
    actor: &Actor,
    key: &str,
    field: &str,
    errors: &mut Vec<FieldError>,
) -> Result<Option<Project>, AppError> {
    match projects::get(app, actor, key.trim()).await {
        Ok(project) => Ok(Some(project)),
        Err(AppError::NotFound) => {
            let words = Words::new("resource-project-unknown").with("project", key);
            let field = field.to_owned();
            errors.push(FieldError { field, words });
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// An environment by its key.
///
/// # Errors
/// 400 on the field for an unknown one.
pub async fn environment(app: &App, key: &str) -> Result<EnvironmentId, AppError> {
    let found = projects::environment_by_key(app.db.pool(), key).await?;
    let unknown = || AppError::field("environment", "environment-unknown");
    found.map(|(id, _, _)| id).ok_or_else(unknown)
}

fn refuse(errors: Vec<FieldError>) -> Result<(), AppError> {
    if errors.is_empty() {
        Ok(())
    } else {
        Err(AppError::Invalid(errors))
    }
}

/// What is wrong without looking anything up.
fn wrong_fields(draft: &Draft) -> Vec<FieldError> {
    let mut errors = size::wrong(draft.kind, &draft.size, "size");
    if draft.addresses.is_empty() {
        errors.push(FieldError::new("addresses", "field-required"));
    }
    if !is_name(&draft.name) {
        errors.push(FieldError::new("name", "resource-name-wrong"));
    }
    check_line(&draft.site, is_site, "site", &mut errors);
    check_line(&draft.keeper, is_short, "keeper", &mut errors);
    if draft.note.chars().count() > MAX_NOTE {
        errors.push(FieldError::new("note", "field-too-long"));
    }
    let label = |l: &String| !l.is_empty() && l.len() <= 63 && !l.contains(char::is_whitespace);
    if draft.labels.len() > MAX_LABELS || !draft.labels.iter().all(label) {
        errors.push(FieldError::new("labels", "resource-labels-wrong"));
    }
    if draft.used_by.len() > MAX_USERS {
        errors.push(FieldError::new("used_by", "field-too-long"));
    }
    errors
}

/// One line that people read; the table says the same of its length.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let length = text.trim().chars().count();
    (1..=80).contains(&length) && !text.contains(char::is_control)
}

fn check_line(text: &str, fits: fn(&str) -> bool, field: &str, errors: &mut Vec<FieldError>) {
    if !fits(text.trim()) {
        errors.push(FieldError::new(field, "field-wrong"));
    }
}

fn is_short(text: &str) -> bool {
    text.chars().count() <= 80 && !text.contains(char::is_control)
}

fn is_site(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let begins = text.bytes().next().is_none_or(|b| b.is_ascii_lowercase());
    text.len() <= 39 && begins && text.bytes().all(good)
}

/// What can be read of a list, with a complaint that quotes what cannot.
fn addresses(texts: &[String], errors: &mut Vec<FieldError>) -> Vec<Address> {
    if texts.len() > MAX_ADDRESSES {
        errors.push(FieldError::new("addresses", "field-too-long"));
        return Vec::new();
    }
    let mut read = Vec::new();
    for text in texts {
        match Address::parse(text) {
            Some(address) => read.push(address),
            None => {
                let words = Words::new("resource-address-wrong-one").with("address", text);
                let field = "addresses".to_owned();
                errors.push(FieldError { field, words });
            }
        }
    }
    read
}
