//! States of a release that pass too fast to be looked at, held still for the browser.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::demo::Demo;
use crate::demo::crew::{Crew, Far};
use crate::demo::people;
use crate::portal::Person;
use crate::portal::acts::{self, Service};

const PROJECT: &str = "pay-gateway";
/// A project with nothing in it.
const EMPTY: Service<'_> = Service {
    key: "till-sync",
    description: "Brings what tills sold into the books",
    language: "go",
    repository: "mile/mile-20",
    owners: &["lin"],
    developers: &["lin"],
    testers: &["chen"],
};
/// Longer than any run of the browser.
const FOREVER: Duration = Duration::from_secs(36_000);
/// What is wanted takes half a minute.
const LIMIT: Duration = Duration::from_secs(180);

/// Leaves one release on its way to production, one confirmed, one in its build, and a project
/// without any. Gives whom it made, who has yet to choose a password.
pub async fn hold(demo: &Demo) -> anyhow::Result<Value> {
    let held = tokio::time::timeout(LIMIT, bring(demo)).await;
    held.context("releases did not come into their states")?
}

async fn bring(demo: &Demo) -> anyhow::Result<Value> {
    let crew = Crew::sign_in(&demo.portal.url).await?;
    let world = &demo.systems.world;
    if let Some(cluster) = world.kubernetes().cluster("sh-prod") {
        cluster.settings.ready_after = FOREVER;
    }
    crew.carry(&EMPTY, Far::Project).await?;
    for state in ["deploying_production", "confirmed"] {
        let opened = acts::open(&crew.lin, PROJECT, "On its way").await?;
        crew.carry_release(&acts::id(&opened)?, state).await?;
    }
    world.jenkins().pace.package = FOREVER;
    let opened = acts::open(&crew.lin, PROJECT, "Takes long").await?;
    crew.carry_release(&acts::id(&opened)?, "building").await?;
    newcomer(demo).await
}

async fn newcomer(demo: &Demo) -> anyhow::Result<Value> {
    let admin = people::login("admin").context("nobody administers")?;
    let admin = Person::sign_in(&demo.portal.url, &admin).await?;
    let body = json!({ "user": "newcomer", "display_name": "Tang Yi" });
    let mut made = admin.post("/people", &body).await?.expect(201)?;
    made["roles"] = json!(["newcomer"]);
    Ok(made)
}
