//! States of a release that pass too fast to be looked at, held still for the browser.

use std::time::Duration;

use anyhow::Context as _;

use crate::demo::Demo;
use crate::demo::company::Crew;
use crate::portal::acts;

const PROJECT: &str = "pay-gateway";
/// Longer than any run of the browser.
const FOREVER: Duration = Duration::from_secs(36_000);
/// What is wanted takes half a minute.
const LIMIT: Duration = Duration::from_secs(180);

/// Leaves one release on its way to production, one confirmed, and one in its build.
pub async fn hold(demo: &Demo) -> anyhow::Result<()> {
    let held = tokio::time::timeout(LIMIT, bring(demo)).await;
    held.context("releases did not come into their states")?
}

async fn bring(demo: &Demo) -> anyhow::Result<()> {
    let crew = Crew::sign_in(&demo.portal.url).await?;
    let world = &demo.systems.world;
    if let Some(cluster) = world.kubernetes().cluster("sh-prod") {
        cluster.settings.ready_after = FOREVER;
    }
    for state in ["deploying_production", "confirmed"] {
        let opened = acts::open(&crew.lin, PROJECT, "On its way").await?;
        crew.carry_release(&acts::id(&opened)?, state).await?;
    }
    world.jenkins().pace.package = FOREVER;
    let opened = acts::open(&crew.lin, PROJECT, "Takes long").await?;
    crew.carry_release(&acts::id(&opened)?, "building").await
}
