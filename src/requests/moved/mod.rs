//! Requests whose world has moved: a layer, a workload's parameters. Whoever gave their word on one
//! is told that it counts no longer, before somebody else comes to decide, and also when it could
//! not be carried out any more. Words that count again, because whoever gave them may decide again,
//! are followed here as well.

mod store;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::decide::conclude_by_itself;
use super::file::renew_in;
use super::store::Filter;
use super::{Request, RequestId, announce, news_of};
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::ProjectId;
use crate::jobs::{Timer, When};
use crate::news::{self, Happening, News};

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
        look(&self.0).await.map_err(|e| e.to_string())?;
        follow(&self.0).await.map_err(|e| e.to_string())
    }
}

/// Computes anew whatever may have moved.
async fn look(app: &App) -> Result<(), DbError> {
    let moved = store::all(app.db.pool()).await?;
    if moved.is_empty() {
        return Ok(());
    }
    let mut last = 0;
    loop {
        let found = store::to_look_at(app.db.pool(), (&moved, last), AT_ONCE).await?;
        let Some((number, _)) = found.last() else {
            break;
        };
        last = *number;
        for (_, id) in found {
            if let Err(error) = renew(app, id).await {
                tracing::warn!(%error, "a request could not be computed anew");
            }
        }
    }
    store::forget(app.db.pool(), &moved).await
}

async fn renew(app: &App, id: RequestId) -> Result<(), AppError> {
    let mut tx = app.db.begin().await?;
    if let Err(error) = renew_in(app, &mut tx, None, id).await {
        drop(tx);
        let stuck = in_the_way(&error).ok_or(error)?;
        tx = app.db.begin().await?;
        tell_stuck(&mut tx, id, Some(stuck)).await?;
    }
    Ok(tx.commit().await?)
}

/// Why a request could not be carried out, where it is not for want of an answer.
#[must_use]
pub fn in_the_way(error: &AppError) -> Option<Words> {
    match error {
        AppError::Invalid(fields) => fields.first().map(|e| e.words.clone()),
        AppError::Conflict(words) | AppError::Forbidden(words) => Some(words.clone()),
        AppError::NotFound => Some(Words::new("request-again-gone")),
        AppError::Unauthorized
        | AppError::TooMany { .. }
        | AppError::Unavailable(_)
        | AppError::TooLarge
        | AppError::Internal(_) => None,
    }
}

/// Tells once that an open request can no longer be carried out, and once that it can again.
///
/// # Errors
/// No answer from the database.
pub(super) async fn tell_stuck(
    tx: &mut Tx,
    id: RequestId,
    stuck: Option<Words>,
) -> Result<(), AppError> {
    let Some(now) = store::set_stuck(tx.connection(), id, stuck.as_ref()).await? else {
        return Ok(());
    };
    let request = super::store::find(tx.connection(), now).await?;
    let request = request.ok_or(AppError::NotFound)?;
    let code = match &stuck {
        Some(_) => "notice-request-stuck",
        None => "notice-request-free",
    };
    let news = News {
        why: stuck,
        project: request.project_id.map(|p| p.0),
        ..news_of(&request, Happening::RequestWaits, code)
    };
    news::tell(tx, &news).await?;
    Ok(announce(tx, now, request.project_id).await?)
}

/// Concludes what has all its yeses again, because somebody may decide again who already had.
async fn follow(app: &App) -> Result<(), DbError> {
    let numbers = store::half_agreed(app.db.pool()).await?;
    if numbers.is_empty() {
        return Ok(());
    }
    let half = Filter {
        limit: i64::try_from(numbers.len()).unwrap_or(i64::MAX),
        numbers: Some(numbers),
        ..Filter::default()
    };
    let agreed = |r: &&Request| r.missing() <= 0;
    let half = super::store::list(app.db.pool(), &half).await?;
    for request in half.iter().filter(agreed) {
        if let Err(error) = conclude_by_itself(app, request).await {
            tracing::debug!(%error, request.number, "all said yes, and it cannot begin");
        }
    }
    Ok(())
}
