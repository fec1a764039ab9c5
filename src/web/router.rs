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
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::timeout::TimeoutLayer;

use super::{api, assets, csrf, events, extract, headers, idempotency, problem, session};
use crate::app::App;
use crate::error::AppError;
use crate::identity::delegation::web as away;
use crate::identity::groups::web as groups;
use crate::identity::people::{self, door};
use crate::identity::web::{self as identity, me};
use crate::notifications::web as notice_pages;
use crate::projects::members;
use crate::releases::web as releases;
use crate::releases::web::setbacks;
use crate::requests::policy::web as policies;
use crate::workloads::web as workloads;
use crate::{
    audit, changes, clusters, connections, drift, halt, home, intake, offboarding, onboarding,
    projects, requests, resources, runs, standards, terminals, vitals, waves,
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
        .merge(standard_pages())
        .merge(project_pages())
        .merge(workload_pages())
        .merge(notice_pages())
        .merge(release_pages())
        .merge(terminal_pages())
        .route_layer(count)
        .route_layer(banner)
        .nest("/api/v1", api::calls().layer(once))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            REQUEST_LIMIT,
        ));
    let streams = Router::new()
        .route("/events", get(events::stream))
        .nest("/api/v1", api::long_calls());
    let inside = limited
        .merge(streams)
        .layer(session::layer(app))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(extract::MAX_JSON_BYTES))
        .layer(from_fn_with_state(app.clone(), csrf::refuse_cross_site))
        .layer(from_fn_with_state(app.clone(), problem::render))
        .layer(from_fn(extract::add_context));
    let outside = Router::new()
        .merge(api::pages())
        .route("/static/{version}/{*name}", get(assets::serve))
        .route(
            "/inner/terminals/{id}",
            get(terminals::inner::answer::answer),
        )
        .route(
            "/hooks/gitlab/{project}",
            post(onboarding::hear).layer(DefaultBodyLimit::max(onboarding::MAX_PUSH_BYTES)),
        )
        .route("/healthz", get(alive))
        .route("/readyz", get(ready));
    let router = inside
        .merge(outside)
        .layer(CompressionLayer::new().compress_when(is_text()))
        .layer(from_fn(headers::add))
        .layer(CatchPanicLayer::new());
    let router = if app.settings.is_https() {
        router.layer(from_fn(headers::add_hsts))
    } else {
        router
    };
    router.with_state(app.clone())
}

