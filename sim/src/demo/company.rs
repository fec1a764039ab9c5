//! Three projects, each brought as far as its story goes by its own people over the API.
//!
//! Invariant: whatever stopped it before, it goes on from what the portal knows.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::{Said, people, resources};
use crate::portal::Person;
use crate::portal::acts::{self, Service};
use crate::portal::wait::pause;

/// Four builds, two at once, with everything round them, take less than a minute.
const LIMIT: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// Those who bring it up.
pub struct Crew {
    pub lin: Person,
    chen: Person,
    zhao: Person,
}

/// How far a project has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Far {
    /// It has a place in test, and asks for one in production.
    New,
    /// It has a release, which is in this state.
    Release(&'static str),
    /// It runs a vendor's image, which was imported and is in this state.
    Import(&'static str),
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

const ORDER_API: Service<'_> = Service {
    key: "order-api",
    description: "Keeps orders until they are paid",
    language: "go",
    repository: "shop/order-api",
    ..PAY_GATEWAY
};
const MAIL_SENDER: Service<'_> = Service {
    key: "mail-sender",
    description: "Writes to customers",
    language: "python",
    repository: "shop/mail-sender",
    ..PAY_GATEWAY
};

const SESSION_CACHE: Service<'_> = Service {
    key: "session-cache",
    description: "A vendor's cache, imported by operations",
    language: "go",
    repository: "shop/session-cache",
    ..PAY_GATEWAY
};

/// Brings what is missing into being.
///
/// # Errors
/// The first thing that did not go.
pub async fn bring_up(url: &str, said: &Said) -> anyhow::Result<()> {
    said.say("Bringing six projects into being; their builds take most of a minute.");
    let crew = Crew::sign_in(url).await?;
    let all = async {
        tokio::try_join!(
            crew.carry(&PAY_GATEWAY, Far::Release("released")),
            crew.carry(&WEB_SHOP, Far::Release("awaiting_confirmation")),
            crew.carry(&ORDER_API, Far::Release("awaiting_approval")),
            crew.carry(&MAIL_SENDER, Far::Release("failed")),
            crew.carry(&SEARCH_API, Far::New),
            crew.carry(&SESSION_CACHE, Far::Import("released")),
        )
    };
    let in_time = tokio::time::timeout(LIMIT, all).await;
    in_time.context("six projects took too long")??;
    said.say("pay-gateway is in production, web-shop waits for a tester, order-api for a yes;");
    said.say("mail-sender does not build, search-api is new and asks for containers;");
    said.say("session-cache runs a vendor's image that operations imported.");
    resources::bring_in(&crew.lin, &crew.zhao).await?;
    Ok(())
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
        })
    }

    async fn carry(&self, service: &Service<'_>, far: Far) -> anyhow::Result<()> {
        let context = || format!("{} did not get there", service.key);
        self.go(service, far).await.with_context(context)
    }

    async fn go(&self, service: &Service<'_>, far: Far) -> anyhow::Result<()> {
        let key = service.key;
        self.found(service).await?;
        self.place(key, "test").await?;
        if far == Far::New {
            return self.ask_for_place(key, "prod").await.map(|_| ());
        }
        self.place(key, "prod").await?;
        match far {
            Far::New => Ok(()),
            Far::Release(wanted) => self.release(key, wanted).await,
            Far::Import(wanted) => {
                let id = resources::import(&self.zhao, key).await?;
                self.carry_release(&id, wanted).await
            }
        }
    }

    async fn release(&self, key: &str, wanted: &str) -> anyhow::Result<()> {
        let known = self.lin.list(&format!("/projects/{key}/releases")).await?;
        let id = match known.last() {
            Some(first) => acts::id(first)?,
            None => acts::id(&acts::open(&self.lin, key, "The first one").await?)?,
        };
        self.carry_release(&id, wanted).await
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
            None => acts::ask_for_containers(&self.lin, key, environment)
                .await
                .map(Some),
        }
    }

    async fn open_request(&self, ours: impl Fn(&Value) -> bool) -> anyhow::Result<Option<i64>> {
        let open = self.lin.list("/requests?for=mine&state=open").await?;
        let found = open.iter().find(|request| ours(request));
        Ok(found.and_then(|request| request["number"].as_i64()))
    }

    /// Does whatever a release's state asks for next, until it is in the one that is wanted.
    ///
    /// # Errors
    /// It ended elsewhere.
    pub async fn carry_release(&self, id: &str, wanted: &str) -> anyhow::Result<()> {
        let Self { lin, chen, zhao } = self;
        loop {
            let story = acts::story(lin, id).await?;
            match story["state"].as_str().unwrap_or_default() {
                state if state == wanted => return Ok(()),
                "awaiting_confirmation" => {
                    let digest = acts::text(&story, "/artifact/digest")?;
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
