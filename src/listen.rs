//! The front door: takes connections in, no more than the process has files for, and lets go of
//! those that say nothing.
//!
//! Invariant: however many come, files are left for the database, for clusters and for what is
//! recorded; who comes later waits in the kernel's queue.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::{Router, http::Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// A connection on which no whole head of a request came for so long is closed. Proxies in front
/// keep idle ones for a minute, and none of theirs is closed under them.
const PATIENCE: Duration = Duration::from_secs(120);
/// The same while more than half of all places are taken.
const HURRY: Duration = Duration::from_secs(10);
/// More than this no process serves well, whatever the machine allows.
const MOST: usize = 10_000;
/// Between a connection that could not be taken in and the next try.
const RECOVER: Duration = Duration::from_secs(1);

/// How many connections may be open at once: three of four files that the process may open, after
/// it took all that it is given. The usual limit of 1,024 is there for programs of another age.
fn room() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    (files / 4).saturating_mul(3).clamp(1, MOST)
}

/// Serves until `stop`, and then what was begun; the caller says how long that may last.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let room = room();
    let places = Arc::new(Semaphore::new(room));
    let begun = TaskTracker::new();
    while let Some((connection, peer, place)) = next(&listener, &places, &stop).await {
        // What a terminal shows is small and must not wait for the answer to what it showed
        // before. A connection that has gone already is found out by who reads.
        drop(connection.set_nodelay(true));
        let service = router
            .clone()
            .map_request(move |request| from(request, peer));
        let is_full = places.available_permits() < room / 2;
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(if is_full { HURRY } else { PATIENCE })
            .serve_connection(TokioIo::new(connection), TowerToHyperService::new(service))
            .with_upgrades();
        let stop = stop.clone();
        begun.spawn(async move {
            let mut serving = pin!(serving);
            let ended = tokio::select! {
                ended = serving.as_mut() => ended,
                () = stop.cancelled() => {
                    serving.as_mut().graceful_shutdown();
                    serving.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, %peer, "a connection broke off");
            }
            drop(place);
        });
    }
    drop(listener);
    begun.close();
    begun.wait().await;
}

/// The next connection with its place; none once the portal stops.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let coming = async {
        if places.available_permits() == 0 {
            tracing::warn!("every place for a connection is taken; others wait");
        }
        let place = places.clone().acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((connection, peer)) => return Some((connection, peer, place)),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken in");
                    let _ = tokio::time::timeout(RECOVER, std::future::pending::<()>()).await;
                }
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => None,
        next = coming => next,
    }
}

fn from(mut request: Request<Incoming>, peer: SocketAddr) -> Request<Body> {
    request.extensions_mut().insert(ConnectInfo(peer));
    request.map(Body::new)
}
