//! Triggering, and what becomes of an item in the queue.

use reqwest::header::LOCATION;
use reqwest::{Method, StatusCode};

use super::{Jenkins, JobName, fault, wire};
use crate::integrations::CallError;
use crate::integrations::answer::Answer;

const ITEM_TREE: &str = "why,cancelled,executable[number]";

const IDS_TREE: &str = "items[id]";

/// An accepted trigger. Without a queue id the build must be looked for by its parameters, and
/// may even have been dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Triggered {
    pub queue_id: Option<u64>,
}

/// Where an item of the queue stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueItem {
    /// In the quiet period.
    Waiting { why: String },
    /// Another build has to end first.
    Blocked { why: String },
    /// Waits for a free executor.
    Buildable { why: String },
    /// Became this build; for a moment the number is not known yet.
    Left { build: Option<u64> },
    /// Taken out of the queue; it will never run.
    Cancelled,
}

impl Jenkins {
    /// Starts a build without the quiet period. `params` must include one that is unique to this
    /// build and that the job declares: equal triggers are merged, undeclared parameters dropped.
    ///
    /// # Errors
    /// `Refused` where the job has no parameters, `Conflict` where it is not buildable.
    pub async fn trigger(
        &self,
        name: &JobName,
        params: &[(&str, &str)],
    ) -> Result<Triggered, CallError> {
        let path = name.path(&["buildWithParameters"]);
        let build = || {
            let request = self.request(Method::POST, &path);
            request.query(&[("delay", "0sec")]).form(params)
        };
        let answer = self.post(build).await?;
        match answer.status {
            StatusCode::CREATED | StatusCode::SEE_OTHER | StatusCode::FOUND => Ok(Triggered {
                queue_id: queue_id(&answer),
            }),
            _ => Err(fault(&answer)),
        }
    }

    /// `None` five minutes after the item left the queue, and after some restarts.
    pub async fn queue_item(&self, id: u64) -> Result<Option<QueueItem>, CallError> {
        let id = id.to_string();
        let path = ["queue", "item", &id, "api", "json"];
        let Some(answer) = self.find(&path, &[("tree", ITEM_TREE)]).await? else {
            return Ok(None);
        };
        state(answer.json()?).map(Some)
    }

    /// How many items were queued before this one and still are; none where it has left.
    pub async fn queued_before(&self, id: u64) -> Result<usize, CallError> {
        let answer = self
            .get(&["queue", "api", "json"], &[("tree", IDS_TREE)])
            .await?;
        let queue: wire::QueueIds = answer.json()?;
        Ok(queue.items.iter().filter(|item| item.id < id).count())
    }

    /// Whether the item was there to be cancelled; if not, it may just have started.
    pub async fn cancel_queue_item(&self, id: u64) -> Result<bool, CallError> {
        let id = id.to_string();
        let build = || {
            let request = self.request(Method::POST, &["queue", "cancelItem"]);
            request.query(&[("id", &id)])
        };
        let answer = self.post(build).await?;
        match answer.status {
            StatusCode::NO_CONTENT | StatusCode::OK | StatusCode::FOUND => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(fault(&answer)),
        }
    }
}

/// The number after `/queue/item/`; the host before it may be one that we can't reach.
fn queue_id(answer: &Answer) -> Option<u64> {
    let location = answer.header(LOCATION.as_str())?;
    let (_, rest) = location.rsplit_once("/queue/item/")?;
    rest.split('/').next()?.parse().ok()
}

fn state(item: wire::QueueItem) -> Result<QueueItem, CallError> {
    let why = item.why.unwrap_or_default();
    match item.class.rsplit('$').next() {
        Some("WaitingItem") => Ok(QueueItem::Waiting { why }),
        Some("BlockedItem") => Ok(QueueItem::Blocked { why }),
        Some("BuildableItem") => Ok(QueueItem::Buildable { why }),
        Some("LeftItem") if item.cancelled => Ok(QueueItem::Cancelled),
        Some("LeftItem") => Ok(QueueItem::Left {
            build: item.executable.map(|executable| executable.number),
        }),
        _ => Err(CallError::Unexpected {
            detail: format!("a queue item of class {}", item.class),
        }),
    }
}
