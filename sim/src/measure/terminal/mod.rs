//! Terminals in numbers: the program as it is shipped, with rights asked, recordings kept and
//! everything on record, between a pretended cluster and viewers that confirm as browsers do.
//!
//! Invariant: ours, its peer, and the way without anything between take turns in one run, so that
//! a machine that is busy otherwise is busy for all of them.

mod direct;
mod echo;
mod peer;
mod scale;
mod slow;
mod throughput;
mod viewer;

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::demo::people;
use crate::demo::{self, Demo, company};
use crate::kubernetes::Exec;
use crate::portal::{Build, Person, acts};
use crate::postgres::{Durability, free_port};

pub use echo::echo;
pub use scale::scale;
pub use slow::slow;
pub use throughput::throughput;
use viewer::Viewer;

const CLUSTER: &str = "sh-test";
/// How often each thing is measured.
const RUNS: usize = 5;
/// No limit is what is measured.
const TERMINALS: &str = "5000";

/// A portal with one project whose containers run in test.
struct Stage {
    demo: Demo,
    folder: TempDir,
    lin: Person,
    workload: Value,
    namespace: String,
    pod: String,
}

impl Stage {
    async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let limit = |name| (name, TERMINALS.to_owned());
        let options = demo::Options {
            port: Some(free_port()?),
            data: folder.path().to_owned(),
            empty: true,
            durability: Durability::Kept,
            build: Build::Release,
            settings: vec![
                limit("SLIPWAY_TERMINALS_EACH"),
                limit("SLIPWAY_TERMINALS_IN_ALL"),
            ],
        };
        let demo = demo::start(&options).await?;
        match Self::furnish(&demo).await {
            Ok((lin, workload, pod)) => Ok(Self {
                demo,
                folder,
                lin,
                namespace: acts::text(&workload, "/namespace")?,
                workload: workload["id"].clone(),
                pod,
            }),
            Err(error) => {
                demo.stop().await;
                Err(error)
            }
        }
    }

    async fn furnish(demo: &Demo) -> anyhow::Result<(Person, Value, String)> {
        let url = demo.portal.url.as_str();
        let project = company::bring_up_one(url).await?;
        let login = people::login("lin").context("nobody of that name")?;
        let lin = Person::sign_in(url, &login).await?;
        let all = acts::workloads(&lin, project, "test").await?;
        let workload = all.into_iter().next().context("nothing runs")?;
        let pods = format!("/workloads/{}/pods", acts::id(&workload)?);
        let pod = acts::text(&lin.get(&pods).await?, "/pods/0/name")?;
        Ok((lin, workload, pod))
    }

    async fn stop(self) {
        self.demo.stop().await;
    }

    /// What each command in a container does from now on.
    fn containers(&self, exec: Exec) {
        if let Some(cluster) = self.demo.systems.world.kubernetes().cluster(CLUSTER) {
            cluster.settings.exec = exec;
        }
    }

    /// A new terminal, entered as the page does.
    async fn enter(&self) -> anyhow::Result<Viewer> {
        let asked = json!({ "workload": self.workload, "pod": self.pod, "reason": "measured" });
        let way = self.lin.post("/terminals", &asked).await?.expect(201)?;
        Viewer::enter(&self.lin, &way).await
    }

    fn process(&self) -> anyhow::Result<u32> {
        self.demo.portal.id()
    }

    fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join(format!("{CLUSTER}.kubeconfig"))
    }

    /// The pretended cluster itself, where the container's programs are started.
    fn exec_address(&self) -> anyhow::Result<String> {
        let mut clusters = self.demo.systems.clusters.iter();
        let here = clusters.find(|(key, ..)| *key == CLUSTER);
        let (.., api) = here.context("the cluster is not there")?;
        let base = api.server.base_url().replace("http", "ws");
        let (namespace, pod) = (&self.namespace, &self.pod);
        Ok(format!(
            "{base}/api/v1/namespaces/{namespace}/pods/{pod}/exec\
             ?command=sh&stdin=true&stdout=true&tty=true"
        ))
    }
}

/// Says what stands beside ours, and loudly what does not.
fn tell_peers(has_kubectl: bool) {
    if !has_kubectl {
        println!(
            "PEER ABSENT: kubectl is not built (cargo verify real builds it); NOT COMPARED WITH IT"
        );
    }
    println!("PEER ABSENT: ttyd is in no package registry that is used here; NOT COMPARED WITH IT");
}
