//! The people of a walk, the fresh project, and the clusters that can be asked.

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::cluster::{Cluster, Place};
use super::route::Route;
use crate::portal::{Person, acts};

/// Everybody and everything that a walk needs, ready to go.
pub struct Crew {
    pub developer: Person,
    pub tester: Person,
    pub ops: Person,
    pub owner: String,
    pub clusters: Vec<(String, Cluster)>,
    /// A key that no project had before.
    pub project: String,
    pub repository: String,
    pub language: String,
}

impl Crew {
    /// Signs everybody in and picks a repository that no project has.
    ///
    /// # Errors
    /// Somebody the portal does not know, or a kubeconfig that is none.
    pub async fn gather(route: &Route) -> anyhow::Result<Self> {
        let ops = Person::sign_in(&route.url, &route.ops).await?;
        let projects = ops.list("/projects").await?;
        let taken = |name: &&String| projects.iter().any(|p| p["repository"] == **name);
        let free = route.repositories.iter().find(|name| !taken(name));
        // Two projects may share a repository; their tags differ by their time.
        let repository = free.or(route.repositories.first());
        let suffix = uuid::Uuid::new_v4().simple().to_string();
        let clusters = route
            .kubeconfigs
            .iter()
            .map(|(key, file)| Ok((key.clone(), Cluster::of(file)?)));
        Ok(Self {
            developer: Person::sign_in(&route.url, &route.developer).await?,
            tester: Person::sign_in(&route.url, &route.tester).await?,
            ops,
            owner: route.owner.clone(),
            clusters: clusters.collect::<anyhow::Result<_>>()?,
            project: format!("mile-{}", suffix.get(..8).unwrap_or("fresh")),
            repository: repository.context("no repository")?.clone(),
            language: route.language.clone(),
        })
    }

    /// Where an environment's Deployments are, of those clusters that can be asked.
    ///
    /// # Errors
    /// No such workloads.
    pub async fn places(&self, environment: &str) -> anyhow::Result<Vec<(&Cluster, Place)>> {
        let found = acts::workloads(&self.developer, &self.project, environment).await?;
        ensure!(!found.is_empty(), "{environment} has no workloads");
        let mut places = Vec::new();
        for workload in &found {
            let place = place(workload)?;
            let known = self.clusters.iter().find(|(key, _)| *key == place.cluster);
            if let Some((_, cluster)) = known {
                places.push((cluster, place));
            }
        }
        Ok(places)
    }
}

fn place(workload: &Value) -> anyhow::Result<Place> {
    Ok(Place {
        cluster: acts::text(workload, "/cluster")?,
        namespace: acts::text(workload, "/namespace")?,
        name: acts::text(workload, "/object_name")?,
    })
}
