//! Requests that nobody decides on: those who may are told again, and in the end they close.
//! Drafts that nobody files go as well.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{RequestId, State, announce, draft, moved, news_of, store, unknown_kind};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::error::AppError;
use crate::jobs::{Timer, When};
use crate::news::{self, Happening, News};

const EVERY: Duration = Duration::from_secs(60);
/// The rest is for the next turn.
const AT_ONCE: i64 = 200;

struct Expiry(App);

/// What comes round again for requests.
#[must_use]
pub fn timers(app: &App) -> Vec<Arc<dyn Timer>> {
    vec![Arc::new(Expiry(app.clone())), moved::timer(app)]
}

#[async_trait]
impl Timer for Expiry {
    fn name(&self) -> &str {
        "requests.expire"
    }

    fn when(&self) -> When {
        When::Every(EVERY)
    }

    async fn run(&self) -> Result<(), String> {
        let app = &self.0;
        let expired = store::expired(app.db.pool(), AT_ONCE).await;
        for id in expired.map_err(|e| e.to_string())? {
            close(app, id).await.map_err(|e| e.to_string())?;
        }
        let due = store::to_remind_of(app.db.pool(), AT_ONCE).await;
        for id in due.map_err(|e| e.to_string())? {
            remind(app, id).await.map_err(|e| e.to_string())?;
        }
        draft::forget_old(app).await.map_err(|e| e.to_string())
    }
}

async fn close(app: &App, id: RequestId) -> Result<(), AppError> {
    let mut tx = app.db.begin().await?;
    store::lock(tx.connection(), id).await?;
    // It may have been decided, or changed and so begun anew, since it was found.
    if !store::is_over(tx.connection(), id).await?
        || !store::set_state(tx.connection(), id, State::Expired).await?
    {
        return Ok(());
    }
    let request = store::find_by_id(tx.connection(), id).await?;
    let request = request.ok_or(AppError::NotFound)?;
    let kind = app.kinds.get(&request.kind).ok_or_else(unknown_kind)?;
    kind.rejected(app, &mut tx, &request).await?;
    let entry = Entry::done("request.expire", "request", request.number);
    let entry = match request.project_id {
        Some(project) => entry.in_project(project),
        None => entry,
    };
    audit::record(&mut tx, &entry, &Origin::default()).await?;
    let news = news_of(
        &request,
        Happening::RequestDecided,
        "notice-request-expired",
    );
    let project = request.project_id.map(|p| p.0);
    news::tell(&mut tx, &News { project, ..news }).await?;
    announce(&mut tx, request.number, request.project_id).await?;
    tx.commit().await?;
    Ok(())
}

async fn remind(app: &App, id: RequestId) -> Result<(), AppError> {
    let mut tx = app.db.begin().await?;
    if !store::reminded(tx.connection(), id).await? {
        return Ok(());
    }
    let request = store::find_by_id(tx.connection(), id).await?;
    let request = request.ok_or(AppError::NotFound)?;
    let news = news_of(
        &request,
        Happening::RequestWaits,
        "notice-request-still-waits",
    );
    let project = request.project_id.map(|p| p.0);
    news::tell(&mut tx, &News { project, ..news }).await?;
    tx.commit().await?;
    Ok(())
}
