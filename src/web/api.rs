//! The API's whole surface on one screen, described by the very handlers that answer.

mod document;
mod swagger;

use std::future::ready;

use axum::Router;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::identity::delegation::api as delegation;
use crate::identity::groups::api as groups;
use crate::identity::people::api as people;
use crate::identity::tokens::api as tokens;
use crate::identity::web as identity;
use crate::notifications::api as notices;
use crate::projects::members::api as members;
use crate::releases::web as releases;
use crate::releases::web::setbacks;
use crate::requests::policy::api as policies;
use crate::workloads::web as workloads;
use crate::{
    audit, clusters, connections, drift, halt, home, intake, onboarding, projects, requests,
    resources, runs, standards, terminals, vitals, waves,
};

/// Calls without those that take long.
fn short() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(document::beginning())
        .merge(platform())
        .merge(registry())
        .merge(project())
        .merge(resource())
        .merge(release())
        .merge(notice())
        .merge(standard())
        .merge(terminal())
}

/// Every call under `/api/v1` that is answered in time.
pub fn calls() -> Router<App> {
    short().split_for_parts().0
}

/// Every call under `/api/v1` that may take as long as somebody's line is slow.
pub fn long_calls() -> Router<App> {
    long().split_for_parts().0
}

/// The description of every call, as OpenAPI 3.1.
#[must_use]
pub fn document() -> OpenApi {
    let (_, mut document) = short().merge(long()).split_for_parts();
    document::finish(&mut document);
    document
}

/// The description and Swagger UI, for everybody, and without a call to any other host.
pub fn pages() -> Router<App> {
    let document = axum::Json(document());
    Router::new()
        .route("/api/v1/openapi.json", get(move || ready(document.clone())))
        .route("/api/docs", get(swagger::enter))
        .route("/api/docs/", get(swagger::index))
        .route("/api/docs/{*file}", get(swagger::file))
}

/// Signing in, people, and what operations look after.
fn platform() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(identity::api_sign_in, identity::api_sign_out))
        .routes(routes!(identity::api_me))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(people::list, people::create))
        .routes(routes!(people::show, people::change))
        .routes(routes!(people::reset_password))
        .routes(routes!(groups::list, groups::create))
        .routes(routes!(groups::change, groups::delete))
        .routes(routes!(delegation::list, delegation::begin))
        .routes(routes!(delegation::end))
        .routes(routes!(policies::list, policies::create))
        .routes(routes!(policies::show, policies::change, policies::delete))
        .routes(routes!(policies::preview))
        .routes(routes!(audit::api::list))
        .routes(routes!(audit::export::download))
        .routes(routes!(vitals::api::show))
        .routes(routes!(runs::api::list))
        .routes(routes!(runs::api::show))
        .routes(routes!(runs::api::retry))
        .routes(routes!(runs::api::look_now))
        .routes(routes!(runs::api::abandon))
        .routes(routes!(halt::api::show, halt::api::stop, halt::api::lift))
}

/// What administrators register.
fn registry() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(connections::api::list, connections::api::create))
        .routes(routes!(
            connections::api::show,
            connections::api::update,
            connections::api::delete
        ))
        .routes(routes!(connections::api::test))
        .routes(routes!(connections::api::health))
        .routes(routes!(clusters::api::list, clusters::api::create))
        .routes(routes!(
            clusters::api::show,
            clusters::api::update,
            clusters::api::delete
        ))
        .routes(routes!(clusters::api::test))
        .routes(routes!(clusters::api::health))
        .routes(routes!(intake::api::proposals))
        .routes(routes!(intake::api::show))
        .routes(routes!(
            clusters::api::environments,
            clusters::api::create_environment
        ))
        .routes(routes!(
            clusters::api::update_environment,
            clusters::api::delete_environment
        ))
        .routes(routes!(
            clusters::api::languages,
            clusters::api::create_language
        ))
        .routes(routes!(
            clusters::api::update_language,
            clusters::api::delete_language
        ))
}

