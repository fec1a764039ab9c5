//! Who may do what: every route as each kind of person, in one table.
//!
//! Invariant: the table has exactly the router's routes, so a new one fails until somebody says
//! who may use it. Bodies are such that nothing happens to those who may either: 400 and 409 mean
//! that the door was open.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use slipway::identity::PlatformRole;
use slipway::web::api;
use uuid::Uuid;

use crate::support::company::{Company, parameters};
use crate::support::{Browser, Portal, seed};

/// The table's columns.
const PEOPLE: [&str; 9] = [
    "nobody",
    "stranger",
    "viewer",
    "developer",
    "tester",
    "owner",
    "operations",
    "auditor",
    "admin",
];

/// Whoever ends their session does so last.
const TABLE: &str = "
# method, route                                            no  str vie dev tes own ops aud adm
GET    /healthz                                            200 200 200 200 200 200 200 200 200
GET    /readyz                                             200 200 200 200 200 200 200 200 200
GET    /inner/terminals/{id}                               401 401 401 401 401 401 401 401 401
POST   /hooks/gitlab/{project}                             401 401 401 401 401 401 401 401 401
GET    /static/{version}/{*name}                           200 200 200 200 200 200 200 200 200
GET    /api/v1/openapi.json                                200 200 200 200 200 200 200 200 200
GET    /api/docs                                           303 303 303 303 303 303 303 303 303
GET    /api/docs/                                          200 200 200 200 200 200 200 200 200
GET    /api/docs/{*file}                                   404 404 404 404 404 404 404 404 404
GET    /events                                             303 400 400 400 400 400 400 400 400

GET    /                                                   303 200 200 200 200 200 200 200 200
GET    /login                                              200 200 200 200 200 200 200 200 200
POST   /login                                              400 400 400 400 400 400 400 400 400
POST   /login/as                                           404 404 404 404 404 404 404 404 404
GET    /login/password                                     303 303 303 303 303 303 303 303 303
POST   /login/password                                     303 303 303 303 303 303 303 303 303
POST   /language                                           400 400 400 400 400 400 400 400 400
GET    /me                                                 303 200 200 200 200 200 200 200 200
POST   /me/tokens                                          303 400 400 400 400 400 400 400 400
POST   /me/tokens/{id}/revocation                          303 404 404 404 404 404 404 404 404
POST   /me/sessions/{key}/revocation                       303 404 404 404 404 404 404 404 404
POST   /me/password                                        303 400 400 400 400 400 400 400 400
GET    /me/away                                            303 200 200 200 200 200 200 200 200
POST   /me/away                                            303 400 400 400 400 400 400 400 400
POST   /me/delegations/{id}/end                            303 404 404 404 404 404 404 404 404
GET    /projects                                           303 200 200 200 200 200 200 200 200
GET    /projects/new                                       303 200 200 200 200 200 200 403 200
POST   /projects/new                                       303 400 400 400 400 400 400 403 400
GET    /requests                                           303 200 200 200 200 200 200 200 200
POST   /requests/drafts/removal                            303 404 404 404 404 404 404 404 404
GET    /requests/{number}                                  303 404 200 200 200 200 200 200 200
GET    /requests/{number}/revisions/{revision}             303 404 200 200 200 200 200 200 200
POST   /requests/{number}/decisions                        303 404 403 403 403 403 409 403 403
POST   /requests/{number}/withdrawal                       303 404 403 409 403 403 403 403 403
POST   /requests/{number}/renewal                          303 404 403 303 403 403 303 403 403
POST   /requests/{number}/comments                         303 404 400 400 400 400 400 400 400
GET    /requests/{number}/revision                         303 404 403 303 403 403 403 403 403
POST   /requests/{number}/revision                         303 404 403 303 403 403 403 403 403
GET    /requests/{number}/copy                             303 404 403 303 403 303 303 403 403
POST   /requests/{number}/copy                             303 404 403 303 403 303 303 403 403
GET    /audit                                              303 403 403 403 403 403 200 200 200

GET    /projects/{key}                                     303 404 200 200 200 200 200 200 200
GET    /projects/{key}/members                             303 404 200 200 200 200 200 200 200
POST   /projects/{key}/members                             303 404 403 403 403 400 403 403 400
POST   /projects/{key}/members/request                     303 404 400 400 400 400 400 400 400
POST   /projects/{key}/members/removal                     303 404 403 403 403 404 403 403 404
GET    /projects/{key}/settings                            303 404 200 200 200 200 200 200 200
POST   /projects/{key}/settings                            303 404 403 403 403 400 400 403 403
GET    /projects/{key}/programs                            303 404 403 403 403 200 200 403 403
POST   /projects/{key}/programs                            303 404 403 403 403 400 400 403 403
POST   /projects/{key}/programs/{id}/revocation            303 404 403 403 403 404 404 403 403
GET    /projects/{key}/containers                          303 404 200 200 200 200 200 200 200
GET    /projects/{key}/resources                           303 404 200 200 200 200 200 200 200
GET    /projects/{key}/resources/new                       303 404 403 200 403 200 200 403 403
POST   /projects/{key}/resources/new                       303 404 403 400 403 400 400 403 403
GET    /resources                                          303 200 200 200 200 200 200 200 200
POST   /resources                                          303 403 403 403 403 403 400 403 403
GET    /resources.csv                                      303 200 200 200 200 200 200 200 200
GET    /resources/new                                      303 403 403 403 403 403 200 403 403
GET    /resources/{n}                                      303 404 200 200 200 200 200 200 200
GET    /resources/{n}/edit                                 303 404 403 403 403 403 200 403 403
POST   /resources/{n}/edit                                 303 404 403 403 403 403 400 403 403
POST   /resources/{n}/making                               303 404 403 403 403 403 400 403 403
POST   /resources/{n}/retirement                           303 404 403 403 403 403 400 403 403
POST   /resources/{n}/retirement-request                   303 404 403 400 403 400 400 403 403
GET    /projects/{key}/containers/new                      303 404 403 200 403 200 200 403 403
POST   /projects/{key}/containers/new                      303 404 403 400 403 400 400 403 403
GET    /projects/{key}/releases                            303 404 200 200 200 200 200 200 200
GET    /projects/{key}/releases/new                        303 404 403 200 403 200 200 403 403
POST   /projects/{key}/releases/new                        303 404 403 400 403 400 400 403 403
GET    /projects/{key}/releases/{n}                        303 404 200 200 200 200 200 200 200
GET    /projects/{key}/releases/{n}/log                    303 404 200 200 200 200 200 200 200
GET    /projects/{key}/releases/{n}/log/lines              303 404 200 200 200 200 200 200 200
POST   /projects/{key}/releases/{n}/confirmation           303 404 403 403 409 403 403 403 403
GET    /projects/{key}/images/new                          303 404 403 403 403 403 200 403 403
POST   /projects/{key}/images/new                          303 404 403 403 403 403 400 403 403
POST   /projects/{key}/releases/{n}/waiver                 303 404 403 403 403 403 400 403 403
GET    /projects/{key}/releases/{n}/job                    303 404 403 403 403 403 404 403 404
POST   /projects/{key}/releases/{n}/job                    303 404 403 403 403 403 404 403 404
POST   /projects/{key}/releases/{n}/deployments            303 404 403 409 403 409 409 403 403
POST   /projects/{key}/environments/{env}/rollbacks        303 404 403 400 403 400 400 403 403
GET    /projects/{key}/containers/change                   303 404 403 200 403 200 200 403 403
POST   /projects/{key}/containers/change                   303 404 403 400 403 400 400 403 403
POST   /projects/{key}/workloads/{id}/scale                303 404 403 400 403 400 400 403 403
GET    /projects/{key}/workloads/{id}/removal              303 404 403 200 403 200 200 403 403
POST   /projects/{key}/workloads/{id}/removal              303 404 403 400 403 400 400 403 403
GET    /projects/{key}/setup                               303 404 200 200 200 200 200 200 200
POST   /projects/{key}/setup                               303 404 403 403 403 403 400 403 400
GET    /projects/{key}/offboarding                         303 404 403 403 403 200 200 403 403
POST   /projects/{key}/offboarding                         303 404 403 403 403 400 400 403 403
GET    /projects/{key}/workloads/{id}/drift                303 404 200 200 200 200 200 200 200
POST   /projects/{key}/workloads/{id}/drift/adopt          303 404 403 400 403 400 400 403 403
POST   /projects/{key}/workloads/{id}/drift/restore        303 404 403 400 403 400 400 403 403
POST   /projects/{key}/workloads/{id}/restart              303 404 403 400 403 400 400 403 403
POST   /projects/{key}/releases/{n}/cancellation           303 404 403 400 403 400 400 403 403
POST   /projects/{key}/releases/{n}/rejection              303 404 403 403 400 400 403 403 403
POST   /projects/{key}/releases/{n}/builds                 303 404 403 409 403 409 409 403 403
POST   /projects/{key}/releases/{n}/withdrawal             303 404 403 403 403 403 400 403 403
POST   /projects/{key}/releases/{n}/aborts                 303 404 403 409 403 409 409 403 403

