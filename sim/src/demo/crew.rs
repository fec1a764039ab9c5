//! The demo's people at work, over the API.
//!
//! Invariant: whatever stopped it before, it goes on from what the portal knows.

use std::time::Duration;

use anyhow::{Context as _, bail};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{people, resources, systems};
use crate::portal::Person;
use crate::portal::acts::{self, Service};
use crate::portal::wait::{Look, pause, until};
use crate::world::World;

const LOOK_EVERY: Duration = Duration::from_millis(300);
/// A first visitor is to see a rollout, so that one takes a while in Frankfurt.
const SLOW: Duration = Duration::from_secs(240);
const TWO_WEEKS: SignedDuration = SignedDuration::from_hours(14 * 24);
const VENDOR_TESTS: &str = "The vendor tests it, and our services met it in test for a week";

/// Those who bring it up.
pub struct Crew {
    pub lin: Person,
    chen: Person,
    pub zhao: Person,
    pub he: Person,
}

/// How far a project has come.
#[derive(Clone, Copy)]
pub enum Far<'a> {
    /// It is there, and that is all.
    Project,
    /// It has a place in test and asks for one in production; its first release waits for
    /// operations' yes to a job that is older than the portal.
    New,
    /// It has a release, which is in this state.
    Release(&'static str),
    /// It runs a vendor's image, and a newer one of it is on its way to production, slowly.
    Vendor(&'a World),
}

impl Crew {
    /// # Errors
    /// A portal that does not know them.
    pub async fn sign_in(url: &str) -> anyhow::Result<Self> {
        let somebody = async |user| {
            let login = people::login(user).context("nobody of that name")?;
            Person::sign_in(url, &login).await
        };
        Ok(Self {
            lin: somebody("lin").await?,
            chen: somebody("chen").await?,
            zhao: somebody("zhao").await?,
            he: somebody("he").await?,
        })
    }

    /// Brings a project as far as its story goes.
    ///
    /// # Errors
    /// What stopped it.
    pub async fn carry(&self, service: &Service<'_>, far: Far<'_>) -> anyhow::Result<()> {
        let context = || format!("{} did not get there", service.key);
        self.go(service, far).await.with_context(context)
    }

    async fn go(&self, service: &Service<'_>, far: Far<'_>) -> anyhow::Result<()> {
        let key = service.key;
        self.found(service).await?;
        if matches!(far, Far::Project) {
            return Ok(());
        }
        self.place(key, "test").await?;
        match far {
            Far::Project => Ok(()),
            Far::New => {
                self.ask_for_place(key, "prod").await?;
                self.release_of(key).await.map(|_| ())
            }
            Far::Release(wanted) => {
                self.place(key, "prod").await?;
                self.carry_release(&self.release_of(key).await?, wanted)
                    .await
            }
            Far::Vendor(world) => {
                self.place(key, "prod").await?;
                let first = resources::import(&self.zhao, key, 0).await?;
                self.carry_release(&first, "released").await?;
                slow_down(world, key);
                let newer = resources::import(&self.zhao, key, 1).await?;
                self.carry_release(&newer, "deploying_production").await?;
                self.await_wave(&newer, systems::FAR).await
            }
        }
    }

    /// A project's first release, opened if it was not yet.
    async fn release_of(&self, key: &str) -> anyhow::Result<String> {
        let known = self.lin.list(&format!("/projects/{key}/releases")).await?;
        match known.last() {
            Some(first) => acts::id(first),
            None => acts::id(&acts::open(&self.lin, key, "The first one").await?),
        }
    }

    /// Waits until a release has come to a cluster.
    async fn await_wave(&self, release: &str, cluster: &str) -> anyhow::Result<()> {
        until(async || {
            let story = acts::story(&self.lin, release).await?;
            let deployments = story["deployments"].as_array();
            let mut all = deployments.into_iter().flatten();
            Ok(match all.any(|one| one["cluster"] == cluster) {
                true => Look::Found(()),
                false => Look::NotYet(format!("nothing goes to {cluster}")),
            })
        })
        .await
    }

    /// The tester develops in a project for two weeks.
    ///
    /// # Errors
    /// What the portal refuses.
    pub async fn lend_a_hand(&self, project: &str, now: Timestamp) -> anyhow::Result<()> {
        let until = now + TWO_WEEKS;
        let body = json!({ "user": "chen", "role": "developer", "expires_at": until });
        let path = format!("/projects/{project}/members");
        self.lin.post(&path, &body).await?.expect(201)?;
        Ok(())
    }

    async fn found(&self, service: &Service<'_>) -> anyhow::Result<()> {
        let known = self.zhao.list("/projects").await?;
        if known.iter().any(|project| project["key"] == service.key) {
            return Ok(());
        }
        let ours =
            |request: &Value| request["kind"] == "onboarding" && request["subject"] == service.key;
        let asked = match self.open_request(ours).await? {
            Some(number) => number,
            None => acts::ask_for_project(&self.lin, service).await?,
        };
        acts::approve(&self.zhao, asked).await?;
        acts::await_done(&self.zhao, asked).await
    }

    async fn place(&self, key: &str, environment: &str) -> anyhow::Result<()> {
        if let Some(asked) = self.ask_for_place(key, environment).await? {
            acts::approve(&self.zhao, asked).await?;
        }
        acts::await_prepared(&self.lin, key, environment).await
    }

    /// The open request for containers, if there are none yet.
    async fn ask_for_place(&self, key: &str, environment: &str) -> anyhow::Result<Option<i64>> {
        let found = acts::workloads(&self.lin, key, environment).await?;
        if !found.is_empty() {
            return Ok(None);
        }
        let ours = |request: &Value| {
            request["kind"] == "containers"
                && request["project"] == key
                && request["environment"] == environment
        };
        match self.open_request(ours).await? {
            Some(number) => Ok(Some(number)),
            None => {
                let differ = match environment {
                    "prod" => in_production(),
                    _ => json!({}),
                };
                let asked = acts::ask_for_containers(&self.lin, key, environment, &differ);
                asked.await.map(Some)
            }
        }
    }

    async fn open_request(&self, ours: impl Fn(&Value) -> bool) -> anyhow::Result<Option<i64>> {
        let open = self.lin.list("/requests?for=mine&state=open").await?;
        let found = open.iter().find(|request| ours(request));
        Ok(found.and_then(|request| request["number"].as_i64()))
    }

    /// What operations learned about one project, as a change of its standard that has had its yes.
    ///
    /// # Errors
    /// What the portal refuses.
    pub async fn learn(&self, project: &str) -> anyhow::Result<()> {
        if !self.zhao.list("/waves").await?.is_empty() {
            return Ok(());
        }
        let body = json!({
            "kind": "layer", "note": "Its mails in flight were cut off at every rollout",
            "parameters": {
                "layer": { "kind": "project", "key": project },
                "document": { "grace_seconds": 45 }, "locks": [],
                "waves": { "size": 1, "pause_seconds": 30 },
            },
        });
        let asked = self.zhao.post("/requests", &body).await?.expect(201)?;
        let number = asked["number"]
            .as_i64()
            .context("the answer has no number")?;
        acts::approve(&self.he, number).await
    }

    /// Does whatever a release's state asks for next, until it is in the one that is wanted.
    ///
    /// # Errors
    /// It ended elsewhere.
    pub async fn carry_release(&self, id: &str, wanted: &str) -> anyhow::Result<()> {
        let Self {
            lin,
            chen,
            zhao,
            he,
        } = self;
        loop {
            let story = acts::story(lin, id).await?;
            match story["state"].as_str().unwrap_or_default() {
                state if state == wanted => return Ok(()),
                "awaiting_confirmation" => {
                    let digest = acts::text(&story, "/artifact/digest")?;
                    if story["origin"] == "imported" {
                        acts::waive(he, id, &digest, VENDOR_TESTS).await?;
                        continue;
                    }
                    acts::confirm(chen, id, &digest).await?.expect(201)?;
                }
                "confirmed" => {
                    acts::to_production(lin, id, "prod").await?;
                }
                "awaiting_approval" => {
                    let asked = story["request"].as_i64();
                    acts::approve(zhao, asked.context("nobody was asked")?).await?;
                }
                state @ ("released" | "failed" | "rejected" | "cancelled") => {
                    bail!("the release is {state}: {}", story["failure"])
                }
                _ => pause(LOOK_EVERY).await,
            }
        }
    }
}

/// Shanghai has most customers, so that production is larger there.
fn in_production() -> Value {
    json!({
        "sh-prod": { "replicas": { "min": 4, "max": 12 } },
        systems::FAR: { "replicas": { "min": 2, "max": 6 } },
    })
}

fn slow_down(world: &World, project: &str) {
    if let Some(cluster) = world.kubernetes().cluster(systems::FAR) {
        cluster
            .settings
            .slow
            .insert(format!("{project}-prod"), SLOW);
    }
}