/// What is worth making small. Somebody's file comes as it is, and says how long it is.
fn is_text() -> impl Predicate {
    let file = NotForContentType::const_new("application/octet-stream");
    DefaultPredicate::new().and(file)
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
        .route("/me/away", get(away::show).post(away::begin))
        .route("/me/delegations/{id}/end", post(away::end))
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
        .route(
            "/requests/drafts/removal",
            post(requests::web::throw_draft_away),
        )
        .route("/requests/{number}", get(requests::web::request))
        .route("/requests/{number}/decisions", post(requests::web::decide))
        .route(
            "/requests/{number}/withdrawal",
            post(requests::web::withdraw),
        )
        .route("/requests/{number}/renewal", post(requests::web::renew))
        .route("/requests/{number}/comments", post(requests::web::comment))
        .route(
            "/requests/{number}/revision",
            get(requests::web::form::revision).post(requests::web::form::revise),
        )
        .route(
            "/requests/{number}/revisions/{revision}",
            get(requests::revisions::web::show),
        )
        .route(
            "/requests/{number}/copy",
            get(requests::web::form::copy).post(requests::web::form::file_copy),
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
        .route("/people/groups", get(groups::list).post(groups::create))
        .route("/people/groups/new", get(groups::new))
        .route(
            "/people/groups/{key}",
            get(groups::show).post(groups::update),
        )
        .route("/people/groups/{key}/delete", post(groups::delete))
        .route("/policies", get(policies::list).post(policies::create))
        .route("/policies/new", get(policies::new))
        .route("/policies/{id}", get(policies::show).post(policies::update))
        .route("/policies/{id}/delete", post(policies::delete))
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
        .route(
            "/clusters/{key}/intake",
            get(intake::web::table)
                .post(intake::web::ask)
                .layer(DefaultBodyLimit::max(intake::web::MAX_TABLE_BYTES)),
        )
        .route("/clusters/{key}/intake.csv", get(intake::web::download))
        .route("/intakes/{number}", get(intake::web::show))
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

/// What services share, and its way to them.
fn standard_pages() -> Router<App> {
    Router::new()
        .route("/standards", get(standards::web::list))
        .route(
            "/standards/{kind}/{key}",
            get(standards::web::layer).post(standards::web::propose),
        )
        .route(
            "/standards/images",
            get(standards::images::web::show).post(standards::images::web::set),
        )
        .route(
            "/standards/rails",
            get(standards::rails::web::overrides).post(standards::rails::web::overrule),
        )
        .route(
            "/standards/rails/{id}/end",
            post(standards::rails::web::end),
        )
        .route("/help/parameters", get(standards::web::parameters))
        .route("/help/rails", get(standards::rails::web::help))
        .route("/help/rails/{rail}", get(standards::rails::web::explain))
        .route("/waves", get(waves::web::list))
        .route("/waves/{id}", get(waves::web::show))
        .route("/waves/{id}/resumption", post(waves::web::resume))
        .route("/waves/{id}/stop", post(waves::web::stop))
}

/// One project's places: overview, people, containers, resources.
fn project_pages() -> Router<App> {
    Router::new()
        .route("/projects/{key}", get(home::project::overview))
        .route(
            "/projects/{key}/members",
            get(members::web::show).post(members::web::put),
        )
        .route("/projects/{key}/members/request", post(members::web::ask))
        .route(
            "/projects/{key}/members/removal",
            post(members::web::remove),
        )
        .route(
            "/projects/{key}/settings",
            get(projects::web::settings).post(projects::web::save),
        )
        .route(
            "/projects/{key}/setup",
            get(onboarding::web::show).post(onboarding::web::repeat),
        )
        .route(
            "/projects/{key}/programs",
            get(projects::web::programs::show).post(projects::web::programs::create),
        )
        .route(
            "/projects/{key}/programs/{id}/revocation",
            post(projects::web::programs::revoke),
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
            "/projects/{key}/offboarding",
            get(offboarding::web::offboarding_form).post(offboarding::web::ask_offboarding),
        )
        .route(
            "/projects/{key}/containers/change",
            get(workloads::change_form).post(workloads::ask_change),
        )
}

/// What is done with containers that are there.
fn workload_pages() -> Router<App> {
    Router::new()
        .route(
            "/projects/{key}/workloads/{id}/removal",
            get(offboarding::web::removal_form).post(offboarding::web::ask_removal),
        )
        .route(
            "/projects/{key}/workloads/{id}/scale",
            post(changes::web::scale),
        )
        .route(
            "/projects/{key}/workloads/{id}/drift",
            get(drift::web::show),
        )
        .route(
            "/projects/{key}/workloads/{id}/drift/adopt",
            post(drift::web::adopt),
        )
        .route(
            "/projects/{key}/workloads/{id}/drift/restore",
            post(drift::web::restore),
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
            get(releases::lines::lines),
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

/// Who is told what, on which way: for operations, for a project, for oneself.
fn notice_pages() -> Router<App> {
    use notice_pages as pages;
    Router::new()
        .route("/notices", get(pages::list).post(pages::create))
        .route("/notices/new", get(pages::new))
        .route("/notices/{key}", get(pages::show).post(pages::update))
        .route("/notices/{key}/test", post(pages::test))
        .route("/notices/{key}/again", post(pages::again))
        .route("/notices/{key}/delete", post(pages::delete))
        .route(
            "/projects/{key}/notices",
            get(pages::project::show).post(pages::project::create),
        )
        .route(
            "/projects/{key}/notices/{id}/test",
            post(pages::project::test),
        )
        .route(
            "/projects/{key}/notices/{id}/delete",
            post(pages::project::delete),
        )
        .route("/me/notices", get(pages::me::show).post(pages::me::save))
}

/// Shells in containers, and what they showed.
fn terminal_pages() -> Router<App> {
    use terminals::access::web as access;
    use terminals::web as pages;
    Router::new()
        .route("/terminals", post(pages::create))
        .route("/terminals/new", get(pages::new))
        .route("/terminals/{id}", get(pages::show))
        .route("/terminals/{id}/end", post(pages::end))
        .route(
            "/projects/{key}/shell-access",
            get(access::show).post(access::ask),
        )
        .route("/projects/{key}/shell-access/{id}/end", post(access::end))
        .route("/recordings", get(pages::list))
        .route("/recordings/{id}", get(pages::recording))
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