GET    /projects/{key}/shell-access                        303 404 200 200 200 200 200 200 200
POST   /projects/{key}/shell-access                        303 404 403 400 403 400 400 403 403
POST   /projects/{key}/shell-access/{id}/end               303 404 404 404 404 404 404 404 404
POST   /terminals                                          303 404 403 400 403 400 400 403 403
GET    /terminals/new                                      303 404 403 200 403 200 200 403 403
GET    /terminals/{id}                                     303 404 403 403 403 303 303 303 403
GET    /recordings                                         303 200 200 200 200 200 200 200 200
GET    /recordings/{id}                                    303 404 403 403 403 200 200 200 403
POST   /terminals/{id}/end                                 303 404 403 403 403 303 303 403 403

GET    /health                                             303 403 403 403 403 403 200 200 200
GET    /api/v1/health                                      401 403 403 403 403 403 200 200 200
GET    /runs                                               303 403 403 403 403 403 200 200 200
GET    /runs/{id}                                          303 403 403 403 403 403 200 200 200
POST   /steps/{id}/retry                                   303 403 403 403 403 403 409 403 409
POST   /steps/{id}/look                                    303 403 403 403 403 403 409 403 409
POST   /steps/{id}/abandonment                             303 403 403 403 403 403 400 403 400
GET    /production-stop                                    303 403 403 403 403 403 200 200 200
POST   /production-stop                                    303 403 403 403 403 403 400 403 400
POST   /production-stop/end                                303 403 403 403 403 403 409 403 409
GET    /production-stop/banner                             303 200 200 200 200 200 200 200 200
GET    /people                                             303 403 403 403 403 403 200 200 200
POST   /people                                             303 403 403 403 403 403 403 403 400
GET    /people/new                                         303 403 403 403 403 403 403 403 200
GET    /people/groups                                      303 403 403 403 403 403 200 200 200
POST   /people/groups                                      303 403 403 403 403 403 403 403 400
GET    /people/groups/new                                  303 403 403 403 403 403 403 403 200
GET    /people/groups/{key}                                303 403 403 403 403 403 403 403 404
POST   /people/groups/{key}                                303 403 403 403 403 403 403 403 404
POST   /people/groups/{key}/delete                         303 403 403 403 403 403 403 403 404
GET    /policies                                           303 403 403 403 403 403 200 200 200
POST   /policies                                           303 403 403 403 403 403 403 403 400
GET    /policies/new                                       303 403 403 403 403 403 403 403 200
GET    /policies/{id}                                      303 403 403 403 403 403 403 403 404
POST   /policies/{id}                                      303 403 403 403 403 403 403 403 404
POST   /policies/{id}/delete                               303 403 403 403 403 403 403 403 404
GET    /people/{user}                                      303 403 403 403 403 403 200 200 200
POST   /people/{user}                                      303 403 403 403 403 403 403 403 400
POST   /people/{user}/password                             303 403 403 403 403 403 403 403 404
POST   /people/{user}/disablement                          303 403 403 403 403 403 403 403 409
POST   /people/{user}/enablement                           303 403 403 403 403 403 403 403 303
GET    /standards                                          303 403 403 403 403 403 200 200 200
GET    /standards/{kind}/{key}                             303 403 403 403 403 403 200 200 200
POST   /standards/{kind}/{key}                             303 403 403 403 403 403 400 403 403
GET    /standards/rails                                    303 403 403 403 403 403 200 200 200
GET    /standards/images                                   303 403 403 403 403 403 200 200 200
POST   /standards/images                                   303 403 403 403 403 403 400 403 403
POST   /standards/rails                                    303 403 403 403 403 403 400 403 403
POST   /standards/rails/{id}/end                           303 403 403 403 403 403 404 403 403
GET    /help/parameters                                    303 200 200 200 200 200 200 200 200
GET    /help/rails                                         303 200 200 200 200 200 200 200 200
GET    /help/rails/{rail}                                  303 200 200 200 200 200 200 200 200
GET    /waves                                              303 403 403 403 403 403 200 200 200
GET    /waves/{id}                                         303 403 403 403 403 403 404 404 404
POST   /waves/{id}/resumption                              303 403 403 403 403 403 404 403 403
POST   /waves/{id}/stop                                    303 403 403 403 403 403 404 403 403
GET    /connections                                        303 403 403 403 403 403 200 200 200
POST   /connections                                        303 403 403 403 403 403 403 403 400
GET    /connections/new                                    303 403 403 403 403 403 403 403 200
GET    /connections/{key}                                  303 403 403 403 403 403 200 200 200
POST   /connections/{key}                                  303 403 403 403 403 403 403 403 400
POST   /connections/{key}/test                             303 403 403 403 403 403 403 403 303
POST   /connections/{key}/delete                           303 403 403 403 403 403 403 403 400
GET    /notices                                            303 403 403 403 403 403 200 200 200
POST   /notices                                            303 403 403 403 403 403 400 403 400
GET    /notices/new                                        303 403 403 403 403 403 200 403 200
GET    /notices/{key}                                      303 403 403 403 403 403 200 200 200
POST   /notices/{key}                                      303 403 403 403 403 403 400 403 400
POST   /notices/{key}/test                                 303 403 403 403 403 403 303 403 303
POST   /notices/{key}/again                                303 403 403 403 403 403 409 403 409
POST   /notices/{key}/delete                               303 403 403 403 403 403 400 403 400
GET    /projects/{key}/notices                             303 404 200 200 200 200 200 200 200
POST   /projects/{key}/notices                             303 404 403 403 403 400 400 403 403
POST   /projects/{key}/notices/{id}/test                   303 404 403 403 403 404 404 403 403
POST   /projects/{key}/notices/{id}/delete                 303 404 403 403 403 404 404 403 403
GET    /me/notices                                         303 200 200 200 200 200 200 200 200
POST   /me/notices                                         303 400 400 400 400 400 400 400 400
GET    /api/v1/notices/channels                            401 403 403 403 403 403 200 200 200
POST   /api/v1/notices/channels                            401 403 403 403 403 403 400 403 400
GET    /api/v1/notices/channels/{id}                       401 403 403 403 403 403 200 200 200
PUT    /api/v1/notices/channels/{id}                       401 403 403 403 403 403 400 403 400
DELETE /api/v1/notices/channels/{id}                       401 403 403 403 403 403 404 403 404
POST   /api/v1/notices/channels/{id}/test                  401 403 403 403 403 403 200 403 200
POST   /api/v1/notices/channels/{id}/again                 401 403 403 403 403 403 409 403 409
GET    /api/v1/notices/channels/{id}/deliveries            401 403 403 403 403 403 200 200 200
GET    /api/v1/projects/{key}/notices                      401 404 200 200 200 200 200 200 200
POST   /api/v1/projects/{key}/notices                      401 404 403 403 403 400 400 403 403
DELETE /api/v1/projects/{key}/notices/{id}                 401 404 403 403 403 404 404 403 403
POST   /api/v1/projects/{key}/notices/{id}/test            401 404 403 403 403 404 404 403 403
GET    /api/v1/me/notices                                  401 200 200 200 200 200 200 200 200
PUT    /api/v1/me/notices                                  401 400 400 400 400 400 400 400 400
GET    /clusters                                           303 403 403 403 403 403 200 200 200
POST   /clusters                                           303 403 403 403 403 403 403 403 400
GET    /clusters/new                                       303 403 403 403 403 403 403 403 200
GET    /clusters/{key}                                     303 403 403 403 403 403 200 200 200
POST   /clusters/{key}                                     303 403 403 403 403 403 403 403 400
GET    /clusters/{key}/intake                              303 403 403 403 403 403 200 403 403
POST   /clusters/{key}/intake                              303 403 403 403 403 403 400 403 403
GET    /clusters/{key}/intake.csv                          303 403 403 403 403 403 200 403 403
GET    /intakes/{number}                                   303 404 404 404 404 404 404 404 404
POST   /clusters/{key}/test                                303 403 403 403 403 403 403 403 303
POST   /clusters/{key}/delete                              303 403 403 403 403 403 403 403 400
GET    /environments/{key}                                 303 403 403 403 403 403 403 403 200
POST   /environments/{key}                                 303 403 403 403 403 403 403 403 400
POST   /environments/{key}/delete                          303 403 403 403 403 403 403 403 400
GET    /languages/{key}                                    303 403 403 403 403 403 403 403 200
POST   /languages/{key}                                    303 403 403 403 403 403 403 403 400
POST   /languages/{key}/delete                             303 403 403 403 403 403 403 403 400
GET    /environments/new                                   303 403 403 403 403 403 403 403 200
POST   /environments/new                                   303 403 403 403 403 403 403 403 400
GET    /languages/new                                      303 403 403 403 403 403 403 403 200
POST   /languages/new                                      303 403 403 403 403 403 403 403 400

