//! Taking over, over the API: what could be, and what came of what was asked. The asking itself
//! is `POST /requests` of the kind `intake`.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::{Item, Proposal};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::Actor;
use crate::requests;
use crate::web::extract::{Path, Query};

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Of one namespace only.
    #[serde(default)]
    namespace: Option<String>,
    /// Key of the GitLab connection whose repositories are proposed; may be left out while there
    /// is one.
    #[serde(default)]
    gitlab: Option<String>,
}

/// What runs in a cluster and is not the portal's, with what each of it could become.
#[derive(Serialize, utoipa::ToSchema)]
pub struct IntakeProposals {
    cluster: String,
    /// By namespace; all that one look finds.
    items: Vec<Proposal>,
    /// What a row may choose from.
    environments: Vec<String>,
    languages: Vec<String>,
    /// What could not be proposed, and why.
    notes: Vec<Words>,
}

/// Deployments that could be taken over, asked of the cluster now. Nothing is stored, and nothing
/// in the cluster changes.
#[utoipa::path(
    get,
    path = "/clusters/{key}/intake",
    operation_id = "list_intake",
    tag = "clusters",
    params(("key" = String, Path, description = "The cluster's key"), Wanted),
    responses((status = 200, body = IntakeProposals, description = "As it is now")),
)]
pub async fn proposals(
    State(app): State<App>,
    actor: Actor,
    Path(key): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<IntakeProposals>, AppError> {
    let looked = super::look(&app, &actor, &key, wanted.gitlab.as_deref()).await?;
    let is_in = |p: &Proposal| {
        let wanted = wanted.namespace.as_ref();
        wanted.is_none_or(|namespace| p.row.namespace == *namespace)
    };
    Ok(Json(IntakeProposals {
        cluster: looked.cluster.key,
        items: looked.proposals.into_iter().filter(is_in).collect(),
        environments: looked.environments,
        languages: looked.languages,
        notes: looked.notes,
    }))
}

/// What came of a request to take over.
#[derive(Serialize, utoipa::ToSchema)]
pub struct IntakeStory {
    /// The request's.
    number: i64,
    state: requests::State,
    cluster: String,
    /// In the order in which they were asked for.
    items: Vec<Item>,
}

/// A request's Deployments, with what came of each.
#[utoipa::path(
    get,
    path = "/intakes/{number}",
    operation_id = "show_intake",
    tag = "clusters",
    params(("number" = i64, Path, description = "The request's number")),
    responses((status = 200, body = IntakeStory, description = "As it is now")),
)]
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Path(number): Path<i64>,
) -> Result<Json<IntakeStory>, AppError> {
    let (request, items) = super::story(&app, &actor, number).await?;
    Ok(Json(IntakeStory {
        number,
        state: request.state,
        cluster: request.subject,
        items,
    }))
}