/// Projects, and what is asked for.
fn project() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(projects::api::list, projects::api::ask))
        .routes(routes!(projects::api::show, projects::api::change))
        .routes(routes!(onboarding::web::read, onboarding::web::set_up))
        .routes(routes!(projects::tokens::list, projects::tokens::create))
        .routes(routes!(projects::tokens::revoke))
        .routes(routes!(members::list, members::put))
        .routes(routes!(members::remove))
        .routes(routes!(requests::api::list, requests::api::file))
        .routes(routes!(requests::api::kinds))
        .routes(routes!(requests::api::show, requests::api::revise))
        .routes(routes!(requests::api::renew))
        .routes(routes!(requests::api::revision))
        .routes(routes!(requests::api::comments, requests::api::comment))
        .routes(routes!(requests::api::decide))
        .routes(routes!(requests::api::withdraw))
}

/// What projects have besides containers.
fn resource() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(home::resources::api_list, resources::api::register))
        .routes(routes!(resources::export::download))
        .routes(routes!(resources::api::show, resources::api::change))
        .routes(routes!(resources::api::make))
        .routes(routes!(resources::api::retire))
        .routes(routes!(resources::api::of_project))
}

/// From a commit to production and back.
fn release() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(releases::api_list, releases::api_open))
        .routes(routes!(releases::api_by_number))
        .routes(routes!(releases::api_show))
        .routes(routes!(releases::log::api_log))
        .routes(routes!(releases::api_confirm, setbacks::api_withdraw))
        .routes(routes!(releases::importing::api_import))
        .routes(routes!(releases::importing::api_waive))
        .routes(routes!(
            releases::job::api_job,
            releases::job::api_decide_job
        ))
        .routes(routes!(setbacks::api_cancel))
        .routes(routes!(setbacks::api_reject))
        .routes(routes!(setbacks::api_rebuild))
        .routes(routes!(releases::api_deploy))
        .routes(routes!(setbacks::api_abort))
        .routes(routes!(releases::api_candidates, releases::api_roll_back))
        .routes(routes!(workloads::api_list))
        .routes(routes!(workloads::api_pods))
        .routes(routes!(drift::api::show))
        .routes(routes!(drift::api::adopt))
        .routes(routes!(drift::api::restore))
        .routes(routes!(releases::restart::api_restart))
}

/// What services share, and its way to them.
fn standard() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(standards::api::list))
        .routes(routes!(standards::api::show))
        .routes(routes!(standards::api::parameters))
        .routes(routes!(standards::api::schema))
        .routes(routes!(
            standards::rails::api::list,
            standards::rails::api::overrule
        ))
        .routes(routes!(standards::rails::api::end))
        .routes(routes!(
            standards::images::api::list,
            standards::images::api::set
        ))
        .routes(routes!(waves::api::list))
        .routes(routes!(waves::api::show))
        .routes(routes!(waves::api::resume))
        .routes(routes!(waves::api::stop))
}

/// Who is told what, on which way: for operations, for a project, for oneself.
fn notice() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(notices::list, notices::create))
        .routes(routes!(notices::show, notices::update, notices::delete))
        .routes(routes!(notices::test))
        .routes(routes!(notices::again))
        .routes(routes!(notices::deliveries))
        .routes(routes!(notices::of_project, notices::create_in_project))
        .routes(routes!(notices::delete_in_project))
        .routes(routes!(notices::test_in_project))
        .routes(routes!(notices::mine, notices::put_mine))
}

/// Shells in containers, and what they showed.
fn terminal() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(terminals::api::create))
        .routes(routes!(terminals::api::show, terminals::api::end))
        .routes(routes!(terminals::api::pass))
        .routes(routes!(terminals::api::invite, terminals::api::dismiss))
        .routes(routes!(terminals::api::keyboard))
        .routes(routes!(terminals::stream::stream))
        .routes(routes!(terminals::api::list))
        .routes(routes!(terminals::replay::cast))
        .routes(routes!(terminals::files::api::list))
        .routes(routes!(terminals::access::api::list))
        .routes(routes!(terminals::access::api::end))
}

/// What takes as long as a file is long.
fn long() -> OpenApiRouter<App> {
    use terminals::files::api as files;
    OpenApiRouter::new().routes(routes!(files::get, files::put))
}