POST   /api/v1/session                                     400 400 400 400 400 400 400 400 400
GET    /api/v1/me                                          401 200 200 200 200 200 200 200 200
GET    /api/v1/tokens                                      401 200 200 200 200 200 200 200 200
POST   /api/v1/tokens                                      401 400 400 400 400 400 400 400 400
DELETE /api/v1/tokens/{id}                                 401 404 404 404 404 404 404 404 404
GET    /api/v1/layers                                      401 403 403 403 403 403 200 200 200
GET    /api/v1/schemas/requests                            401 200 200 200 200 200 200 200 200
GET    /api/v1/schemas/parameters/{version}                401 200 200 200 200 200 200 200 200
GET    /api/v1/layers/{kind}/{key}                         401 403 403 403 403 403 200 200 200
GET    /api/v1/standards/images                            401 403 403 403 403 403 200 200 200
PUT    /api/v1/standards/images                            401 403 403 403 403 403 400 403 403
GET    /api/v1/rails/overrides                             401 403 403 403 403 403 200 200 200
POST   /api/v1/rails/overrides                             401 403 403 403 403 403 400 403 403
DELETE /api/v1/rails/overrides/{id}                        401 403 403 403 403 403 404 403 403
GET    /api/v1/waves                                       401 403 403 403 403 403 200 200 200
GET    /api/v1/waves/{id}                                  401 403 403 403 403 403 404 404 404
POST   /api/v1/waves/{id}/resumption                       401 403 403 403 403 403 404 403 403
POST   /api/v1/waves/{id}/stop                             401 403 403 403 403 403 404 403 403
GET    /api/v1/projects/{key}/parameters                   401 404 200 200 200 200 200 200 200
GET    /api/v1/connections                                 401 403 403 403 403 403 200 200 200
POST   /api/v1/connections                                 401 403 403 403 403 403 403 403 400
GET    /api/v1/connections/{id}                            401 403 403 403 403 403 200 200 200
PUT    /api/v1/connections/{id}                            401 403 403 403 403 403 403 403 400
DELETE /api/v1/connections/{id}                            401 403 403 403 403 403 403 403 409
POST   /api/v1/connections/{id}/test                       401 403 403 403 403 403 403 403 200
GET    /api/v1/clusters                                    401 403 403 403 403 403 200 200 200
POST   /api/v1/clusters                                    401 403 403 403 403 403 403 403 400
GET    /api/v1/clusters/{id}                               401 403 403 403 403 403 200 200 200
PUT    /api/v1/clusters/{id}                               401 403 403 403 403 403 403 403 400
DELETE /api/v1/clusters/{id}                               401 403 403 403 403 403 403 403 409
PUT    /api/v1/environments/{id}                           401 403 403 403 403 403 403 403 400
DELETE /api/v1/environments/{id}                           401 403 403 403 403 403 403 403 409
PUT    /api/v1/languages/{id}                              401 403 403 403 403 403 403 403 400
DELETE /api/v1/languages/{id}                              401 403 403 403 403 403 403 403 409
GET    /api/v1/clusters/{id}/health                        401 403 403 403 403 403 200 200 200
GET    /api/v1/clusters/{key}/intake                       401 403 403 403 403 403 200 403 403
GET    /api/v1/intakes/{number}                            401 404 404 404 404 404 404 404 404
GET    /api/v1/connections/{id}/health                     401 403 403 403 403 403 200 200 200
POST   /api/v1/clusters/{id}/test                          401 403 403 403 403 403 403 403 200
GET    /api/v1/environments                                401 200 200 200 200 200 200 200 200
POST   /api/v1/environments                                401 403 403 403 403 403 403 403 400
GET    /api/v1/languages                                   401 403 403 403 403 403 200 200 200
POST   /api/v1/languages                                   401 403 403 403 403 403 403 403 400

