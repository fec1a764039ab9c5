//! Recordings go when they are older than somebody said, and passes soon after they are over; who
//! opened which terminal stays.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;

use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::DbError;
use crate::jobs::{Timer, When};
use crate::terminals::store;

/// It costs nothing where nothing is to go.
const LOOK_EVERY: Duration = Duration::from_secs(300);

pub struct Retention(pub App);

#[async_trait]
impl Timer for Retention {
    fn name(&self) -> &str {
        "recordings.expire"
    }

    fn when(&self) -> When {
        When::Every(LOOK_EVERY)
    }

    async fn run(&self) -> Result<(), String> {
        let passes = store::let_passes_go(self.0.db.pool()).await;
        passes.map_err(|error| error.to_string())?;
        let Some(days) = self.0.settings.terminals.recording_days else {
            return Ok(());
        };
        let gone = let_go(&self.0, days).await;
        gone.map_err(|error| error.to_string())
    }
}

async fn let_go(app: &App, days: i32) -> Result<(), DbError> {
    let mut tx = app.db.begin().await?;
    let gone = store::let_recordings_go(tx.connection(), days).await?;
    if gone.is_empty() {
        return Ok(());
    }
    let entry = Entry::done("recording.expire", "recording", "all");
    let entry = entry.after(json!({ "days": days, "months": gone }));
    audit::record(&mut tx, &entry, &Origin::default()).await?;
    tx.commit().await
}
