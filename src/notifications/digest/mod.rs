//! What waits, told once a day or whenever somebody set it.

mod store;

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::channel::ChannelId;
use super::message::Told;
use super::queue;
use crate::app::App;
use crate::cron::Cron;
use crate::db::DbError;
use crate::error::Words;
use crate::jobs::{Timer, When};

/// Whose digest it is.
pub struct Scheduled {
    pub channel: ChannelId,
    pub digest: String,
    pub time_zone: String,
}

/// The name of a channel's timer.
#[must_use]
pub fn name(channel: ChannelId) -> String {
    format!("notices.digest:{channel}")
}

struct Digest {
    app: App,
    channel: ChannelId,
    name: String,
    cron: Cron,
}

/// One timer for each channel that somebody set a time for.
///
/// # Errors
/// No database.
pub async fn schedules(app: &App) -> Result<Vec<Arc<dyn Timer>>, DbError> {
    let all = store::scheduled(app.db.pool()).await?;
    let timer = |s: Scheduled| -> Option<Arc<dyn Timer>> {
        Some(Arc::new(Digest {
            app: app.clone(),
            channel: s.channel,
            name: name(s.channel),
            cron: Cron::parse(&s.digest, &s.time_zone)?,
        }))
    };
    Ok(all.into_iter().filter_map(timer).collect())
}

#[async_trait]
impl Timer for Digest {
    fn name(&self) -> &str {
        &self.name
    }

    fn when(&self) -> When {
        When::Cron(Box::new(self.cron.clone()))
    }

    async fn run(&self) -> Result<(), String> {
        tell(&self.app, self.channel)
            .await
            .map_err(|e| e.to_string())
    }
}

/// Puts what waits on the channel's way; where nothing waits, nothing is said.
async fn tell(app: &App, channel: ChannelId) -> Result<(), DbError> {
    let mut tx = app.db.begin().await?;
    let waits = store::waiting(tx.connection(), channel).await?;
    let mut lines: Vec<(Words, String)> = Vec::new();
    for (number, subject) in waits.requests {
        let words = Words::new("notice-waits-request");
        let words = words.with("number", number).with("subject", subject);
        lines.push((words, format!("/requests/{number}")));
    }
    for (project, number, tag) in waits.releases {
        let words = Words::new("notice-waits-confirmation");
        let words = words.with("project", &project).with("tag", tag);
        lines.push((words, format!("/projects/{project}/releases/{number}")));
    }
    if waits.stuck > 0 {
        let words = Words::new("notice-waits-runs").with("n", waits.stuck);
        lines.push((words, "/runs?state=stuck".to_owned()));
    }
    if !lines.is_empty() {
        let now = queue::store::now(tx.connection()).await?;
        let told = Told::Digest { lines };
        queue::store::insert(tx.connection(), channel.0, Uuid::now_v7(), &told, now).await?;
    }
    tx.commit().await
}
