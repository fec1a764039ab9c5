//! Six projects in four languages, each as far as its story goes.

use std::time::Duration;

use anyhow::Context as _;

use super::crew::{Crew, Far};
use super::{Said, legacy, resources};
use crate::portal::acts::Service;
use crate::world::World;

/// Four builds, two at once, with everything round them, take less than a minute.
const LIMIT: Duration = Duration::from_secs(300);
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

/// One project alone, whose containers run in test: what a measurement needs.
///
/// # Errors
/// What stopped it.
pub async fn bring_up_one(url: &str) -> anyhow::Result<&'static str> {
    let crew = Crew::sign_in(url).await?;
    let carried = crew.carry(&PAY_GATEWAY, Far::Release("awaiting_confirmation"));
    let in_time = tokio::time::timeout(LIMIT, carried).await;
    in_time.context("one project took too long")??;
    Ok(PAY_GATEWAY.key)
}

/// Brings what is missing into being.
///
/// # Errors
/// The first thing that did not go.
pub async fn bring_up(url: &str, world: &World, said: &Said) -> anyhow::Result<()> {
    said.say("Bringing six projects into being; their builds take most of a minute.");
    let crew = Crew::sign_in(url).await?;
    let all = async {
        tokio::try_join!(
            crew.carry(&PAY_GATEWAY, Far::Release("released")),
            crew.carry(&WEB_SHOP, Far::Release("awaiting_confirmation")),
            crew.carry(&ORDER_API, Far::Release("awaiting_approval")),
            crew.carry(&MAIL_SENDER, Far::Release("failed")),
            crew.carry(&SEARCH_API, Far::New),
            crew.carry(&SESSION_CACHE, Far::Vendor(world)),
        )
    };
    let in_time = tokio::time::timeout(LIMIT, all).await;
    in_time.context("six projects took too long")??;
    said.say("pay-gateway is in production, web-shop waits for a tester, order-api for a yes;");
    said.say(
        "mail-sender does not build, search-api is new: its old job in Jenkins waits for a yes;",
    );
    said.say("session-cache, a vendor's image, is on its way to production in Frankfurt.");
    crew.lend_a_hand("mail-sender", world.clock().now()).await?;
    crew.learn("mail-sender").await?;
    resources::bring_in(&crew.lin, &crew.zhao).await?;
    legacy::take_over(world, (&crew.zhao, &crew.he)).await?;
    said.say("billing ran in Frankfurt before the portal and was taken over; others wait there.");
    Ok(())
}
