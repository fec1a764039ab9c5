//! The simulated systems, in real time, and their memory.
//!
//! The world is written to one file every few seconds and read at the next start. Making it anew
//! from the portal's database would be no less work, and images made anew would have to come out
//! with the same digests.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::home::Home;
use super::register::{Landscape, Place};
use super::{legacy, resources};
use crate::jenkins::{Kind, Language, template};
use crate::kubernetes::{self, Api, Rights};
use crate::mile;
use crate::outside::{Outside, Ports};
use crate::portal::wait::pause;
use crate::world::World;

/// What is lost at most where the machine stops without a word.
const WRITTEN_EVERY: Duration = Duration::from_secs(3);
/// Repositories of the company, each with who wrote its last commits.
const REPOSITORIES: &[(&str, &[(&str, &str)])] = &[
    (
        "payments/pay-gateway",
        &[
            ("Begin with an empty gateway", "Lin Yue"),
            ("Accept payments by card", "Lin Yue"),
            ("Answer a repeated order with its first receipt", "Gao Rui"),
        ],
    ),
    (
        "shop/web-shop",
        &[
            ("Begin with a page", "Lin Yue"),
            ("Show the basket's sum at once", "He Lan"),
        ],
    ),
    (
        "shop/order-api",
        &[
            ("Begin with a table of orders", "Lin Yue"),
            ("Keep an order for a day", "He Lan"),
        ],
    ),
    (
        "shop/mail-sender",
        &[
            ("Begin with one mail", "Lin Yue"),
            // The second line tells the simulated build to fail.
            ("Write in three languages\n\n[fail build]", "Gao Rui"),
        ],
    ),
    (
        "shop/session-cache",
        &[("Begin with a configuration", "Lin Yue")],
    ),
    (
        "search/search-api",
        &[("Begin with an index in memory", "Lin Yue")],
    ),
    (legacy::REPOSITORY, &[("Begin with an invoice", "Lin Yue")]),
    (legacy::WAITING, &[("Send what is due", "Lin Yue")]),
];

/// A cluster's key in the portal, the site where it stands, and its port.
type Named = (&'static str, &'static str, u16);
/// The cluster in Frankfurt, which is the last one of production.
pub const FAR: &str = "fra-prod";
/// A project whose job in Jenkins is older than the portal.
const OLD_JOB: &str = "slipway/search-api";

/// Running systems.
pub struct Systems {
    pub outside: Outside,
    pub clusters: Vec<(&'static str, &'static str, Api)>,
    folder: PathBuf,
    pub world: World,
    writer: JoinHandle<()>,
}

impl Systems {
    /// Starts them where they were the last time, with what they knew then.
    ///
    /// # Errors
    /// A port that somebody else has taken, or a memory that cannot be read.
    pub async fn start(home: &Home) -> anyhow::Result<Self> {
        let world = World::auto();
        let ports = Ports {
            gitlab: home.ports.gitlab,
            jenkins: home.ports.jenkins,
            registry: home.ports.registry,
            robots: home.ports.robots,
            mail: home.ports.mail,
        };
        let taken = "a port of the simulated systems is taken; another --data begins anew";
        let outside = Outside::start(&world, ports).await.context(taken)?;
        let named: [Named; 3] = [
            ("sh-test", "shanghai", home.ports.test),
            ("sh-prod", "shanghai", home.ports.production),
            (FAR, "frankfurt", home.ports.frankfurt),
        ];
        let mut clusters = Vec::new();
        for (key, site, port) in named {
            let api = kubernetes::serve(&world, key, port).await.context(taken)?;
            std::fs::write(kubeconfig_file(&home.folder, key), &api.kubeconfig)?;
            if let Some(cluster) = world.kubernetes().cluster(key) {
                cluster.settings.anonymous = Rights::All;
                cluster.settings.bare = Some("vendor/redis");
            }
            clusters.push((key, site, api));
        }
        let memory = home.folder.join("world.json");
        match std::fs::read(&memory) {
            Ok(bytes) => world.recall(&serde_json::from_slice(&bytes)?)?,
            Err(_) => seed(&world, &outside),
        }
        let writer = tokio::spawn(write_again_and_again(world.clone(), memory));
        Ok(Self {
            outside,
            clusters,
            folder: home.folder.clone(),
            world,
            writer,
        })
    }

    /// Each cluster's key with the file of its kubeconfig.
    pub fn kubeconfig_files(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        let file = |key: &'static str| (key, kubeconfig_file(&self.folder, key));
        self.clusters.iter().map(move |(key, ..)| file(key))
    }

    /// For the administrator, who registers all of it.
    #[must_use]
    pub fn landscape(&self) -> Landscape<'_> {
        let clusters = self.clusters.iter();
        Landscape {
            gitlab: self.outside.gitlab.base_url(),
            jenkins: self.outside.jenkins.base_url(),
            registry: self.outside.registry.base_url(),
            robots: self.outside.robots.base_url(),
            mail: self.outside.mail.port(),
            clusters: clusters
                .map(|(key, site, api)| Place {
                    key,
                    site,
                    kubeconfig: &api.kubeconfig,
                })
                .collect(),
            test: "sh-test",
            production: vec!["sh-prod", FAR],
        }
    }

    /// Writes the world down for the last time.
    pub async fn stop(self) {
        self.writer.abort();
        let memory = self.folder.join("world.json");
        if let Err(error) = write(&memory, &self.world.kept()) {
            println!("The simulated systems could not be written down: {error:#}");
        }
    }
}

fn kubeconfig_file(folder: &Path, key: &str) -> PathBuf {
    folder.join(format!("{key}.kubeconfig"))
}

fn seed(world: &World, outside: &Outside) {
    for (path, commits) in REPOSITORIES {
        let project = world.gitlab().add_project(path);
        for (message, author) in *commits {
            let now = world.clock().now();
            world.gitlab().commit(project, "main", message, author, now);
        }
    }
    let old = template(Language::Go, Kind::Pipeline);
    let old = old.replace("kept by operations", "made by He Lan in 2021");
    let old = old.replace("go build -trimpath", "make vet; go build -trimpath");
    let old = old.replace("<disabled>true", "<disabled>false");
    world.jenkins().add_item(OLD_JOB, &old);
    resources::seed(world);
    legacy::seed(world, outside);
    for path in mile::pool() {
        outside.add_project(world, &path);
    }
}

async fn write_again_and_again(world: World, memory: PathBuf) {
    let mut before = Value::Null;
    loop {
        pause(WRITTEN_EVERY).await;
        let now = world.kept();
        if now == before {
            continue;
        }
        // The next round tries again, and the last one says so.
        if write(&memory, &now).is_ok() {
            before = now;
        }
    }
}

/// Beside its place and then moved, so that a stop in between leaves the former one.
fn write(memory: &Path, kept: &Value) -> anyhow::Result<()> {
    let half = memory.with_extension("half");
    std::fs::write(&half, serde_json::to_vec(kept)?)?;
    std::fs::rename(&half, memory)?;
    Ok(())
}
