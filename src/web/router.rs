//! Every route on one screen, and the layers round them.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::{delete, get, post, put};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;

use super::{assets, csrf, events, extract, headers, idempotency, problem, session};
use crate::app::App;
use crate::error::AppError;
use crate::identity::people::{self, door};
use crate::identity::tokens::api as tokens;
use crate::identity::web::{self as identity, me};
use crate::projects::members;
use crate::releases::web as releases;
use crate::releases::web::setbacks;
use crate::workloads::web as workloads;
use crate::{
    audit, clusters, connections, halt, home, projects, requests, resources, runs, vitals,
};

/// A page asks outside systems for at most three seconds; nothing else takes this long.
const REQUEST_LIMIT: Duration = Duration::from_secs(15);

/// The whole surface. Streams get no time limit; everything else does.
pub fn router(app: &App) -> Router {
    // The menu of every page counts what waits for its reader.
    let count = from_fn_with_state(app.clone(), requests::web::count_for_menu);
    let once = from_fn_with_state(app.clone(), idempotency::once);
    let banner = from_fn_with_state(app.clone(), halt::web::look_for_banner);
    let limited = pages()
        .merge(platform_pages())
        .merge(registry_pages())
        .merge(project_pages())
        .merge(release_pages())
        .route_layer(count)
        .route_layer(banner)
        .nest(
            "/api/v1",
            platform_api()
                .merge(request_api())
                .merge(release_api())
                .layer(once),
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
        .route("/login/password", get(door::form).post(door::choose))
        .route("/logout", post(identity::sign_out))
        .route("/language", post(identity::set_language))
        .route("/me", get(me::me))
        .route("/me/tokens", post(me::create_token))
        .route("/me/tokens/{id}/revocation", post(me::revoke_token))
        .route("/me/sessions/{key}/revocation", post(me::revoke_session))
        .route("/me/password", post(me::set_password))
        .route("/projects", get(home::projects::list))
        .route(
            "/projects/new",
            get(projects::web::form).post(projects::web::ask),
        )
        .route(
            "/resources",
            get(home::resources::list).post(resources::web::register),
        )
        .route("/resources.csv", get(resources::export::download))
        .route("/resources/new", get(resources::web::form))
        .route("/resources/{n}", get(resources::web::show))
        .route(
            "/resources/{n}/edit",
            get(resources::web::edit).post(resources::web::save),
        )
        .route("/resources/{n}/making", post(resources::web::make))
        .route("/resources/{n}/retirement", post(resources::web::retire))
        .route(
            "/resources/{n}/retirement-request",
            post(resources::web::ask_retirement),
        )
        .route("/requests", get(requests::web::inbox))
        .route("/requests/{number}", get(requests::web::request))
        .route("/requests/{number}/decisions", post(requests::web::decide))
        .route(
            "/requests/{number}/withdrawal",
            post(requests::web::withdraw),
        )
}

/// What operations, administrators and auditors look after.
fn platform_pages() -> Router<App> {
    Router::new()
        .route("/health", get(vitals::web::show))
        .route("/runs", get(runs::web::list))
        .route("/runs/{id}", get(runs::web::run))
        .route("/steps/{id}/retry", post(runs::web::retry))
        .route("/steps/{id}/look", post(runs::web::look_now))
        .route("/steps/{id}/abandonment", post(runs::web::abandon))
        .route(
            "/production-stop",
            get(halt::web::show).post(halt::web::stop),
        )
        .route("/production-stop/end", post(halt::web::lift))
        .route("/production-stop/banner", get(halt::web::banner))
        .route("/people", get(people::web::list).post(people::web::create))
        .route("/people/new", get(people::web::new))
        .route(
            "/people/{user}",
            get(people::web::show).post(people::web::update),
        )
        .route("/people/{user}/password", post(people::web::reset_password))
        .route("/people/{user}/disablement", post(people::web::disable))
        .route("/people/{user}/enablement", post(people::web::enable))
        .route("/audit", get(audit::web::trail))
        .route("/audit.csv", get(audit::export::download))
}

/// What administrators register: outside systems, clusters, environments, languages.
fn registry_pages() -> Router<App> {
    Router::new()
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
        .route("/clusters/{key}/delete", post(clusters::web::delete))
        .route(
            "/environments/{key}",
            get(clusters::change_web::show_environment)
                .post(clusters::change_web::update_environment),
        )
        .route(
            "/environments/{key}/delete",
            post(clusters::change_web::delete_environment),
        )
        .route(
            "/languages/{key}",
            get(clusters::change_web::show_language).post(clusters::change_web::update_language),
        )
        .route(
            "/languages/{key}/delete",
            post(clusters::change_web::delete_language),
        )
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

/// One project's places: overview, people, containers, resources.
fn project_pages() -> Router<App> {
    Router::new()
        .route("/projects/{key}", get(home::project::overview))
        .route(
            "/projects/{key}/members",
            get(members::web::show).post(members::web::put),
        )
        .route(
            "/projects/{key}/members/removal",
            post(members::web::remove),
        )
        .route(
            "/projects/{key}/settings",
            get(projects::web::settings).post(projects::web::save),
        )
        .route("/projects/{key}/containers", get(workloads::containers))
        .route("/projects/{key}/resources", get(resources::web::of_project))
        .route(
            "/projects/{key}/resources/new",
            get(resources::web::ask_form).post(resources::web::ask),
        )
        .route(
            "/projects/{key}/containers/new",
            get(workloads::form).post(workloads::ask),
        )
        .route(
            "/projects/{key}/workloads/{id}/restart",
            post(releases::restart::restart),
        )
}

/// One project's releases, from the form to production and back.
fn release_pages() -> Router<App> {
    Router::new()
        .route("/projects/{key}/releases", get(releases::history))
        .route(
            "/projects/{key}/releases/new",
            get(releases::form).post(releases::open),
        )
        .route(
            "/projects/{key}/images/new",
            get(releases::import_form).post(releases::import),
        )
        .route("/projects/{key}/releases/{n}", get(releases::release))
        .route("/projects/{key}/releases/{n}/waiver", post(releases::waive))
        .route(
            "/projects/{key}/releases/{n}/job",
            get(releases::job).post(releases::decide_job),
        )
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
        .route("/tokens", get(tokens::list).post(tokens::create))
        .route("/tokens/{id}", delete(tokens::revoke))
        .route("/people", get(people::api::list).post(people::api::create))
        .route(
            "/people/{user}",
            get(people::api::show).put(people::api::change),
        )
        .route("/people/{user}/password", post(people::api::reset_password))
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
        .route("/connections/{id}/health", get(connections::api::health))
        .route(
            "/clusters",
            get(clusters::api::list).post(clusters::api::create),
        )
        .route(
            "/clusters/{id}",
            get(clusters::api::show)
                .put(clusters::api::update)
                .delete(clusters::api::delete),
        )
        .route(
            "/environments/{id}",
            put(clusters::api::update_environment).delete(clusters::api::delete_environment),
        )
        .route(
            "/languages/{id}",
            put(clusters::api::update_language).delete(clusters::api::delete_language),
        )
        .route("/clusters/{id}/test", post(clusters::api::test))
        .route("/clusters/{id}/health", get(clusters::api::health))
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
            "/projects/{key}/tokens",
            get(projects::tokens::list).post(projects::tokens::create),
        )
        .route(
            "/projects/{key}/tokens/{id}",
            delete(projects::tokens::revoke),
        )
        .route(
            "/projects/{key}/members",
            get(members::api::list).post(members::api::put),
        )
        .route(
            "/projects/{key}/members/{user}/{role}",
            delete(members::api::remove),
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
        .route(
            "/resources",
            get(home::resources::api_list).post(resources::api::register),
        )
        .route("/resources.csv", get(resources::export::download))
        .route(
            "/resources/{id}",
            get(resources::api::show).put(resources::api::change),
        )
        .route("/resources/{id}/making", post(resources::api::make))
        .route("/resources/{id}/retirement", post(resources::api::retire))
        .route("/projects/{key}/resources", get(resources::api::of_project))
        .route("/audit", get(audit::api::list))
        .route("/audit.csv", get(audit::export::download))
}

/// From a commit to production and back.
fn release_api() -> Router<App> {
    Router::new()
        .route(
            "/projects/{key}/releases",
            get(releases::api_list).post(releases::api_open),
        )
        .route("/projects/{key}/releases/{n}", get(releases::api_by_number))
        .route("/projects/{key}/images", post(releases::api_import))
        .route("/releases/{id}/waiver", post(releases::api_waive))
        .route(
            "/releases/{id}/job",
            get(releases::api_job).post(releases::api_decide_job),
        )
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
        .route("/health", get(vitals::api::show))
        .route("/runs", get(runs::api::list))
        .route("/runs/{id}", get(runs::api::show))
        .route(
            "/production-stop",
            get(halt::api::show)
                .put(halt::api::stop)
                .delete(halt::api::lift),
        )
        .route("/steps/{id}/retry", post(runs::api::retry))
        .route("/steps/{id}/look", post(runs::api::look_now))
        .route("/steps/{id}/abandonment", post(runs::api::abandon))
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