GET    /api/v1/projects                                    401 200 200 200 200 200 200 200 200
POST   /api/v1/projects                                    401 400 400 400 400 400 400 403 400
GET    /api/v1/projects/{key}                              401 404 200 200 200 200 200 200 200
GET    /api/v1/projects/{key}/setup                        401 404 200 200 200 200 200 200 200
POST   /api/v1/projects/{key}/setup                        401 404 403 403 403 403 400 403 400
GET    /api/v1/projects/{key}/tokens                       401 404 403 403 403 200 200 403 403
POST   /api/v1/projects/{key}/tokens                       401 404 403 403 403 400 400 403 403
DELETE /api/v1/projects/{key}/tokens/{id}                  401 404 403 403 403 404 404 403 403
GET    /api/v1/projects/{key}/members                      401 404 200 200 200 200 200 200 200
POST   /api/v1/projects/{key}/members                      401 404 403 403 403 400 403 403 400
DELETE /api/v1/projects/{key}/members/{user}/{role}        401 404 403 403 403 404 403 403 404
GET    /api/v1/people                                      401 403 403 403 403 403 200 200 200
POST   /api/v1/people                                      401 403 403 403 403 403 403 403 400
GET    /api/v1/groups                                      401 403 403 403 403 403 200 200 200
POST   /api/v1/groups                                      401 403 403 403 403 403 403 403 400
PUT    /api/v1/groups/{key}                                401 403 403 403 403 403 403 403 404
DELETE /api/v1/groups/{key}                                401 403 403 403 403 403 403 403 404
GET    /api/v1/me/delegations                              401 200 200 200 200 200 200 200 200
POST   /api/v1/me/delegations                              401 400 400 400 400 400 400 400 400
DELETE /api/v1/me/delegations/{id}                         401 404 404 404 404 404 404 404 404
GET    /api/v1/policies                                    401 403 403 403 403 403 200 200 200
POST   /api/v1/policies                                    401 403 403 403 403 403 403 403 400
GET    /api/v1/policies/preview                            401 403 403 403 403 403 400 400 400
GET    /api/v1/policies/{id}                               401 403 403 403 403 403 404 404 404
PUT    /api/v1/policies/{id}                               401 403 403 403 403 403 403 403 404
DELETE /api/v1/policies/{id}                               401 403 403 403 403 403 403 403 404
GET    /api/v1/people/{user}                               401 403 403 403 403 403 200 200 200
PUT    /api/v1/people/{user}                               401 403 403 403 403 403 403 403 400
POST   /api/v1/people/{user}/password                      401 403 403 403 403 403 403 403 404
PATCH  /api/v1/projects/{key}                              401 404 403 403 403 400 400 403 403
GET    /api/v1/resources                                   401 200 200 200 200 200 200 200 200
POST   /api/v1/resources                                   401 403 403 403 403 403 400 403 403
GET    /api/v1/resources.csv                               401 200 200 200 200 200 200 200 200
GET    /api/v1/resources/{id}                              401 404 200 200 200 200 200 200 200
PUT    /api/v1/resources/{id}                              401 404 403 403 403 403 400 403 403
POST   /api/v1/resources/{id}/making                       401 404 403 403 403 403 400 403 403
POST   /api/v1/resources/{id}/retirement                   401 404 403 403 403 403 400 403 403
GET    /api/v1/projects/{key}/resources                    401 404 200 200 200 200 200 200 200
GET    /api/v1/requests                                    401 200 200 200 200 200 200 200 200
POST   /api/v1/requests                                    401 404 403 400 403 400 400 403 403
GET    /api/v1/requests/{number}                           401 404 200 200 200 200 200 200 200
PUT    /api/v1/requests/{number}                           401 404 403 409 403 403 403 403 403
GET    /api/v1/requests/{number}/revisions/{revision}      401 404 200 200 200 200 200 200 200
POST   /api/v1/requests/{number}/renewal                   401 404 403 201 403 403 201 403 403
GET    /api/v1/requests/{number}/comments                  401 404 200 200 200 200 200 200 200
POST   /api/v1/requests/{number}/comments                  401 404 400 400 400 400 400 400 400
POST   /api/v1/requests/{number}/decisions                 401 404 403 403 403 403 409 403 403
POST   /api/v1/requests/{number}/withdrawal                401 404 403 409 403 403 403 403 403
GET    /audit.csv                                          303 403 403 403 403 403 200 200 200
GET    /api/v1/audit.csv                                   401 403 403 403 403 403 200 200 200
GET    /api/v1/audit                                       401 403 403 403 403 403 200 200 200

