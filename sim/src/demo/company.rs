//! Three projects, each brought as far as its story goes by its own people over the API.

use anyhow::Context as _;

use super::{Said, people};
use crate::portal::Person;
use crate::portal::acts::{self, Service};

struct Crew {
    lin: Person,
    chen: Person,
    zhao: Person,
}

/// How far a project has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Far {
    /// Containers wait for a first release.
    Prepared,
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
pub async fn bring_up(url: &str, admin: &Person, said: &Said) -> anyhow::Result<()> {
    let known = admin.list("/projects").await?;
    let is_new = |service: &Service<'_>| !known.iter().any(|p| p["key"] == service.key);
    if [PAY_GATEWAY, WEB_SHOP, SEARCH_API]
        .iter()
        .all(|s| !is_new(s))
    {
        return Ok(());
    }
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
    // Only who works on some project may ask for more, so the first one is asked for by the
    // administrator.
    if is_new(&PAY_GATEWAY) {
        crew.found(admin, &PAY_GATEWAY).await?;
    }
    for service in [&WEB_SHOP, &SEARCH_API] {
        if is_new(service) {
            crew.found(&crew.lin, service).await?;
        }
    }
    tokio::try_join!(
        crew.carry(&PAY_GATEWAY, Far::InProduction),
        crew.carry(&WEB_SHOP, Far::AwaitingConfirmation),
        crew.carry(&SEARCH_API, Far::Prepared),
    )?;
    said.say("pay-gateway is in production, web-shop waits for a tester, search-api is new.");
    Ok(())
}

impl Crew {
    async fn found(&self, who: &Person, service: &Service<'_>) -> anyhow::Result<()> {
        let asked = acts::ask_for_project(who, service).await?;
        acts::approve(&self.zhao, asked).await?;
        acts::await_done(&self.zhao, asked).await
    }

    async fn carry(&self, service: &Service<'_>, far: Far) -> anyhow::Result<()> {
        let context = || format!("{} did not get there", service.key);
        self.go(service, far).await.with_context(context)
    }

    async fn go(&self, service: &Service<'_>, far: Far) -> anyhow::Result<()> {
        let Self { lin, chen, zhao } = self;
        let key = service.key;
        for environment in ["test", "prod"] {
            if !acts::workloads(lin, key, environment).await?.is_empty() {
                continue;
            }
            let asked = acts::ask_for_containers(lin, key, environment).await?;
            acts::approve(zhao, asked).await?;
            acts::await_prepared(lin, key, environment).await?;
        }
        if far == Far::Prepared
            || !lin
                .list(&format!("/projects/{key}/releases"))
                .await?
                .is_empty()
        {
            return Ok(());
        }
        let opened = acts::open(lin, key, "The first one").await?;
        let id = acts::id(&opened)?;
        let story = acts::await_state(lin, &id, "awaiting_confirmation").await?;
        if far == Far::AwaitingConfirmation {
            return Ok(());
        }
        let digest = acts::text(&story, "/artifact/digest")?;
        acts::confirm(chen, &id, &digest).await?.expect(201)?;
        if let Some(asked) = acts::to_production(lin, &id, "prod").await? {
            acts::approve(zhao, asked).await?;
        }
        acts::await_state(lin, &id, "released").await.map(|_| ())
    }
}
