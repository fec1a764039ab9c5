//! The audit trail over the API.

use axum::extract::State;
use serde::Deserialize;

use super::{Filter, Row};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::web::extract::Query;
use crate::web::paging::{List, Page};

/// What the trail is narrowed to; the page and the API ask alike.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(default)]
    pub user: String,
    #[serde(default)]
    pub action: String,
    #[serde(default)]
    pub project: String,
    pub limit: Option<i64>,
    pub after: Option<String>,
}

impl Wanted {
    /// One page of the trail as this person may read it.
    ///
    /// # Errors
    /// 403 without the right, 400 for a page that makes no sense.
    pub async fn read(&self, app: &App, actor: &Actor) -> Result<List<Row>, AppError> {
        let page = Page {
            limit: self.limit,
            after: self.after.clone(),
        };
        let some = |text: &str| (!text.is_empty()).then(|| text.trim().to_owned());
        let filter = Filter {
            action: some(&self.action),
            account: some(&self.user),
            project: some(&self.project),
            before: page.after_number()?,
            limit: page.limit()?,
        };
        super::read(app, actor, filter).await
    }
}

pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<List<Row>>, AppError> {
    wanted.read(&app, &actor).await.map(axum::Json)
}