GET    /api/v1/projects/{key}/releases                     401 404 200 200 200 200 200 200 200
POST   /api/v1/projects/{key}/releases                     401 404 403 400 403 400 400 403 403
GET    /api/v1/projects/{key}/releases/{n}                 401 404 200 200 200 200 200 200 200
GET    /api/v1/releases/{id}/job                           401 404 403 403 403 403 404 403 404
POST   /api/v1/releases/{id}/job                           401 404 403 403 403 403 404 403 404
POST   /api/v1/projects/{key}/images                       401 404 403 403 403 403 400 403 403
POST   /api/v1/releases/{id}/waiver                        401 404 403 403 403 403 400 403 403
GET    /api/v1/projects/{key}/workloads                    401 404 200 200 200 200 200 200 200
GET    /api/v1/projects/{key}/environments/{env}/rollbacks 401 404 200 200 200 200 200 200 200
POST   /api/v1/projects/{key}/environments/{env}/rollbacks 401 404 403 400 403 400 400 403 403
GET    /api/v1/projects/{key}/workloads/{id}/drift         401 404 200 200 200 200 200 200 200
POST   /api/v1/projects/{key}/workloads/{id}/drift/adopt   401 404 403 400 403 400 400 403 403
POST   /api/v1/projects/{key}/workloads/{id}/drift/restore 401 404 403 400 403 400 400 403 403
GET    /api/v1/workloads/{id}/pods                         401 404 200 200 200 200 200 200 200
POST   /api/v1/workloads/{id}/restart                      401 404 403 400 403 400 400 403 403
GET    /api/v1/releases/{id}                               401 404 200 200 200 200 200 200 200
GET    /api/v1/releases/{id}/log                           401 404 200 200 200 200 200 200 200
POST   /api/v1/releases/{id}/confirmation                  401 404 403 403 409 403 403 403 403
DELETE /api/v1/releases/{id}/confirmation                  401 404 403 403 403 403 400 403 403
POST   /api/v1/releases/{id}/cancellation                  401 404 403 400 403 400 400 403 403
POST   /api/v1/releases/{id}/rejection                     401 404 403 403 400 400 403 403 403
POST   /api/v1/releases/{id}/builds                        401 404 403 409 403 409 409 403 403
POST   /api/v1/deployments/{id}/abort                      401 404 403 409 403 409 409 403 403
POST   /api/v1/releases/{id}/deployments                   401 404 403 409 403 409 409 403 403
GET    /api/v1/runs                                        401 403 403 403 403 403 200 200 200
GET    /api/v1/runs/{id}                                   401 403 403 403 403 403 200 200 200
GET    /api/v1/production-stop                             401 200 200 200 200 200 200 200 200
PUT    /api/v1/production-stop                             401 403 403 403 403 403 400 403 400
DELETE /api/v1/production-stop                             401 403 403 403 403 403 409 403 409
POST   /api/v1/steps/{id}/retry                            401 403 403 403 403 403 409 403 409
POST   /api/v1/steps/{id}/look                             401 403 403 403 403 403 409 403 409
POST   /api/v1/steps/{id}/abandonment                      401 403 403 403 403 403 400 403 400

GET    /api/v1/projects/{key}/shell-access                 401 404 200 200 200 200 200 200 200
DELETE /api/v1/projects/{key}/shell-access/{id}            401 404 404 404 404 404 404 404 404
POST   /api/v1/terminals                                   401 404 403 400 403 400 400 403 403
GET    /api/v1/terminals/{id}                              401 404 403 403 403 200 200 200 403
POST   /api/v1/terminals/{id}/passes                       401 404 403 403 403 403 403 403 403
PUT    /api/v1/terminals/{id}/guest                        401 404 403 403 403 403 403 403 403
DELETE /api/v1/terminals/{id}/guest                        401 404 403 403 403 403 403 403 403
PUT    /api/v1/terminals/{id}/keyboard                     401 404 403 403 403 403 403 403 403
GET    /api/v1/terminals/{id}/stream                       401 403 403 403 403 403 403 403 403
GET    /api/v1/terminals/{id}/files                        401 404 403 403 403 200 200 200 403
GET    /api/v1/terminals/{id}/file                         401 404 403 403 403 403 403 403 403
PUT    /api/v1/terminals/{id}/file                         401 404 403 403 403 403 403 403 403
GET    /api/v1/recordings                                  401 200 200 200 200 200 200 200 200
GET    /api/v1/recordings/{id}/cast                        401 404 403 403 403 200 200 200 403
DELETE /api/v1/terminals/{id}                              401 404 403 403 403 204 204 403 403

POST   /logout                                             303 303 303 303 303 303 303 303 303
DELETE /api/v1/session                                     204 204 204 204 204 204 204 204 204
";

/// More topics than one stream takes: a stream that opens would never end.
const TOPICS_TOO_MANY: usize = 65;

struct Route {
    method: Method,
    pattern: &'static str,
    expected: Vec<u16>,
}

fn table() -> Vec<Route> {
    let lines = TABLE.lines();
    let rows = lines.filter(|l| !l.is_empty() && !l.starts_with('#'));
    rows.map(|line| {
        let mut words = line.split_whitespace();
        let (method, pattern) = (words.next().unwrap(), words.next().unwrap());
        let expected: Vec<u16> = words.map(|w| w.parse().unwrap()).collect();
        assert_eq!(expected.len(), PEOPLE.len(), "{line}");
        Route {
            method: method.parse().unwrap(),
            pattern,
            expected,
        }
    })
    .collect()
}

