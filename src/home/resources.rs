//! The list of resources, and whose an address is: by resources, and by whatever else the portal
//! knows of clusters, connections and pods. Nothing outside is asked.

use std::net::IpAddr;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Serialize;

use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::resources::web::{Table, nav};
use crate::resources::{self, Kind, Place, Resource, State, Wanted};
use crate::web::extract::{Ctx, Query};
use crate::web::layout::{Chrome, page};
use crate::web::paging::link;
use crate::{clusters, connections, releases};

/// Something else that has the address.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Elsewhere {
    /// `cluster`, `connection`, `pod` or `node`.
    pub kind: &'static str,
    pub name: String,
    /// Its page.
    pub path: String,
    /// Where it belongs: a cluster's site, a pod's project and environment.
    pub of: String,
    /// When it was seen there; none for what was registered.
    pub at: Option<jiff::Timestamp>,
}

/// An answer of `GET /api/v1/resources`.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = FoundResources)]
pub struct Found {
    items: Vec<Resource>,
    next: Option<String>,
    /// What else has the address that was searched.
    elsewhere: Vec<Elsewhere>,
}

#[derive(Template)]
#[template(path = "resources/list.html")]
struct ListPage {
    c: Chrome,
    wanted: Wanted,
    table: Table,
    elsewhere: Vec<Elsewhere>,
    environments: Vec<String>,
    sites: Vec<String>,
    more: Option<String>,
    csv: String,
    /// What was searched for as an address.
    searched: Option<String>,
    keeps: bool,
}

/// `GET /resources`
pub async fn list(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let found = find(&app, &actor, &wanted).await?;
    let (environments, sites) = resources::choices(&app).await?;
    let c = Chrome::new(&ctx, nav(&actor));
    let more = |after: &String| {
        let mut pairs = wanted.pairs().to_vec();
        pairs.push(("after", after));
        link("/resources", &pairs)
    };
    page(&ListPage {
        table: Table::of(&c, found.items),
        more: found.next.as_ref().map(more),
        elsewhere: found.elsewhere,
        csv: link("/resources.csv", &wanted.pairs()),
        searched: wanted.place().map(|p| p.to_string()),
        keeps: actor.may(Permission::KeepResources, Scope::Platform),
        environments,
        sites,
        wanted,
        c,
    })
}

/// Resources, narrowed; with an address, the nearest first and what else has it.
#[utoipa::path(
    get,
    path = "/resources",
    operation_id = "list_resources",
    tag = "resources",
    params(Wanted),
    responses((status = 200, body = Found, description = "As it is now")),
)]
pub async fn api_list(
    Shared(app): Shared<App>,
    actor: Actor,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<Found>, AppError> {
    find(&app, &actor, &wanted).await.map(axum::Json)
}

async fn find(app: &App, actor: &Actor, wanted: &Wanted) -> Result<Found, AppError> {
    let found = resources::list(app, actor, wanted).await?;
    let elsewhere = match wanted.place() {
        Some(place) => elsewhere(app, actor, &place).await?,
        None => Vec::new(),
    };
    Ok(Found {
        items: found.items,
        next: found.next,
        elsewhere,
    })
}

/// What the portal knows besides resources. Systems are for who looks after the platform, pods for
/// who may see their project.
pub async fn elsewhere(
    app: &App,
    actor: &Actor,
    place: &Place,
) -> Result<Vec<Elsewhere>, AppError> {
    let mut all = Vec::new();
    let sees_platform = actor.may(Permission::ViewPlatform, Scope::Platform);
    if sees_platform {
        all.extend(systems(app, place).await?);
    }
    if let Place::Host(host) = place {
        all.extend(pods(app, actor, *host, sees_platform).await?);
    }
    Ok(all)
}

async fn systems(app: &App, place: &Place) -> Result<Vec<Elsewhere>, AppError> {
    let wanted = place.to_string();
    let is = |server: &str| host_of(server).is_some_and(|h| h == wanted);
    let clusters = clusters::list(app).await?;
    let clusters = clusters.into_iter().filter(|c| is(c.server.as_str()));
    let clusters = clusters.map(|c| Elsewhere {
        kind: "cluster",
        path: format!("/clusters/{}", c.key),
        name: c.key,
        of: c.site,
        at: None,
    });
    let connections = connections::list(app).await?;
    let connections = connections.into_iter().filter(|c| is(c.url.as_str()));
    let connections = connections.map(|c| Elsewhere {
        kind: "connection",
        path: format!("/connections/{}", c.key),
        of: c.config.kind().to_string(),
        name: c.key,
        at: None,
    });
    Ok(clusters.chain(connections).collect())
}

/// The host of an address, without the brackets of IPv6.
fn host_of(server: &str) -> Option<String> {
    let url = url::Url::parse(server).ok()?;
    let host = url.host_str()?.trim_matches(['[', ']']);
    Some(host.to_owned())
}

async fn pods(
    app: &App,
    actor: &Actor,
    host: IpAddr,
    sees_platform: bool,
) -> Result<Vec<Elsewhere>, AppError> {
    let mut found: Vec<Elsewhere> = Vec::new();
    for pod in releases::pods_at(app, actor, host).await? {
        let one = if pod.by_node {
            Elsewhere {
                kind: "node",
                path: format!("/clusters/{}", pod.cluster),
                name: pod.node,
                of: pod.cluster,
                at: Some(pod.at),
            }
        } else {
            Elsewhere {
                kind: "pod",
                path: format!(
                    "/projects/{}/containers?environment={}",
                    pod.project, pod.environment
                ),
                name: pod.name,
                of: format!("{} {}", pod.project, pod.environment),
                at: Some(pod.at),
            }
        };
        // Nodes are the platform's, and one line for each is enough.
        let is_twice = found.iter().any(|f| f.kind == "node" && f.name == one.name);
        if one.kind == "pod" || (sees_platform && !is_twice) {
            found.push(one);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn the_host_is_taken_from_an_address_of_any_form() {
        assert_eq!(
            host_of("https://10.0.0.1:6443").as_deref(),
            Some("10.0.0.1")
        );
        assert_eq!(host_of("https://[::1]:6443").as_deref(), Some("::1"));
        assert_eq!(
            host_of("http://git.example.com/").as_deref(),
            Some("git.example.com")
        );
        assert_eq!(host_of("nothing"), None);
    }
}
