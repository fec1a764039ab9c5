//! Every route on one screen, and the layers round them.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;

use super::{assets, csrf, events, extract, headers, problem, session};
use crate::app::App;
use crate::error::AppError;
use crate::identity::web as identity;
use crate::{audit, home, projects, requests};

/// A page asks outside systems for at most three seconds; nothing else takes this long.
const REQUEST_LIMIT: Duration = Duration::from_secs(15);

/// The whole surface. Streams get no time limit; everything else does.
pub fn router(app: &App) -> Router {
    let api = Router::new()
        .route(
            "/session",
            post(identity::api_sign_in).delete(identity::api_sign_out),
        )
        .route("/me", get(identity::api_me))
        .route(
            "/projects",
            get(projects::api::list).post(projects::api::ask),
        )
        .route("/projects/{key}", get(projects::api::show))
        .route(
            "/requests",
            get(requests::api::list).post(requests::api::file),
        )
        .route("/requests/{number}", get(requests::api::show))
        .route("/requests/{number}/decisions", post(requests::api::decide))
        .route(
            "/requests/{number}/withdrawal",
            post(requests::api::withdraw),
        )
        .route("/audit", get(audit::api::list));
    let pages = Router::new()
        .route("/", get(home::web::home))
        .route("/projects", get(projects::web::list))
        .route(
            "/projects/new",
            get(projects::web::form).post(projects::web::ask),
        )
        .route("/projects/{key}", get(home::project::overview))
        .route("/audit", get(audit::web::trail))
        .route("/requests", get(requests::web::inbox))
        .route("/requests/{number}", get(requests::web::request))
        .route("/requests/{number}/decisions", post(requests::web::decide))
        .route(
            "/requests/{number}/withdrawal",
            post(requests::web::withdraw),
        )
        .route("/login", get(identity::login_page).post(identity::sign_in))
        .route("/login/as", post(identity::sign_in_as))
        .route("/logout", post(identity::sign_out))
        .route("/language", post(identity::set_language))
        .route_layer(from_fn_with_state(
            app.clone(),
            requests::web::count_for_menu,
        ));
    let limited = pages
        .nest("/api/v1", api)
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            REQUEST_LIMIT,
        ));
    let streams = Router::new().route("/events", get(events::stream));
    let inside = limited
        .merge(streams)
        .layer(session::layer(app))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(extract::MAX_JSON_BYTES))
        .layer(from_fn_with_state(app.clone(), csrf::refuse_cross_site))
        .layer(from_fn_with_state(app.clone(), problem::render))
        .layer(from_fn(extract::add_context));
    let outside = Router::new()
        .route("/static/{version}/{*name}", get(assets::serve))
        .route("/healthz", get(alive))
        .route("/readyz", get(ready));
    let router = inside
        .merge(outside)
        .layer(CompressionLayer::new())
        .layer(from_fn(headers::add))
        .layer(CatchPanicLayer::new());
    let router = if app.settings.is_https() {
        router.layer(from_fn(headers::add_hsts))
    } else {
        router
    };
    router.with_state(app.clone())
}

async fn not_found() -> AppError {
    AppError::NotFound
}

/// The process runs.
async fn alive() -> &'static str {
    "ok\n"
}

/// The process can work: its database answers and has our schema.
async fn ready(State(app): State<App>) -> impl IntoResponse {
    match app.db.check_schema().await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")),
    }
}
