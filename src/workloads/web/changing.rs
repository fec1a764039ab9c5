//! The form that asks for other parameters of containers that are there: the same form, filled
//! with what they say themselves today.

use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::asking::{Aim, PATCHES, Refusal, begin, new_page, send, started};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Permission;
use crate::projects::ProjectAccess;
use crate::requests;
use crate::requests::web::again::{self, Again};
use crate::standards;
use crate::standards::layers::Place;
use crate::standards::web::document::{typed_again, typed_of};
use crate::web::extract::{Ctx, Form, Query};
use crate::web::form::Typed;
use crate::web::layout::{Chrome, Nav, page};
use crate::workloads::{self, Workload};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeQuery {
    environment: Option<String>,
    component: Option<String>,
    /// With the number that the last start asks for.
    #[serde(default)]
    measured: bool,
    /// The number of a change: the form holds what was said before it.
    before: Option<i64>,
    revise: Option<i64>,
    copy: Option<i64>,
}

/// `GET /projects/{key}/containers/change`
pub async fn change_form(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Query(query): Query<ChangeQuery>,
) -> Result<Response, AppError> {
    access.must(Permission::FileRequest)?;
    let from = Again {
        revise: query.revise,
        copy: query.copy,
    };
    let begun = again::begin(&app, &access.actor, "parameters", from).await?;
    let typed = match begun {
        Some((request, typed)) => {
            if request.project_id != Some(access.project.id) {
                return Err(AppError::NotFound);
            }
            started(&app, &access, &request, typed).await?
        }
        None => fresh(&app, &access, &ctx, &query).await?,
    };
    let typed = again::open(&app, &access.actor, &ctx, typed).await?;
    let filled = Refusal::none_of_what_was();
    page(&new_page(&app, &access, &ctx, (Aim::Change, typed), &filled).await?)
}

/// `POST /projects/{key}/containers/change`
pub async fn ask_change(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    access.must(Permission::FileRequest)?;
    send(&app, &access, &ctx, (Aim::Change, typed)).await
}

/// The form as it begins: what holds today, what held before a change, or what a start asks for.
async fn fresh(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    query: &ChangeQuery,
) -> Result<Typed, AppError> {
    let project = access.project.id;
    let mut all = workloads::with_current(app, project).await?;
    if let Some(number) = query.before {
        let request = requests::get(app, &access.actor, number).await?;
        if request.project_id != Some(project) {
            return Err(AppError::NotFound);
        }
        let before = workloads::before(app.db.pool(), request.id).await?;
        let said = |w: &Workload| before.iter().find(|(id, _)| *id == w.id);
        all.retain(|(w, _)| said(w).is_some());
        let of = |(mut w, _): (Workload, _)| {
            w.own = said(&w).map(|(_, own)| own.clone()).unwrap_or_default();
            w
        };
        let all: Vec<Workload> = all.into_iter().map(of).collect();
        return today(app, access, &all).await;
    }
    let environment = query.environment.as_deref().unwrap_or_default();
    let component = query.component.as_deref().unwrap_or("main");
    all.retain(|(w, _)| w.environment == environment && w.component == component);
    let starts = all.iter().filter_map(|(w, current)| {
        let seconds = current.as_ref()?.seconds_to_ready?;
        workloads::slow(&w.parameters, seconds)
    });
    let slowest = starts.max_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let all: Vec<Workload> = all.into_iter().map(|(w, _)| w).collect();
    let mut typed = today(app, access, &all).await?;
    if let Some(slow) = slowest.filter(|_| query.measured) {
        let c = Chrome::new(ctx, Nav::Projects);
        typed.insert(
            format!("parameters.{}", slow.field),
            slow.wanted.to_string(),
        );
        typed.insert("note".to_owned(), c.w(&slow.words("start-slow")));
    }
    Ok(typed)
}

/// What workloads of one component say themselves: the first, and how the others differ from it.
async fn today(app: &App, access: &ProjectAccess, all: &[Workload]) -> Result<Typed, AppError> {
    let first = all.first().ok_or(AppError::NotFound)?;
    let place = Place::of(&access.project, &first.environment);
    let usual = typed_of(&standards::over(app, &place).await?.document);
    let mut typed = typed_again(&usual, &first.own, true);
    begin(&mut typed, &access.project.health_path);
    typed.insert("environment".to_owned(), first.environment.clone());
    typed.insert("component".to_owned(), first.component.clone());
    for workload in all {
        typed.insert(format!("cluster.{}", workload.cluster), "true".to_owned());
    }
    let others = all.iter().filter(|w| w.own != first.own);
    let patches = others.map(|w| (w.cluster.clone(), merge_patch(&first.own, &w.own)));
    let patches: serde_json::Map<String, Value> = patches.collect();
    if !patches.is_empty() {
        typed.insert(PATCHES.to_owned(), json!(patches).to_string());
    }
    Ok(typed)
}

/// The JSON merge patch (RFC 7386) that makes one document of the other. A null in the target is
/// none of our schema's values, so nothing is lost by its meaning there.
pub(super) fn merge_patch(from: &Value, to: &Value) -> Value {
    let (Value::Object(old), Value::Object(new)) = (from, to) else {
        return to.clone();
    };
    let gone = old.keys().filter(|key| !new.contains_key(*key));
    let gone = gone.map(|key| (key.clone(), Value::Null));
    let other = new
        .iter()
        .filter(|(key, value)| old.get(*key) != Some(value));
    let other = other.map(|(key, value)| {
        let patch = old
            .get(key)
            .map_or_else(|| value.clone(), |was| merge_patch(was, value));
        (key.clone(), patch)
    });
    Value::Object(gone.chain(other).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_makes_one_document_of_the_other() {
        for (from, to) in [
            (json!({}), json!({})),
            (json!({"a": 1}), json!({"a": 2, "b": {"c": [1]}})),
            (
                json!({"a": {"b": 1, "c": 2}, "d": 3}),
                json!({"a": {"c": 4}}),
            ),
            (
                json!({"env": [{"name": "A"}]}),
                json!({"env": [{"name": "B"}]}),
            ),
            (json!({"a": 1}), json!({"a": {"b": 1}})),
        ] {
            let mut made = from.clone();
            json_patch::merge(&mut made, &merge_patch(&from, &to));
            assert_eq!(made, to);
        }
    }
}
