//! What owners and operations may change of a project, on record.

use serde::Deserialize;
use serde_json::json;

use super::{Access, Project, store, topic};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::error::AppError;

/// `PATCH /projects/{key}`: what is left out stays as it is.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProjectChange)]
pub struct Changing {
    /// Whether testers may confirm releases that they opened themselves.
    pub may_confirm_own: Option<bool>,
}

/// Changes a project's settings; the same again changes nothing and leaves no entry.
///
/// # Errors
/// 400 for a change of nothing, 404 when the project is gone.
pub async fn change(
    app: &App,
    access: &Access<'_>,
    changing: &Changing,
) -> Result<Project, AppError> {
    let Some(wanted) = changing.may_confirm_own else {
        return Err(AppError::field("may_confirm_own", "field-required"));
    };
    let id = access.project.id;
    let mut tx = app.db.begin().await?;
    if store::set_may_confirm_own(tx.connection(), id, wanted).await? {
        let entry = Entry::done("project.change", "project", &access.project.key)
            .in_project(id)
            .before(json!({ "may_confirm_own": !wanted }))
            .after(json!({ "may_confirm_own": wanted }));
        audit::record(&mut tx, &entry, &Origin::from(access.actor)).await?;
        tx.event(&topic(id), Some(id.0)).await?;
    }
    tx.commit().await?;
    super::by_id(app, id).await?.ok_or(AppError::NotFound)
}
