//! The mile: its tests against simulators, then the command against a real control plane and a
//! real registry, into which the simulated Jenkins pushes.

use anyhow::Context as _;

use super::{Plan, Totals, deploy, tests};
use crate::World;
use crate::demo::new_secret_key;
use crate::demo::people::{self, PEOPLE};
use crate::demo::register::{Landscape, Place, register};
use crate::mile::{Route, go};
use crate::outside::{Outside, Ports};
use crate::plane::{Plane, Tools};
use crate::portal::{self, Person, Portal, Serving};
use crate::postgres::{Postgres, free_port};

const DATABASE: &str = "mile";
const REPOSITORY: &str = "mile/mile-01";
/// The real cluster's key; both environments are in it, in namespaces of their own.
const CLUSTER: &str = "plane";

/// Both parts.
pub async fn mile(plan: &Plan, server: &Postgres) -> anyhow::Result<Totals> {
    let mut totals = tests::of(server, "mile::")?;
    totals += match Tools::can_be_had() {
        Ok(()) => on_a_real_plane(server).await?,
        Err(why) => plan.lacking("the mile on a real control plane", &why),
    };
    Ok(totals)
}

async fn on_a_real_plane(server: &Postgres) -> anyhow::Result<Totals> {
    let mut plane = Plane::start().await?;
    println!(
        "the plane started in {:.1} s",
        plane.started_in.as_secs_f64()
    );
    // The portal goes the mile with what deploy/kubernetes/cluster.yaml grants, and no more.
    let account = std::fs::read_to_string(deploy::account(&plane).await?)?;
    let world = World::auto();
    let outside = Outside::start(&world, Ports::default()).await?;
    outside.add_project(&world, REPOSITORY);
    let portal = portal_beside(server, &plane).await?;
    let outcome = async {
        let admin = people::login("admin").context("nobody administers")?;
        let admin = Person::sign_in(&portal.url, &admin).await?;
        let landscape = Landscape {
            gitlab: outside.gitlab.base_url(),
            jenkins: outside.jenkins.base_url(),
            registry: &plane.registry_url,
            clusters: vec![Place {
                key: CLUSTER,
                site: "here",
                kubeconfig: &account,
            }],
            robots: outside.robots.base_url(),
            mail: outside.mail.port(),
            test: CLUSTER,
            production: vec![CLUSTER],
        };
        register(&admin, &landscape).await?;
        anyhow::Ok(go(&route(&portal, &plane)?).await)
    }
    .await;
    portal.stop().await;
    plane.check()?;
    let outcome = outcome?;
    Ok(Totals {
        passed: outcome.passed,
        failed: u64::from(!outcome.whole),
        skipped: 0,
    })
}

async fn portal_beside(server: &Postgres, plane: &Plane) -> anyhow::Result<Portal> {
    server.make_database(DATABASE).await?;
    let program = portal::build(portal::Build::Debug).await?;
    let serving = Serving {
        port: free_port()?,
        database_url: server.app_url(DATABASE),
        owner_database_url: server.url(DATABASE),
        secret_keys: new_secret_key(),
        sign_in_as: PEOPLE.iter().map(|p| p.user.to_owned()).collect(),
        settings: Vec::new(),
        log: plane.dir().join("portal.log"),
    };
    program.migrate(&serving).await?;
    people::make(plane.dir(), &program, &serving).await?;
    program.serve(&serving).await
}

fn route(portal: &Portal, plane: &Plane) -> anyhow::Result<Route> {
    let somebody = |user| people::login(user).context("nobody of that name");
    let developer = somebody("lin")?;
    Ok(Route {
        url: portal.url.clone(),
        owner: developer.user.clone(),
        developer,
        tester: somebody("chen")?,
        ops: somebody("zhao")?,
        kubeconfigs: vec![(CLUSTER.to_owned(), plane.kubeconfig_path.clone())],
        repositories: vec![REPOSITORY.to_owned()],
        language: "go".to_owned(),
        test: "test".to_owned(),
        production: "prod".to_owned(),
    })
}
