//! Serving a simulator on loopback, with faults and the transcript around every route.
//!
//! Invariant: a simulator never listens on anything but loopback.

use std::io;
use std::net::Ipv4Addr;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::call::Unexpected;
use crate::faults::Harm;
use crate::stream::{Cut, CuttableListener};
use crate::transcript::Entry;
use crate::world::{System, World};

/// The largest request body; image layers of the demo are far smaller.
const BODY_MAX_BYTES: usize = 64 * 1024 * 1024;

/// How much of a request's body the transcript keeps.
const BODY_KEPT_BYTES: usize = 4096;

/// A running simulator. Dropping it stops accepting and lets running requests finish.
#[derive(Debug)]
pub struct Server {
    base: String,
    port: u16,
    stop: CancellationToken,
    cut_all: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `router` as `system` on 127.0.0.1; `port` 0 takes any free one.
    pub async fn start(
        world: &World,
        system: System,
        router: Router,
        port: u16,
    ) -> io::Result<Self> {
        let inner = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = inner.local_addr()?.port();
        let (stop, cut_all) = (CancellationToken::new(), CancellationToken::new());
        let gate = Gate {
            world: world.clone(),
            system,
        };
        let service = router
            .layer(from_fn_with_state(gate, pass))
            .into_make_service_with_connect_info::<Cut>();
        let listener = CuttableListener {
            inner,
            cut_all: cut_all.clone(),
        };
        let stopped = stop.clone().cancelled_owned();
        let task = tokio::spawn(async move {
            // Serving only ends by `stop`; its result type is infallible in practice.
            let _ = axum::serve(listener, service)
                .with_graceful_shutdown(stopped)
                .await;
        });
        Ok(Self {
            base: format!("http://127.0.0.1:{port}"),
            port,
            stop,
            cut_all,
            task: Some(task),
        })
    }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops as a crash would: no new connections, and every open one breaks now.
    ///
    /// Afterwards the port is free, so that the same system can come back at its old address.
    pub async fn kill(mut self) {
        self.cut_all.cancel();
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // Nothing is lost with a serving task that panicked: it was to end anyway.
            let _ = task.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[derive(Clone)]
struct Gate {
    world: World,
    system: System,
}

/// Takes a request past the faults to its route, and writes it down.
async fn pass(
    State(gate): State<Gate>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
    next: Next,
) -> Response {
    let (request, body) = match read(request).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let harm = gate.world.faults().take(&gate.system, &method, uri.path());
    let answer = match harm {
        None => Some(next.run(request).await),
        Some(Harm::Delay(how_long)) => {
            gate.world.clock().sleep(how_long).await;
            Some(next.run(request).await)
        }
        Some(Harm::Answer {
            status,
            headers,
            body,
        }) => Some(made_up(status, &headers, body)),
        Some(Harm::CutBefore) => None,
        Some(Harm::CutAfter) => {
            next.run(request).await;
            None
        }
    };
    let unexpected = answer.as_ref().and_then(Unexpected::of);
    gate.world.transcript().record(Entry {
        at: gate.world.clock().now(),
        system: gate.system,
        method,
        path: uri
            .path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default(),
        status: answer.as_ref().map(|answer| answer.status().as_u16()),
        body: String::from_utf8_lossy(&body).into_owned(),
        unexpected,
    });
    answer.unwrap_or_else(|| {
        cut.0.cancel();
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}

/// Reads the whole body, so that it can be shown and then handed on; upgrades are left alone.
async fn read(request: Request) -> Result<(Request, Bytes), Response> {
    if request.headers().contains_key(header::UPGRADE) {
        return Ok((request, Bytes::new()));
    }
    let (parts, body) = request.into_parts();
    match axum::body::to_bytes(body, BODY_MAX_BYTES).await {
        Ok(bytes) => {
            let kept = bytes.slice(..bytes.len().min(BODY_KEPT_BYTES));
            Ok((Request::from_parts(parts, Body::from(bytes)), kept))
        }
        Err(_) => Err(StatusCode::PAYLOAD_TOO_LARGE.into_response()),
    }
}

fn made_up(status: u16, headers: &[(String, String)], body: String) -> Response {
    let mut answer = body.into_response();
    *answer.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use axum::routing::post;

    use super::*;
    use crate::Fault;

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "a test's own client")]
    async fn a_lost_answer_leaves_its_effect() {
        let world = World::explicit();
        let effects = Arc::new(AtomicU32::new(0));
        let counted = effects.clone();
        let add = move || async move { counted.fetch_add(1, Ordering::SeqCst).to_string() };
        let router = Router::new().route("/add", post(add));
        let server = Server::start(&world, System::GITLAB, router, 0).await;
        let server = server.expect("a server");
        let url = format!("{}/add", server.base_url());
        let client = reqwest::Client::new();

        world.fault(Fault::on(System::GITLAB).post("/add").cut_before());
        world.fault(Fault::on(System::GITLAB).post("/add").cut_after());
        assert!(client.post(&url).send().await.is_err());
        assert_eq!(effects.load(Ordering::SeqCst), 0);
        assert!(client.post(&url).send().await.is_err());
        assert_eq!(effects.load(Ordering::SeqCst), 1);
        let answer = client.post(&url).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);

        let port = server.port();
        server.kill().await;
        assert!(client.post(&url).send().await.is_err());
        let again = Router::new().route("/add", post(|| async { "again" }));
        let again = Server::start(&world, System::GITLAB, again, port).await;
        assert_eq!(again.expect("a server").port(), port);

        let cut = world
            .transcript()
            .all()
            .iter()
            .filter(|e| e.status.is_none())
            .count();
        assert_eq!(cut, 2);
    }
}
