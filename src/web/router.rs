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
use crate::{clusters, connections};

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
            "/connections",
            get(connections::api::list).post(connections::api::create),
        )
        .route(
            "/connections/{id}",
            get(connections::api::show)
                .put(connections::api::update)
                .delete(connections::api::delete),
        )
        .route("/connections/{id}/test", post(connections::api::test))
        .route(
            "/clusters",
            get(clusters::api::list).post(clusters::api::create),
        )
        .route("/clusters/{id}", get(clusters::api::show))
        .route("/clusters/{id}/test", post(clusters::api::test))
        .route(
            "/environments",
            get(clusters::api::environments).post(clusters::api::create_environment),
        )
        .route(
            "/languages",
            get(clusters::api::languages).post(clusters::api::create_language),
        );
    let pages = Router::new()
        .route("/", get(identity::home))
        .route("/login", get(identity::login_page).post(identity::sign_in))
        .route("/login/as", post(identity::sign_in_as))
        .route("/logout", post(identity::sign_out))
        .route("/language", post(identity::set_language))
        .route(
            "/connections",
            get(connections::web::list).post(connections::web::create),
        )
        .route("/connections/new", get(connections::web::new))
        .route(
            "/connections/{key}",
            get(connections::web::show).post(connections::web::update),
        )
        .route("/connections/{key}/test", post(connections::web::test))
        .route("/connections/{key}/delete", post(connections::web::delete))
        .route(
            "/clusters",
            get(clusters::web::list).post(clusters::web::create),
        )
        .route("/clusters/new", get(clusters::web::new))
        .route(
            "/clusters/{key}",
            get(clusters::web::show).post(clusters::web::update),
        )
        .route("/clusters/{key}/test", post(clusters::web::test))
        .route(
            "/environments/new",
            get(clusters::environments_web::new_environment)
                .post(clusters::environments_web::create_environment),
        )
        .route(
            "/languages/new",
            get(clusters::environments_web::new_language)
                .post(clusters::environments_web::create_language),
        );
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
