//! Watching a kind of object: one JSON line for each thing that happens to it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::header;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::cluster::{Change, Cluster};
use super::resources::Resource;
use super::selector::Selector;
use super::{status, table};
use crate::world::World;

/// What the real server takes when the client gives no limit is longer; clients must reconnect.
const LONGEST: Duration = Duration::from_secs(300);

/// A watch that was asked for.
pub(super) struct Watch {
    pub world: World,
    pub cluster: String,
    pub resource: &'static Resource,
    /// Empty for all of them.
    pub namespace: String,
    pub selector: Selector,
    /// Changes after this one are told.
    pub since: Since,
    pub bookmarks: bool,
    /// Whether objects are told as rows of a table.
    pub as_table: bool,
    pub lasts: Duration,
}

/// Where a watch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// With everything that is there, as things added.
    Now,
    Revision(u64),
}

struct Stream {
    watch: Watch,
    at: u64,
    lines: VecDeque<Bytes>,
    news: tokio::sync::watch::Receiver<u64>,
    until: Instant,
    ended: bool,
}

pub(super) fn answer(watch: Watch) -> Response {
    let state = watch.world.kubernetes();
    let Some(cluster) = state.clusters.get(&watch.cluster) else {
        return status::no_such_resource().into_response();
    };
    let news = cluster.changed.subscribe();
    let (at, lines) = match watch.since {
        Since::Revision(revision) => (revision, VecDeque::new()),
        Since::Now => (cluster.revision, everything(&watch, cluster)),
    };
    drop(state);
    let until = Instant::now() + watch.lasts.min(LONGEST);
    let stream = Stream {
        watch,
        at,
        lines,
        news,
        until,
        ended: false,
    };
    let body = Body::from_stream(futures_util::stream::unfold(stream, next));
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn everything(watch: &Watch, cluster: &Cluster) -> VecDeque<Bytes> {
    let now = watch.world.clock().now();
    cluster
        .list(watch.resource, &watch.namespace)
        .filter(|object| watch.selector.fits(object))
        .map(|object| watch.line("ADDED", object, now))
        .collect()
}

async fn next(mut stream: Stream) -> Option<(Result<Bytes, Infallible>, Stream)> {
    loop {
        if let Some(line) = stream.lines.pop_front() {
            return Some((Ok(line), stream));
        }
        if stream.ended {
            return None;
        }
        stream.news.mark_unchanged();
        stream.read_log();
        if stream.lines.is_empty() && !stream.ended {
            let news = tokio::time::timeout_at(stream.until, stream.news.changed()).await;
            if !matches!(news, Ok(Ok(()))) {
                stream.finish();
            }
        }
    }
}

impl Stream {
    fn read_log(&mut self) {
        let state = self.watch.world.kubernetes();
        let Some(cluster) = state.clusters.get(&self.watch.cluster) else {
            self.ended = true;
            return;
        };
        if self.at < cluster.forgotten {
            let expired = json!({"type": "ERROR", "object": gone()});
            self.lines.push_back(bytes(&expired));
            self.ended = true;
            return;
        }
        let now = self.watch.world.clock().now();
        let news = cluster
            .log
            .iter()
            .filter(|change| change.revision > self.at);
        for change in news {
            if let Some(line) = self.watch.tell(change, now) {
                self.lines.push_back(line);
            }
        }
        self.at = cluster.revision;
    }

    /// A last bookmark lets the client go on from here.
    fn finish(&mut self) {
        self.ended = true;
        if self.watch.bookmarks {
            let resource = self.watch.resource;
            let bookmark = json!({"type": "BOOKMARK", "object": {
                "kind": resource.kind, "apiVersion": resource.api_version(),
                "metadata": {"resourceVersion": self.at.to_string()},
            }});
            self.lines.push_back(bytes(&bookmark));
        }
    }
}

impl Watch {
    /// What one change means to somebody who sees only what fits the selector.
    fn tell(&self, change: &Change, now: jiff::Timestamp) -> Option<Bytes> {
        let here = change.resource == self.resource.plural
            && (self.namespace.is_empty() || change.namespace == self.namespace);
        if !here {
            return None;
        }
        let seen =
            |object: &Option<Value>| object.clone().filter(|object| self.selector.fits(object));
        let (kind, mut object) = match (seen(&change.before), seen(&change.after)) {
            (None, Some(after)) => ("ADDED", after),
            (Some(_), Some(after)) => ("MODIFIED", after),
            (Some(before), None) => ("DELETED", before),
            (None, None) => return None,
        };
        object["metadata"]["resourceVersion"] = json!(change.revision.to_string());
        Some(self.line(kind, &object, now))
    }

    fn line(&self, kind: &str, object: &Value, now: jiff::Timestamp) -> Bytes {
        let object = if self.as_table {
            table::of(self.resource, &[object], &Value::Null, now)
        } else {
            object.clone()
        };
        bytes(&json!({"type": kind, "object": object}))
    }
}

fn gone() -> Value {
    match status::expired() {
        status::No::Status(refusal) => refusal.body(),
        status::No::Unknown(_) => Value::Null,
    }
}

fn bytes(line: &Value) -> Bytes {
    Bytes::from(format!("{line}\n"))
}
