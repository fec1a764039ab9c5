//! Kubernetes: an API server, its controllers and its nodes, as far as the portal writes to them
//! and `kubectl` reads them. A world may hold several clusters.
//!
//! A pod's fate is told by its image and one variable, as on the real plane's nodes: an image that
//! cannot be pulled, `SLIPWAY_SIM=crash`, `SLIPWAY_SIM=oom`, `SLIPWAY_SIM=unready`.
//! Invariant: what happens by itself happens when the world settles, and at no other time.

mod access;
mod beside;
mod change;
mod cluster;
mod controller;
mod defaults;
mod discovery;
mod exec;
mod fields;
mod kept;
mod logs;
mod managed;
mod read;
mod resources;
mod route;
mod schema;
mod selector;
mod status;
mod table;
mod watch;
mod write;

use std::collections::BTreeMap;
use std::io;

use axum::Router;
use axum::extract::Request;

use crate::call::Call;
use crate::serve::Server;
use crate::world::{System, World};

pub use access::Rights;
pub use cluster::{Cluster, Pulls, Settings};
pub use exec::{Exec, PERIOD_BYTES, PROTOCOLS, flood};

/// All clusters of the world, by name.
#[derive(Debug, Default)]
pub struct State {
    pub(crate) clusters: BTreeMap<String, Cluster>,
}

impl State {
    /// A cluster, to change its settings.
    pub fn cluster(&mut self, name: &str) -> Option<&mut Cluster> {
        self.clusters.get_mut(name)
    }
}

/// A served cluster; dropping it stops its API server.
#[derive(Debug)]
pub struct Api {
    pub server: Server,
    /// Of somebody who may do everything; all data inline.
    pub kubeconfig: String,
}

/// Serves a cluster of the world on loopback, making it if it is not there yet; `port` 0 takes
/// any free one. Its faults and transcript are those of `System::named(name)`.
pub async fn serve(world: &World, name: &str, port: u16) -> io::Result<Api> {
    let now = world.clock().now();
    let token = format!("simulated-{name}-admin");
    world
        .kubernetes()
        .clusters
        .entry(name.to_owned())
        .or_insert_with(|| Cluster::new(name, now))
        .tokens
        .insert(token.clone(), Rights::All);
    let handler = {
        let (world, name) = (world.clone(), name.to_owned());
        move |request: Request| {
            let (world, name) = (world.clone(), name.clone());
            async move {
                if exec::is_meant(&request) {
                    return exec::answer(world, name, request).await;
                }
                route::answer(world, name, Call::read(request).await).await
            }
        }
    };
    let router = Router::new().fallback(handler);
    let server = Server::start(world, System::named(name), router, port).await?;
    let kubeconfig = kubeconfig(server.base_url(), name, &token);
    Ok(Api { server, kubeconfig })
}

impl Api {
    /// A kubeconfig of somebody else: a token with these rights in the cluster.
    pub fn kubeconfig_for(&self, world: &World, name: &str, user: &str, rights: Rights) -> String {
        let token = format!("simulated-{name}-{user}");
        if let Some(cluster) = world.kubernetes().cluster(name) {
            cluster.tokens.insert(token.clone(), rights);
        }
        kubeconfig(self.server.base_url(), name, &token)
    }
}

fn kubeconfig(server: &str, name: &str, token: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {name}\n\
         clusters:\n- name: {name}\n  cluster:\n    server: {server}\n\
         contexts:\n- name: {name}\n  context:\n    cluster: {name}\n    user: {name}\n\
         users:\n- name: {name}\n  user:\n    token: {token}\n"
    )
}

/// Lets controllers and nodes do what is due at the world's time.
pub(crate) fn settle(world: &World) {
    let now = world.clock().now();
    let mut state = world.kubernetes();
    for cluster in state.clusters.values_mut() {
        controller::settle(cluster, now, world);
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
