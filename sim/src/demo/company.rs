//! Six projects in four languages, each as far as its story goes.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;

use super::crew::{Crew, Far};
use super::{Said, legacy, resources};
use crate::mile::{Cluster, Place};
use crate::portal::acts::{self, Service};
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

/// Somebody in a hurry changes pay-gateway in test past the portal: one field that is ours, and a
/// label beside.
///
/// # Errors
/// The cluster's refusal.
pub async fn change_by_hand(url: &str, kubeconfig: &Path) -> anyhow::Result<()> {
    let crew = Crew::sign_in(url).await?;
    let workloads = acts::workloads(&crew.lin, PAY_GATEWAY.key, "test").await?;
    let workload = workloads.first().context("pay-gateway is not in test")?;
    let place = Place {
        cluster: acts::text(workload, "/cluster")?,
        namespace: acts::text(workload, "/namespace")?,
        name: acts::text(workload, "/object_name")?,
    };
    let pods = json!({
        "metadata": { "labels": { "night-shift": "gao" } },
        "spec": { "terminationGracePeriodSeconds": 15 },
    });
    let patch = json!({ "spec": { "template": pods } });
    Cluster::of(kubeconfig)?.edit(&place, patch).await
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
