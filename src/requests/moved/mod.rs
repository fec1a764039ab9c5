//! Requests whose world has moved: a layer, a workload's parameters. Whoever gave their word on one
//! is told that it counts no longer, before somebody else comes to decide.

mod store;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::RequestId;
use super::file::renew_in;
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::error::AppError;
use crate::identity::ProjectId;
use crate::jobs::{Timer, When};

/// Soon enough that nobody decides on what is over, seldom enough that a wave over a hundred
/// workloads is looked at once.
const EVERY: Duration = Duration::from_secs(15);
/// Read in one go.
const AT_ONCE: i64 = 200;

/// Something moved that open requests may have been computed from, a project's or everybody's: each
/// is looked at again soon.
///
/// # Errors
/// No answer from the database.
pub async fn look_again(tx: &mut Tx, project: Option<ProjectId>) -> Result<(), DbError> {
    store::insert(tx.connection(), project).await
}

struct Moved(App);

/// What computes them anew.
pub fn timer(app: &App) -> Arc<dyn Timer> {
    Arc::new(Moved(app.clone()))
}

#[async_trait]
impl Timer for Moved {
    fn name(&self) -> &str {
        "requests.moved"
    }

    fn when(&self) -> When {
        When::Every(EVERY)
    }

    async fn run(&self) -> Result<(), String> {
        let app = &self.0;
        let newest = store::newest(app.db.pool()).await;
        let Some(newest) = newest.map_err(|e| e.to_string())? else {
            return Ok(());
        };
        let mut last = 0;
        loop {
            let found = store::to_look_at(app.db.pool(), (newest, last), AT_ONCE).await;
            let found = found.map_err(|e| e.to_string())?;
            let Some((number, _)) = found.last() else {
                break;
            };
            last = *number;
            for (_, id) in found {
                if let Err(error) = renew(app, id).await {
                    // Whoever decides is told why; there is nothing to show instead.
                    tracing::debug!(%error, "a request could not be computed anew");
                }
            }
        }
        let forgotten = store::forget(app.db.pool(), newest).await;
        forgotten.map_err(|e| e.to_string())
    }
}

async fn renew(app: &App, id: RequestId) -> Result<(), AppError> {
    let mut tx = app.db.begin().await?;
    renew_in(app, &mut tx, None, id).await?;
    Ok(tx.commit().await?)
}
