//! Looking at every cluster every so often.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt as _;

use super::{Cluster, TOPIC, list, outside};
use crate::app::App;
use crate::connections::{self, Subject};
use crate::error::AppError;
use crate::jobs::{Timer, When};

pub struct Watch(pub App);

#[must_use]
pub fn timers(app: &App) -> Vec<Arc<dyn Timer>> {
    vec![Arc::new(Watch(app.clone()))]
}

#[async_trait]
impl Timer for Watch {
    fn name(&self) -> &str {
        "clusters.watch"
    }

    fn when(&self) -> When {
        When::Every(connections::WATCH_EVERY)
    }

    async fn run(&self) -> Result<(), String> {
        let all = list(&self.0).await.map_err(|e| e.to_string())?;
        let looks = futures_util::stream::iter(all).map(|c| look(self.0.clone(), c));
        let at_once = connections::WATCH_AT_ONCE;
        let ended: Vec<_> = looks.buffer_unordered(at_once).collect().await;
        let failed = ended.into_iter().find_map(Result::err);
        failed.map_or(Ok(()), |e| Err(e.to_string()))
    }
}

async fn look(app: App, cluster: Cluster) -> Result<(), AppError> {
    let report = outside::ask(&app, &cluster).await?;
    let mut tx = app.db.begin().await?;
    let before = cluster.health.as_ref().map(|h| h.report.ok);
    connections::record(&mut tx, Subject::Cluster, cluster.id.0, &report).await?;
    if before != Some(report.ok) {
        connections::tell(&mut tx, Subject::Cluster, &cluster.key, before, &report).await?;
        tx.event(TOPIC, None).await?;
    }
    tx.commit().await?;
    Ok(())
}
