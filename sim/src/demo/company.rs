//! Three projects, each brought as far as its story goes by its own people over the API.
//!
//! Invariant: whatever stopped it before, it goes on from what the portal knows.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::{Said, people};
use crate::portal::Person;
use crate::portal::acts::{self, Service};
use crate::portal::wait::pause;

/// Two builds at once, with everything round them, take half a minute.
const LIMIT: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(300);

struct Crew {
    lin: Person,
    chen: Person,
    zhao: Person,
}

/// How far a project has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Far {
    /// It has a place in test, and asks for one in production.
    New,
    /// Test runs it and somebody has to say that it is good.
    AwaitingConfirmation,
    InProduction,
}

const PAY_GATEWAY: Service<'_> = Service {
    key: "pay-gateway",
    description: "Takes payments and answers with receipts",
    language: "java",
    repository: "payments/pay-gateway",
    owners: &["lin"],
    developers: &["lin"],
    testers: &["chen"],
};
const WEB_SHOP: Service<'_> = Service {
    key: "web-shop",
    description: "What customers see",
    language: "node",
    repository: "shop/web-shop",
    ..PAY_GATEWAY
};
const SEARCH_API: Service<'_> = Service {
    key: "search-api",
    description: "Finds articles by words",
    language: "go",
    repository: "search/search-api",
    ..PAY_GATEWAY
};

/// Brings what is missing into being.
///
/// # Errors
/// The first thing that did not go.
pub async fn bring_up(url: &str, said: &Said) -> anyhow::Result<()> {
    said.say("Bringing three projects into being; their builds take half a minute.");
    let somebody = async |user| {
        let login = people::login(user).context("nobody of that name")?;
        Person::sign_in(url, &login).await
    };
    let crew = Crew {
        lin: somebody("lin").await?,
        chen: somebody("chen").await?,
        zhao: somebody("zhao").await?,
    };
    let all = async {
        tokio::try_join!(
            crew.carry(&PAY_GATEWAY, Far::InProduction),
            crew.carry(&WEB_SHOP, Far::AwaitingConfirmation),
            crew.carry(&SEARCH_API, Far::New),
        )
    };
    let in_time = tokio::time::timeout(LIMIT, all).await;
    in_time.context("three projects took too long")??;
    said.say("pay-gateway is in production, web-shop waits for a tester, search-api is new.");
    Ok(())
}

impl Crew {
    async fn carry(&self, service: &Service<'_>, far: Far) -> anyhow::Result<()> {
        let context = || format!("{} did not get there", service.key);
        self.go(service, far).await.with_context(context)
    }

    async fn go(&self, service: &Service<'_>, far: Far) -> anyhow::Result<()> {
        self.found(service).await?;
        self.place(service.key, "test", true).await?;
        let is_new = far == Far::New;
        self.place(service.key, "prod", !is_new).await?;
        if is_new {
            return Ok(());
        }
        self.release(service.key, far).await
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

    /// Containers in an environment, or the open request for them.
    async fn place(&self, key: &str, environment: &str, approve: bool) -> anyhow::Result<()> {
        let found = acts::workloads(&self.lin, key, environment).await?;
        if found.is_empty() {
            let ours = |request: &Value| {
                request["kind"] == "containers"
                    && request["project"] == key
                    && request["environment"] == environment
            };
            let asked = match self.open_request(ours).await? {
                Some(number) => number,
                None => acts::ask_for_containers(&self.lin, key, environment).await?,
            };
            if !approve {
                return Ok(());
            }
            acts::approve(&self.zhao, asked).await?;
        }
        acts::await_prepared(&self.lin, key, environment).await
    }

    async fn open_request(&self, ours: impl Fn(&Value) -> bool) -> anyhow::Result<Option<i64>> {
        let open = self.lin.list("/requests?for=mine&state=open").await?;
        let found = open.iter().find(|request| ours(request));
        Ok(found.and_then(|request| request["number"].as_i64()))
    }

    /// Does whatever the release's state asks for next.
    async fn release(&self, key: &str, far: Far) -> anyhow::Result<()> {
        let Self { lin, chen, zhao } = self;
        let known = lin.list(&format!("/projects/{key}/releases")).await?;
        let id = match known.last() {
            Some(first) => acts::id(first)?,
            None => acts::id(&acts::open(lin, key, "The first one").await?)?,
        };
        loop {
            let story = acts::story(lin, &id).await?;
            match story["state"].as_str().unwrap_or_default() {
                "awaiting_confirmation" if far == Far::AwaitingConfirmation => return Ok(()),
                "awaiting_confirmation" => {
                    let digest = acts::text(&story, "/artifact/digest")?;
                    acts::confirm(chen, &id, &digest).await?.expect(201)?;
                }
                "confirmed" => {
                    acts::to_production(lin, &id, "prod").await?;
                }
                "awaiting_approval" => {
                    let asked = story["request"].as_i64();
                    let asked = asked.context("nobody was asked")?;
                    acts::approve(zhao, asked).await?;
                }
                "released" => return Ok(()),
                state @ ("failed" | "rejected" | "cancelled") => {
                    bail!("the release is {state}: {}", story["failure"])
                }
                _ => pause(LOOK_EVERY).await,
            }
        }
    }
}
