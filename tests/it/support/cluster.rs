//! As much of an API server as a cluster's test asks: its version, and what one may do.

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde_json::{Value, json};
use slipway_sim::{Server, System, World};

pub const TOKEN: &str = "cluster-token";
pub const VERSION: &str = "v1.34.1";

/// Serves one that grants everything but the verbs on the resource named.
pub async fn serve(world: &World, name: &str, refused: &'static [(&str, &str)]) -> Server {
    let version = || async {
        Json(json!({
            "major": "1", "minor": "34", "gitVersion": VERSION, "gitCommit": "", "buildDate": "",
            "gitTreeState": "clean", "goVersion": "", "compiler": "gc", "platform": "linux/amd64",
        }))
    };
    let review = move |body: Bytes| async move { Json(answer(&body, refused)) };
    let reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let router = Router::new()
        .route("/version", get(version))
        .route(reviews, post(review))
        .layer(middleware::from_fn(check));
    let system = System::named(name);
    Server::start(world, system, router, 0).await.unwrap()
}

async fn check(request: Request, next: middleware::Next) -> Response {
    let given = request.headers().get("authorization");
    if given.is_some_and(|v| v == &format!("Bearer {TOKEN}")) {
        return next.run(request).await;
    }
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "Unauthorized", "reason": "Unauthorized", "code": 401,
    });
    (StatusCode::UNAUTHORIZED, Json(status)).into_response()
}

fn answer(body: &[u8], refused: &[(&str, &str)]) -> Value {
    let mut review: Value = serde_json::from_slice(body).unwrap();
    let wanted = &review["spec"]["resourceAttributes"];
    let is = |(resource, verb): &(&str, &str)| {
        wanted["resource"] == *resource && wanted["verb"] == *verb && wanted["subresource"] == ""
    };
    let allowed = !refused.iter().any(is);
    review["status"] = json!({ "allowed": allowed });
    review
}

pub fn kubeconfig(server: &str, token: &str) -> String {
    format!(
        "apiVersion: v1
kind: Config
current-context: main
contexts: [{{name: main, context: {{cluster: here, user: slipway}}}}]
clusters: [{{name: here, cluster: {{server: \"{server}\"}}}}]
users: [{{name: slipway, user: {{token: {token}}}}}]
"
    )
}
