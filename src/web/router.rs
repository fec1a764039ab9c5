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
use crate::releases::web as releases;
use crate::releases::web::setbacks;
use crate::runs::web as runs;
use crate::workloads::web as workloads;
use crate::{audit, clusters, connections, home, projects, requests};

/// A page asks outside systems for at most three seconds; nothing else takes this long.
const REQUEST_LIMIT: Duration = Duration::from_secs(15);

/// The whole surface. Streams get no time limit; everything else does.
pub fn router(app: &App) -> Router {
    // The menu of every page counts what waits for its reader.
    let count = from_fn_with_state(app.clone(), requests::web::count_for_menu);
    let limited = pages()
        .merge(project_pages())
        .route_layer(count)
        .nest(
            "/api/v1",
            platform_api().merge(request_api()).merge(release_api()),
        )
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

/// Pages, in the order of the menu.
fn pages() -> Router<App> {
    Router::new()
        .route("/", get(home::web::home))
        .route("/login", get(identity::login_page).post(identity::sign_in))
        .route("/login/as", post(identity::sign_in_as))
        .route("/logout", post(identity::sign_out))
        .route("/language", post(identity::set_language))
        .route("/projects", get(projects::web::list))
        .route(
            "/projects/new",
            get(projects::web::form).post(projects::web::ask),
        )
        .route("/requests", get(requests::web::inbox))
        .route("/requests/{number}", get(requests::web::request))
        .route("/requests/{number}/decisions", post(requests::web::decide))
        .route(
            "/requests/{number}/withdrawal",
            post(requests::web::withdraw),
        )
        .route("/audit", get(audit::web::trail))
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
        )
}

/// One project's places: overview, releases, containers.
fn project_pages() -> Router<App> {
    Router::new()
        .route("/projects/{key}", get(home::project::overview))
        .route(
            "/projects/{key}/settings",
            get(projects::web::settings).post(projects::web::save),
        )
        .route("/projects/{key}/containers", get(workloads::containers))
        .route(
            "/projects/{key}/containers/new",
            get(workloads::form).post(workloads::ask),
        )
        .route(
            "/projects/{key}/workloads/{id}/restart",
            post(releases::restart::restart),
        )
        .route("/projects/{key}/releases", get(releases::history))
        .route(
            "/projects/{key}/releases/new",
            get(releases::form).post(releases::open),
        )
        .route("/projects/{key}/releases/{n}", get(releases::release))
        .route(
            "/projects/{key}/releases/{n}/log",
            get(releases::log::download),
        )
        .route(
            "/projects/{key}/releases/{n}/log/lines",
            get(releases::log::lines),
        )
        .route(
            "/projects/{key}/releases/{n}/confirmation",
            post(releases::confirm),
        )
        .route(
            "/projects/{key}/releases/{n}/deployments",
            post(releases::deploy),
        )
        .route(
            "/projects/{key}/environments/{env}/rollbacks",
            post(releases::roll_back),
        )
        .route(
            "/projects/{key}/releases/{n}/cancellation",
            post(setbacks::cancel),
        )
        .route(
            "/projects/{key}/releases/{n}/rejection",
            post(setbacks::reject),
        )
        .route(
            "/projects/{key}/releases/{n}/builds",
            post(setbacks::rebuild),
        )
        .route(
            "/projects/{key}/releases/{n}/withdrawal",
            post(setbacks::withdraw),
        )
        .route("/projects/{key}/releases/{n}/aborts", post(setbacks::abort))
}

/// Signing in, and what operations and administrators register.
fn platform_api() -> Router<App> {
    Router::new()
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
        )
}

/// Projects, what is asked for, and what is on record.
fn request_api() -> Router<App> {
    Router::new()
        .route(
            "/projects",
            get(projects::api::list).post(projects::api::ask),
        )
        .route(
            "/projects/{key}",
            get(projects::api::show).patch(projects::api::change),
        )
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
        .route("/audit", get(audit::api::list))
}

/// From a commit to production and back.
fn release_api() -> Router<App> {
    Router::new()
        .route(
            "/projects/{key}/releases",
            get(releases::api_list).post(releases::api_open),
        )
        .route("/projects/{key}/releases/{n}", get(releases::api_by_number))
        .route("/projects/{key}/workloads", get(workloads::api_list))
        .route(
            "/projects/{key}/environments/{env}/rollbacks",
            get(releases::api_candidates).post(releases::api_roll_back),
        )
        .route("/workloads/{id}/pods", get(workloads::api_pods))
        .route(
            "/workloads/{id}/restart",
            post(releases::restart::api_restart),
        )
        .route("/releases/{id}", get(releases::api_show))
        .route("/releases/{id}/log", get(releases::log::api_log))
        .route(
            "/releases/{id}/confirmation",
            post(releases::api_confirm).delete(setbacks::api_withdraw),
        )
        .route("/releases/{id}/cancellation", post(setbacks::api_cancel))
        .route("/releases/{id}/rejection", post(setbacks::api_reject))
        .route("/releases/{id}/builds", post(setbacks::api_rebuild))
        .route("/deployments/{id}/abort", post(setbacks::api_abort))
        .route("/releases/{id}/deployments", post(releases::api_deploy))
        .route("/runs", get(runs::api_list))
        .route("/steps/{id}/retry", post(runs::api_retry))
        .route("/steps/{id}/look", post(runs::api_look_now))
        .route("/steps/{id}/abandonment", post(runs::api_abandon))
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