/// A body that means no harm to anything.
enum Sent {
    Nothing,
    Form(&'static str),
    Json(Value),
}

/// What is sent with a change; the right is asked for before any of it is looked at closely.
fn body(route: &Route) -> Sent {
    use Sent::{Form, Json, Nothing};
    let no_reason = json!({ "reason": "" });
    if route.pattern == "/api/v1/releases/{id}/confirmation" && route.method == Method::DELETE {
        return Json(no_reason);
    }
    if !matches!(route.method, Method::POST | Method::PUT | Method::PATCH) {
        return Nothing;
    }
    let wrong_hash = json!({ "verdict": "approve", "hash": "0" });
    let nothing_to_go_back_to = json!({ "artifact": Uuid::nil() });
    let connection = json!({ "key": "", "kind": "gitlab", "url": "" });
    let cluster = json!({ "key": "", "site": "", "kubeconfig": "", "registry_host": "" });
    let environment = json!({ "key": "", "tier": "test", "rank": 1, "clusters": [] });
    let containers = json!({ "kind": "containers", "project": "{key}", "environment": "test",
        "parameters": {} });
    let resource = json!({ "kind": "server", "name": "", "project": "{key}" });
    match route.pattern {
        "/resources" | "/projects/{key}/resources/new" => Form("kind=server"),
        "/api/v1/resources" | "/api/v1/resources/{id}" => Json(resource),
        "/api/v1/resources/{id}/making" => Json(json!({ "addresses": [] })),
        "/api/v1/resources/{id}/retirement" => Json(json!({ "reason": " " })),
        "/steps/{id}/abandonment" => Form("reason="),
        "/standards/images" => Form("most_mib=0&reason="),
        "/api/v1/standards/images" => Json(json!({ "bounds": { "bases": [], "ports": [],
            "root_allowed": true, "most_mib": 0, "packages": [] } })),
        "/api/v1/rails/overrides" => {
            Json(json!({ "rail": "none", "project": "pay", "environment": "test" }))
        }
        "/projects/{key}/setup" => Form("restore=true"),
        "/api/v1/projects/{key}/setup" => Json(json!({ "restore": true })),
        "/login/as" => Form("as=root"),
        "/language" => Form("language=none"),
        "/me/password" => Form("current=&password="),
        "/connections" | "/connections/{key}" => Form("kind=gitlab"),
        other if other.ends_with("/{key}/delete") => Form("confirm="),
        "/environments/new" | "/environments/{key}" => Form("tier=test"),
        "/requests/{number}/decisions" => Form("verdict=approve&hash=0"),
        "/projects/{key}/releases/{n}/confirmation" | "/projects/{key}/releases/{n}/waiver" => {
            Form("digest=sha256:0")
        }
        "/projects/{key}/releases/{n}/job" => Form("verdict=rename&name=other"),
        "/api/v1/releases/{id}/job" => Json(json!({ "verdict": "rename", "name": "other" })),
        "/api/v1/releases/{id}/waiver" => Json(json!({ "digest": "sha256:0" })),
        "/api/v1/projects/{key}/images" => Json(json!({ "image": "", "note": "" })),
        "/projects/{key}/releases/{n}/deployments" => Form("environment=prod"),
        "/projects/{key}/settings" => Form("may_confirm_own=maybe"),
        "/projects/{key}/workloads/{id}/drift/adopt"
        | "/projects/{key}/workloads/{id}/drift/restore"
        | "/projects/{key}/workloads/{id}/restart"
        | "/projects/{key}/releases/{n}/cancellation" => Form("reason={long}"),
        "/projects/{key}/releases/{n}/aborts" => Form("deployment={deployment}"),
        "/projects/{key}/environments/{env}/rollbacks" => {
            Form("artifact=00000000-0000-0000-0000-000000000000&release=1")
        }
        "/api/v1/connections" | "/api/v1/connections/{id}" => Json(connection),
        "/api/v1/me/notices" => Json(json!({ "address": "" })),
        other if other.starts_with("/api/v1/") && other.contains("/notices") => {
            Json(json!({ "key": "", "kind": "wecom" }))
        }
        "/api/v1/clusters" | "/api/v1/clusters/{id}" => Json(cluster),
        "/api/v1/environments" | "/api/v1/environments/{id}" => Json(environment),
        "/api/v1/languages" | "/api/v1/languages/{id}" => {
            Json(json!({ "key": "", "jenkins": "", "template_job": "" }))
        }
        "/terminals" => Form("workload={workload}&pod="),
        "/api/v1/terminals" => Json(json!({ "workload": "{id}", "pod": "" })),
        "/api/v1/terminals/{id}/guest" => Json(json!({ "person": "wei" })),
        "/api/v1/terminals/{id}/keyboard" => Json(json!({ "guest": true })),
        "/api/v1/requests" => Json(containers),
        "/api/v1/requests/{number}/decisions" => Json(wrong_hash),
        "/api/v1/projects/{key}/releases" => Json(json!({ "ref": "-x" })),
        "/api/v1/projects/{key}/environments/{env}/rollbacks" => Json(nothing_to_go_back_to),
        "/api/v1/projects/{key}/workloads/{id}/drift/adopt"
        | "/api/v1/projects/{key}/workloads/{id}/drift/restore"
        | "/api/v1/workloads/{id}/restart"
        | "/api/v1/releases/{id}/cancellation" => Json(json!({ "reason": "x".repeat(2001) })),
        "/api/v1/releases/{id}/confirmation" => Json(json!({ "digest": "sha256:0" })),
        "/api/v1/releases/{id}/deployments" => Json(json!({ "environment": "prod" })),
        "/api/v1/projects/{key}/tokens" => {
            Json(json!({ "name": "", "scopes": [], "days": 0, "role": "viewer" }))
        }
        "/projects/{key}/members" | "/projects/{key}/members/request" => Form("user=&role=viewer"),
        "/projects/{key}/members/removal" => Form("user=ghost&role=viewer"),
        "/login/password" => Form("password=x"),
        "/api/v1/groups" => Json(json!({ "key": "" })),
        "/api/v1/groups/{key}" => Json(json!({ "key": "nobody" })),
        "/api/v1/policies" => Json(json!({ "kind": "", "quorum": [] })),
        "/api/v1/policies/{id}" => Json(json!({ "kind": "production", "note": "why",
            "quorum": [{ "permission": "handle-requests", "needed": 1 }] })),
        "/api/v1/me/delegations" => {
            Json(json!({ "deputy": "", "ends_at": "2020-01-01T00:00:00Z" }))
        }
        "/api/v1/requests/{number}" => Json(json!({ "parameters": {}, "hash": "0" })),
        "/api/v1/requests/{number}/comments" => Json(json!({ "text": " " })),
        "/people" | "/people/{user}" => Form("display_name="),
        "/api/v1/people" => Json(json!({ "user": "", "display_name": "" })),
        "/api/v1/people/{user}" => Json(json!({ "display_name": "" })),
        "/api/v1/projects/{key}/members" => Json(json!({ "user": "", "role": "viewer" })),
        "/api/v1/production-stop" => Json(json!({ "reason": " " })),
        "/api/v1/steps/{id}/abandonment" => Json(json!({ "reason": "" })),
        other if other.starts_with("/api/v1/") => Json(json!({})),
        _ => Form(""),
    }
}

/// One project's things, and the platform's, as routes name them.
struct Ids {
    project: &'static str,
    connection: String,
    channel: String,
    cluster: String,
    environment: String,
    language: String,
    /// Waits for a decision.
    open: i64,
    /// Its author has taken it back.
    withdrawn: i64,
    workload: String,
    /// Lin's, in test.
    terminal: String,
    resource: String,
    /// Awaits its confirmation.
    release: String,
    /// The release's, which is over.
    deployment: String,
    /// The release's run, and a step of it that is long done.
    run: String,
    step: String,
}

impl Ids {
    fn path(&self, pattern: &str) -> String {
        let number = match pattern.contains("withdrawal") {
            true => self.withdrawn,
            false => self.open,
        };
        let below = |root: &str| pattern.trim_start_matches("/api/v1").starts_with(root);
        let (key, id) = match pattern {
            _ if below("/connections") => ("gitlab", self.connection.as_str()),
            // A project has no robots, so that none is taken from it.
            _ if below("/projects/{key}/notices") => (self.project, NOBODY),
            _ if below("/notices") => ("lost", self.channel.as_str()),
            _ if below("/clusters") => ("sh-test", self.cluster.as_str()),
            _ if below("/environments") => ("test", self.environment.as_str()),
            _ if below("/standards") || below("/layers") => ("go", NOBODY),
            _ if below("/languages") => ("go", self.language.as_str()),
            _ if below("/runs") => (self.project, self.run.as_str()),
            _ if below("/resources") => (self.project, self.resource.as_str()),
            _ if pattern.contains("/workloads/") => (self.project, self.workload.as_str()),
            _ if below("/deployments") => (self.project, self.deployment.as_str()),
            _ if below("/terminals") || below("/recordings") => {
                (self.project, self.terminal.as_str())
            }
            _ if below("/steps") => (self.project, self.step.as_str()),
            _ => (self.project, self.release.as_str()),
        };
        // Nobody changes their own rights, and nobody is called ghost.
        let user = match pattern.contains("password") || pattern.contains("{role}") {
            true => "ghost",
            false => "admin",
        };
        let path = pattern
            .replace("{user}/{role}", "ghost/viewer")
            .replace("{user}", user)
            .replace("{kind}", "language")
            .replace("{rail}", "java-start")
            .replace("{key}", key)
            .replace("{id}", id)
            .replace("{number}", &number.to_string())
            .replace("{n}", "1")
            .replace("{revision}", "1")
            .replace("{env}", "test")
            .replace("{project}", NOBODY)
            .replace("{version}/{*name}", "any/slipway.css")
            .replace("{version}", "1");
        match pattern {
            "/api/v1/projects/{key}/parameters" => format!("{path}?environment=test"),
            "/projects/{key}/containers/change" => format!("{path}?environment=test"),
            "/terminals/new" => format!("{path}?workload={}&pod=pay-1", self.workload),
            "/api/v1/terminals/{id}/file" => format!("{path}?path=/tmp/x"),
            "/events" => format!("{path}?{}", "topic=x&".repeat(TOPICS_TOO_MANY)),
            _ => path,
        }
    }
}

/// The id of nothing.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

async fn knock(browser: &mut Browser, route: &Route, ids: &Ids) -> u16 {
    let mut path = ids.path(route.pattern);
    if route.method == Method::DELETE {
        path = path.replace(&ids.channel, NOBODY);
    }
    let answer = match body(route) {
        Sent::Nothing => browser.bare(route.method.clone(), &path).await,
        Sent::Form(form) => {
            let form = form.replace("{deployment}", &ids.deployment);
            let form = form.replace("{workload}", &ids.workload);
            let form = form.replace("{long}", &"x".repeat(2001));
            browser.typed(&path, &form).await
        }
        Sent::Json(mut body) => {
            if body["project"].is_string() {
                body["project"] = json!(ids.project);
            }
            if body["workload"].is_string() {
                body["workload"] = json!(ids.workload);
            }
            let path = path.trim_start_matches("/api/v1");
            browser.api(route.method.clone(), path, &body).await
        }
    };
    answer.status
}

/// One of each column, members of `pay` alone, in the table's order.
async fn people(portal: &Portal) -> Vec<Browser> {
    let mut browsers = vec![portal.browser()];
    for name in &PEOPLE[1..] {
        if !matches!(*name, "stranger" | "admin") {
            let roles: &[PlatformRole] = match *name {
                "operations" => &[PlatformRole::Ops],
                "auditor" => &[PlatformRole::Auditor],
                _ => &[],
            };
            portal.account(name, roles).await;
        }
        if matches!(*name, "viewer" | "developer" | "tester" | "owner") {
            seed::member(portal, "pay", name, name).await;
        }
        browsers.push(portal.signed_in(name).await);
    }
    browsers
}

/// A project with places, a release that awaits its confirmation, and two requests of `author`.
async fn furnish(company: &mut Company, project: &'static str, author: &mut Browser) -> Ids {
    company.containers(project, "test").await;
    company.containers(project, "prod").await;
    company.commit(project, "Read a capture back after 409");
    let release = company.open(project).await;
    company.settle().await;
    let story = company.release(&release).await;
    assert_eq!(story["state"], "awaiting_confirmation", "{story}");
    let server = json!({ "kind": "server", "name": "till-1", "project": project,
        "size": { "cores": 4, "memory_gib": 8, "disk_gib": 100 }, "addresses": ["10.2.3.4"] });
    let resource = company.ops.api(Method::POST, "/resources", &server).await;
    assert_eq!(resource.status, 201, "{}", resource.body);
    let open = ask(author, project, "worker").await;
    let withdrawn = ask(author, project, "cron").await;
    let path = format!("/requests/{withdrawn}/withdrawal");
    let answer = author.api(Method::POST, &path, &Value::Null).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let id = |value: &Value| value.as_str().unwrap().to_owned();
    let path = format!("/projects/{project}/workloads");
    let workloads = company.ops.api_get(&path).await.json();
    let mut here = workloads["items"].as_array().unwrap().iter();
    let workload = here.find(|w| w["environment"] == "test").unwrap();
    let workload = id(&workload["id"]);
    let terminal = terminal(company, &workload).await;
    let channel = json!({ "key": "lost", "kind": "wecom", "url": "http://127.0.0.1:9/send?key=x" });
    let path = "/notices/channels";
    let mut channel = company.admin.api(Method::POST, path, &channel).await.json();
    if channel["id"].is_null() {
        channel = company.admin.api_get(path).await.json()["items"][0].clone();
    }
    let connections = company.admin.api_get("/connections").await.json();
    let items = connections["items"].as_array().unwrap();
    let gitlab = items.iter().find(|c| c["key"] == "gitlab").unwrap();
    let clusters = company.admin.api_get("/clusters").await.json();
    let environments = company.admin.api_get("/environments").await.json();
    let languages = company.admin.api_get("/languages").await.json();
    Ids {
        project,
        connection: id(&gitlab["id"]),
        channel: id(&channel["id"]),
        cluster: id(&clusters["items"][0]["id"]),
        environment: id(&environments["items"][0]["id"]),
        language: id(&languages["items"][0]["id"]),
        open,
        withdrawn,
        workload,
        terminal,
        resource: id(&resource.json()["id"]),
        deployment: id(&story["deployments"][0]["id"]),
        release,
        run: id(&story["steps"][0]["id"]),
        step: id(&story["steps"][0]["steps"][0]["id"]),
    }
}

/// A terminal that Lin has opened, and nobody came to yet.
async fn terminal(company: &mut Company, workload: &str) -> String {
    let pods = format!("/workloads/{workload}/pods");
    let pods = company.developer.api_get(&pods).await.json();
    let asked = json!({ "workload": workload, "pod": pods["pods"][0]["name"] });
    let lin = &mut company.developer;
    let answer = lin.api(Method::POST, "/terminals", &asked).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let id = answer.json()["terminal"]["id"].clone();
    id.as_str().unwrap().to_owned()
}

async fn ask(author: &mut Browser, project: &str, component: &str) -> i64 {
    let body = json!({ "kind": "containers", "project": project, "environment": "test",
        "parameters": { "component": component, "parameters": parameters() } });
    let answer = author.api(Method::POST, "/requests", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["number"].as_i64().unwrap()
}

#[tokio::test]
async fn each_person_may_exactly_what_the_table_says() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let mut people = people(&company.portal).await;
    let ids = furnish(&mut company, "pay", &mut people[3]).await;
    let before = company.portal.db.row_counts().await;
    let mut wrong = Vec::new();
    for route in table() {
        let columns = people.iter_mut().zip(PEOPLE).zip(&route.expected);
        for ((browser, who), expected) in columns {
            let status = knock(browser, &route, &ids).await;
            if status != *expected {
                let door = format!("{} {}", route.method, route.pattern);
                wrong.push(format!("{door} as {who}: {status}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert_eq!(
        company.portal.db.row_counts().await,
        before,
        "something was made"
    );
    company.check().await;
}

#[tokio::test]
async fn another_projects_things_are_not_there_for_those_who_are_not_in_it() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.project("shop").await;
    let mut people = people(&company.portal).await;
    let mut lin = company.portal.signed_in("lin").await;
    let ids = furnish(&mut company, "shop", &mut lin).await;
    let mut wrong = Vec::new();
    for route in table().iter().filter(|r| r.expected[1] == 404) {
        for (browser, who) in people.iter_mut().zip(PEOPLE).skip(1).take(5) {
            let status = knock(browser, route, &ids).await;
            if status != 404 {
                wrong.push(format!(
                    "{} {} as {who}: {status}",
                    route.method, route.pattern
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn the_table_has_exactly_the_routers_routes() {
    let mut routed = described();
    for file in ["src/web/router.rs", "src/web/api.rs"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        routed.extend(routes(&std::fs::read_to_string(file).unwrap()));
    }
    let rows = table();
    let known: BTreeSet<(String, String)> = rows
        .iter()
        .map(|r| (r.method.to_string(), r.pattern.to_owned()))
        .collect();
    assert_eq!(known.len(), rows.len(), "a route stands in the table twice");
    let missing: Vec<_> = routed.difference(&known).collect();
    let gone: Vec<_> = known.difference(&routed).collect();
    assert!(missing.is_empty(), "say who may use {missing:#?}");
    assert!(gone.is_empty(), "the router has no {gone:#?}");
}

#[test]
fn every_page_is_opened_in_the_browser() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = std::fs::read_to_string(root.join("e2e/pages.mjs")).unwrap();
    let (pages, others) = pages.split_once("export const others").unwrap();
    let after = |text: &str, mark: &str| -> BTreeSet<String> {
        let found = text.split(mark).skip(1);
        found
            .map(|rest| rest.split('\'').next().unwrap().to_owned())
            .collect()
    };
    let (opened, others) = (after(pages, "route: '"), after(others, "\n  '"));
    let rows = table();
    let asked = rows
        .iter()
        .filter(|r| r.method == Method::GET && !r.pattern.starts_with("/api/"));
    let asked: BTreeSet<String> = asked.map(|r| r.pattern.to_owned()).collect();
    let shown: BTreeSet<String> = opened.union(&others).cloned().collect();
    let missing: Vec<_> = asked.difference(&shown).collect();
    assert!(
        missing.is_empty(),
        "e2e/pages.mjs does not open {missing:#?}"
    );
    let gone: Vec<_> = others.difference(&asked).collect();
    assert!(gone.is_empty(), "nothing answers {gone:#?}");
    let both: Vec<_> = opened.intersection(&others).collect();
    assert!(both.is_empty(), "a page or not: {both:#?}");
}

/// Method and path of each call that the API describes, which is each that it has.
fn described() -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(api::document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let call = |path: &String, method: &String| (method.to_uppercase(), format!("/api/v1{path}"));
    let calls = |(path, item): (&String, &Value)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(|method| call(path, method)).collect::<Vec<_>>()
    };
    paths.iter().flat_map(calls).collect()
}

/// Method and path of each `.route("…", get(…).post(…))`, read from the router's text.
fn routes(text: &str) -> BTreeSet<(String, String)> {
    let nested = text.split(".nest(").skip(1).map(enclosed);
    let nests: Vec<(&str, &str)> = nested.map(|args| (literal(args), args)).collect();
    let mut found = BTreeSet::new();
    for function in text.split("\nfn ").flat_map(|part| part.split("\npub fn ")) {
        let name = function.split('(').next().unwrap();
        let call = format!("{name}()");
        let under = nests.iter().find(|(_, args)| args.contains(&call));
        let prefix = under.map_or("", |(prefix, _)| prefix);
        for rest in function.split(".route(").skip(1) {
            let args = enclosed(rest);
            for method in ["get", "post", "put", "patch", "delete", "any"] {
                if calls(args, method) {
                    let path = format!("{prefix}{}", literal(args));
                    found.insert((method.to_uppercase(), path));
                }
            }
        }
    }
    found
}

/// Up to the parenthesis that closes the one before the text.
fn enclosed(text: &str) -> &str {
    let mut depth = 1;
    let end = text.find(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0
    });
    &text[..end.unwrap()]
}

/// The first string in the text.
fn literal(text: &str) -> &str {
    text.split('"').nth(1).unwrap()
}

/// Whether the text calls a function of this very name.
fn calls(text: &str, name: &str) -> bool {
    let call = format!("{name}(");
    text.match_indices(&call).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
    })
}

#[test]
fn a_route_is_read_with_its_methods_and_its_nest() {
    let text = r#"
fn router() { pages().nest("/api", inner().merge(more())).route("/x", get(a::widget)) }
fn inner() { Router::new().route(
    "/y/{id}", get(b::c).delete(b::d)) }
fn more() { Router::new().route("/z", post(e)) }
"#;
    let found: Vec<String> = routes(text)
        .iter()
        .map(|(m, p)| format!("{m} {p}"))
        .collect();
    assert_eq!(
        found,
        [
            "DELETE /api/y/{id}",
            "GET /api/y/{id}",
            "GET /x",
            "POST /api/z"
        ]
    );
}
