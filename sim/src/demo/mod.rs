//! A company on one machine: PostgreSQL, the outside systems, the portal, and some history.
//!
//! Invariant: everything that was started is stopped, and what the company did is still there
//! the next time.

pub mod company;
pub mod crew;
mod home;
mod legacy;
pub mod people;
pub mod register;
mod resources;
pub mod systems;

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::json;
use tokio::time::Instant;

use crate::portal::{self, Login, Person, Portal, Program, Serving};
use crate::postgres::{Durability, Postgres};
use home::Home;
pub use home::new_secret_key;
use people::PEOPLE;
use systems::Systems;

/// The database's name.
const DATABASE: &str = "slipway";

/// The command line.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to serve; the last one, or 8080, if not given.
    pub port: Option<u16>,
    pub data: PathBuf,
    /// Whether to leave the company without projects.
    pub empty: bool,
    pub durability: Durability,
    /// What is measured is what is shipped; everybody else is quicker with what builds quickly.
    pub build: portal::Build,
    /// More of the product's settings, by name.
    pub settings: Vec<(&'static str, String)>,
}

/// A running demo. [`Demo::stop`] ends it in order.
pub struct Demo {
    pub portal: Portal,
    program: Program,
    serving: Serving,
    // Dropped in this order: the world is written down before its place goes.
    pub systems: Systems,
    postgres: Postgres,
    home: Home,
}

/// Says what happens, with the time since the start.
pub struct Said(Instant);

impl Said {
    fn say(&self, what: &str) {
        println!("{:6.1} s  {what}", self.0.elapsed().as_secs_f64());
    }
}

/// Starts everything, and brings the company into being where it is not there yet.
///
/// # Errors
/// What could not be had, in words for somebody who sees this for the first time.
pub async fn start(options: &Options) -> anyhow::Result<Demo> {
    let said = Said(Instant::now());
    let home = Home::open(&options.data, options.port)?;
    said.say("Building the portal, if anything changed.");
    let program = portal::build(options.build).await?;
    said.say("Starting PostgreSQL.");
    let folder = home.folder.join("postgres");
    let postgres = Postgres::start(&folder, options.durability).await?;
    postgres.make_database(DATABASE).await?;
    let mut settings = vec![resources::debug_images()];
    settings.extend(options.settings.iter().cloned());
    let serving = Serving {
        port: home.ports.portal,
        database_url: postgres.app_url(DATABASE),
        owner_database_url: postgres.url(DATABASE),
        secret_keys: home.secret_key()?,
        sign_in_as: PEOPLE.iter().map(|p| p.user.to_owned()).collect(),
        settings,
        log: home.folder.join("portal.log"),
    };
    program.migrate(&serving).await?;
    people::make(&home.folder, &program, &serving).await?;
    said.say("Starting GitLab, Jenkins, the registry and three Kubernetes clusters.");
    let systems = Systems::start(&home).await?;
    let portal = program.serve(&serving).await?;
    said.say("The portal is open.");
    let mut demo = Demo {
        portal,
        program,
        serving,
        systems,
        postgres,
        home,
    };
    // Whatever goes wrong from here on, what was started is stopped first.
    match demo.furnish(options, &said).await {
        Ok(()) => Ok(demo),
        Err(error) => {
            demo.stop().await;
            Err(error)
        }
    }
}

impl Demo {
    async fn furnish(&mut self, options: &Options, said: &Said) -> anyhow::Result<()> {
        let admin = people::login("admin").context("nobody administers")?;
        let admin = Person::sign_in(&self.portal.url, &admin).await?;
        register::register(&admin, &self.systems.landscape()).await?;
        register::govern(&admin).await?;
        // What people did to the company since is theirs, so it is brought up only once.
        let mark = self.home.folder.join("has-company");
        if !options.empty && !mark.exists() {
            company::bring_up(&self.portal.url, &self.systems.world, said).await?;
            let mut clusters = self.systems.kubeconfig_files();
            let (_, test) = clusters.next().context("there is no cluster")?;
            company::change_by_hand(&self.portal.url, &test).await?;
            said.say("somebody changed pay-gateway in test past the portal.");
            std::fs::write(mark, "")?;
        }
        self.tell()?;
        self.welcome(said);
        Ok(())
    }

    /// Writes what other commands need to know into `demo.json`.
    fn tell(&self) -> anyhow::Result<()> {
        let clusters = self.systems.kubeconfig_files();
        let clusters = clusters.map(|(key, file)| json!({ "key": key, "kubeconfig": file }));
        let outside = &self.systems.outside;
        let told = json!({
            "url": self.portal.url,
            "people": people::told(),
            "clusters": clusters.collect::<Vec<_>>(),
            "gitlab": { "url": outside.gitlab.base_url(), "token": crate::outside::TOKEN },
            "jenkins": {
                "url": outside.jenkins.base_url(), "user": crate::outside::PORTAL,
                "token": crate::outside::TOKEN,
            },
            "registry": { "url": outside.registry.base_url() },
            "robots": { "url": outside.robots.base_url() },
        });
        let text = serde_json::to_string_pretty(&told)?;
        std::fs::write(self.home.folder.join("demo.json"), text)?;
        Ok(())
    }

    fn welcome(&self, said: &Said) {
        said.say("Everything is up.");
        println!("\nOpen {} and choose who you are:\n", self.portal.url);
        for person in PEOPLE {
            let Login { user, password } = person.login();
            println!(
                "  {user:<6} {password:<15} {}, {}",
                person.name, person.does
            );
        }
        let heard = self.systems.outside.robots.base_url();
        println!("\nWhat chat and mail were told is at {heard}/messages.");
        println!("\n  cargo mile --demo {}", self.home.folder.display());
        println!("\nCtrl-C ends it; what happened is there again the next time.");
    }

    /// One more portal over the same database, which people reach at `public_url`.
    ///
    /// # Errors
    /// The end of its log, if it did not become ready.
    pub async fn replica(&self, name: &str, public_url: &str) -> anyhow::Result<Portal> {
        let log = self.home.folder.join(format!("{name}.log"));
        self.program.replica(&self.serving, public_url, log).await
    }

    /// Ends everything that was started, in order.
    pub async fn stop(self) {
        self.portal.stop().await;
        self.systems.stop().await;
        drop(self.postgres);
    }
}
