//! A portal beside a real control plane and a real registry, into which the simulated Jenkins
//! pushes; with one project, once the mile was gone there.

use std::path::PathBuf;

use anyhow::Context as _;

use super::deploy;
use crate::World;
use crate::demo::new_secret_key;
use crate::demo::people::{self, PEOPLE};
use crate::demo::register::{Landscape, Place, register};
use crate::mile::{self, Outcome, Route};
use crate::outside::{Outside, Ports};
use crate::plane::Plane;
use crate::portal::{self, Person, Portal, Program, Serving};
use crate::postgres::{Postgres, free_port};

const REPOSITORY: &str = "mile/mile-01";
/// The real cluster's key; both environments are in it, in namespaces of their own.
const CLUSTER: &str = "plane";

/// [`Beside::stop`] ends it in order.
pub struct Beside {
    plane: Plane,
    outside: Outside,
    program: Program,
    serving: Serving,
    portal: Portal,
}

impl Beside {
    /// Everything but the mile, in a database of this name.
    ///
    /// # Errors
    /// What could not be had or started.
    pub async fn start(server: &Postgres, database: &str) -> anyhow::Result<Self> {
        let plane = Plane::start().await?;
        println!(
            "the plane started in {:.1} s",
            plane.started_in.as_secs_f64()
        );
        let world = World::auto();
        let outside = Outside::start(&world, Ports::default()).await?;
        outside.add_project(&world, REPOSITORY);
        server.make_database(database).await?;
        let program = portal::build(portal::Build::Tested).await?;
        let serving = Serving {
            port: free_port()?,
            database_url: server.app_url(database),
            owner_database_url: server.url(database),
            secret_keys: new_secret_key(),
            sign_in_as: PEOPLE.iter().map(|p| p.user.to_owned()).collect(),
            settings: Vec::new(),
            log: plane.dir().join("portal.log"),
        };
        program.migrate(&serving).await?;
        people::make(plane.dir(), &program, &serving).await?;
        let portal = program.serve(&serving).await?;
        let beside = Self {
            plane,
            outside,
            program,
            serving,
            portal,
        };
        match beside.register().await {
            Ok(()) => Ok(beside),
            Err(error) => {
                beside.stop().await?;
                Err(error)
            }
        }
    }

    /// The portal works with what deploy/kubernetes/cluster.yaml grants, and no more.
    async fn register(&self) -> anyhow::Result<()> {
        let account = std::fs::read_to_string(deploy::account(&self.plane).await?)?;
        let admin = people::login("admin").context("nobody administers")?;
        let admin = Person::sign_in(&self.portal.url, &admin).await?;
        let landscape = Landscape {
            gitlab: self.outside.gitlab.base_url(),
            jenkins: self.outside.jenkins.base_url(),
            registry: &self.plane.registry_url,
            clusters: vec![Place {
                key: CLUSTER,
                site: "here",
                kubeconfig: &account,
            }],
            robots: self.outside.robots.base_url(),
            mail: self.outside.mail.port(),
            test: CLUSTER,
            production: vec![CLUSTER],
        };
        register(&admin, &landscape).await
    }

    /// From a form to production and back.
    ///
    /// # Errors
    /// A person of the company who is not there.
    pub async fn walk(&self) -> anyhow::Result<Outcome> {
        Ok(mile::go(&self.route()?).await)
    }

    /// What runs in the cluster already becomes the portal's.
    ///
    /// # Errors
    /// A person of the company who is not there.
    pub async fn take_over(&self) -> anyhow::Result<Outcome> {
        let asks = people::login("he").context("nobody of that name")?;
        Ok(mile::take_over(&self.route()?, &asks).await)
    }

    fn route(&self) -> anyhow::Result<Route> {
        let somebody = |user| people::login(user).context("nobody of that name");
        let developer = somebody("lin")?;
        Ok(Route {
            url: self.portal.url.clone(),
            owner: developer.user.clone(),
            developer,
            tester: somebody("chen")?,
            ops: somebody("zhao")?,
            kubeconfigs: vec![(CLUSTER.to_owned(), self.plane.kubeconfig_path.clone())],
            repositories: vec![REPOSITORY.to_owned()],
            language: "go".to_owned(),
            test: "test".to_owned(),
            production: "prod".to_owned(),
        })
    }

    /// One more portal over the same database, which people reach at `public_url`.
    ///
    /// # Errors
    /// The end of its log, if it did not become ready.
    pub async fn replica(&self, name: &str, public_url: &str) -> anyhow::Result<Portal> {
        let log = self.plane.dir().join(format!("{name}.log"));
        self.program.replica(&self.serving, public_url, log).await
    }

    /// A file with who there is, as the browser's scripts read it.
    ///
    /// # Errors
    /// A disk that takes no more.
    pub fn people(&self) -> anyhow::Result<PathBuf> {
        let path = self.plane.dir().join("people.json");
        std::fs::write(&path, people::told().to_string())?;
        Ok(path)
    }

    /// Ends everything that was started, in order.
    ///
    /// # Errors
    /// A process of the plane that had ended by itself.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.portal.stop().await;
        self.plane.check()
    }
}
