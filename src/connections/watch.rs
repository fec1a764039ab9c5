//! Looking at every connection every so often, so that trouble is known before somebody needs it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;

use super::{Connection, Subject, TOPIC, health, list, outside, store};
use crate::app::App;
use crate::error::AppError;
use crate::jobs::{Timer, When};

/// Often enough that a dead system is known before a release needs it.
pub const EVERY: Duration = Duration::from_secs(300);
/// Systems that are asked at the same time.
pub const AT_ONCE: usize = 8;

pub struct Watch(pub App);

#[must_use]
pub fn timers(app: &App) -> Vec<Arc<dyn Timer>> {
    vec![Arc::new(Watch(app.clone()))]
}

#[async_trait]
impl Timer for Watch {
    fn name(&self) -> &str {
        "connections.watch"
    }

    fn when(&self) -> When {
        When::Every(EVERY)
    }

    async fn run(&self) -> Result<(), String> {
        let words = |e: crate::db::DbError| e.to_string();
        store::forget_old_samples(self.0.db.pool(), super::KEPT_DAYS)
            .await
            .map_err(words)?;
        let all = list(&self.0).await.map_err(words)?;
        let looks = futures_util::stream::iter(all).map(|c| look(self.0.clone(), c));
        let ended: Vec<_> = looks.buffer_unordered(AT_ONCE).collect().await;
        let failed = ended.into_iter().find_map(Result::err);
        failed.map_or(Ok(()), |e| Err(e.to_string()))
    }
}

/// One look, stored; nobody pressed anything, so it is not on record.
async fn look(app: App, connection: Connection) -> Result<(), AppError> {
    let report = outside::ask(&app, &connection).await?;
    let mut tx = app.db.begin().await?;
    let id = connection.id.0;
    let before = connection.health.as_ref().map(|h| h.report.ok);
    health::record(&mut tx, Subject::Connection, id, &report).await?;
    if before != Some(report.ok) {
        health::tell(
            &mut tx,
            Subject::Connection,
            &connection.key,
            before,
            &report,
        )
        .await?;
        tx.event(TOPIC, None).await?;
    }
    tx.commit().await?;
    Ok(())
}
