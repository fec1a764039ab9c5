//! What the company has besides its own builds: resources, and a vendor's image.
//!
//! Invariant: as with its projects, it goes on from what the portal knows.

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::World;
use crate::portal::Person;
use crate::portal::acts;

/// The vendor's images in the company's registry, oldest first, each with what is said of it.
const VENDOR: [(&str, &str); 2] = [
    (
        "vendor/redis:7.4.1",
        "The vendor's own image, copied and scanned on 18 November",
    ),
    (
        "vendor/redis:7.4.2",
        "The vendor's correction for lost connections",
    ),
];

/// What the vendor's images lack: a shell, and what one looks around with.
const TOOLS: (&str, &str) = ("tools/busybox", "1.37");

/// The product's setting that lets people use them.
#[must_use]
pub fn debug_images() -> (&'static str, String) {
    let (repository, tag) = TOOLS;
    let image = format!("registry.example/{repository}:{tag}");
    ("SLIPWAY_DEBUG_IMAGES", image)
}

/// Puts the vendor's images where operations would have copied it.
pub fn seed(world: &World) {
    let (repository, tag) = TOOLS;
    world.registry().put_image(repository, tag, &[]);
    let labels = [("org.opencontainers.image.vendor", "Redis Ltd.")];
    for (image, _) in VENDOR {
        if let Some((repository, tag)) = image.split_once(':') {
            world.registry().put_image(repository, tag, &labels);
        }
    }
}

/// What operations have written down.
fn known() -> Vec<Value> {
    vec![
        json!({
            "kind": "database", "name": "orders-db", "project": "order-api", "environment": "prod",
            "site": "shanghai", "size": { "engine": "mysql", "version": "8.4", "storage_gib": 400 },
            "addresses": ["10.20.3.11:3306", "orders-db.shop.internal:3306"],
            "used_by": ["web-shop"], "labels": ["core"], "keeper": "DBA",
            "note": "Backed up at 03:00", "since": "2024-03-01T00:00:00Z",
        }),
        json!({
            "kind": "server", "name": "till-gateway-1", "project": "pay-gateway",
            "environment": "prod", "site": "shanghai",
            "size": { "cores": 8, "memory_gib": 32, "disk_gib": 500, "system": "Debian 12" },
            "addresses": ["10.20.7.4", "10.20.7.5:8443"], "labels": ["core", "pci"],
            "keeper": "Platform", "note": "Speaks to the bank", "since": "2023-11-15T00:00:00Z",
        }),
        json!({
            "kind": "server", "name": "till-gateway-2", "project": "pay-gateway",
            "environment": "prod", "site": "frankfurt",
            "size": { "cores": 8, "memory_gib": 32, "disk_gib": 500, "system": "Debian 12" },
            "addresses": ["10.60.7.4"], "labels": ["core", "pci"], "keeper": "Platform",
            "since": "2025-06-02T00:00:00Z",
        }),
        json!({
            "kind": "domain", "name": "shop.example.com", "project": "web-shop",
            "environment": "prod",
            "size": { "domain": "shop.example.com", "reach": "public" },
            "addresses": ["shop.example.com:443", "*.shop.example.com:443"],
            "keeper": "Platform", "since": "2023-01-01T00:00:00Z",
        }),
        json!({
            "kind": "other", "name": "payments network", "project": "pay-gateway",
            "site": "shanghai", "size": { "what": "The network of everything that pays" },
            "addresses": ["10.20.7.0/24", "2001:db8:7::/48"], "keeper": "Network",
        }),
    ]
}

/// Registers what is not registered yet, and leaves one request that waits to be made.
///
/// # Errors
/// What the portal refuses.
pub async fn bring_in(lin: &Person, zhao: &Person) -> anyhow::Result<()> {
    let there = zhao.list("/resources").await?;
    let is_there = |name: &Value| there.iter().any(|r| r["name"] == *name);
    for resource in known() {
        if !is_there(&resource["name"]) {
            zhao.post("/resources", &resource).await?.expect(201)?;
        }
    }
    if is_there(&json!("sessions")) {
        return Ok(());
    }
    let asked = json!({
        "kind": "resource", "project": "web-shop", "environment": "prod",
        "parameters": {
            "kind": "cache", "name": "sessions", "purpose": "Baskets of visitors, an hour each",
            "size": { "engine": "redis", "memory_gib": 8 },
        },
    });
    let asked = lin.post("/requests", &asked).await?.expect(201)?;
    let number = asked["number"]
        .as_i64()
        .context("a request has no number")?;
    acts::approve(zhao, number).await
}

/// The release of one of the vendor's images, imported if it was not yet.
///
/// # Errors
/// What the portal refuses.
pub async fn import(zhao: &Person, project: &str, which: usize) -> anyhow::Result<String> {
    let mut known = zhao.list(&format!("/projects/{project}/releases")).await?;
    known.reverse();
    if let Some(found) = known.get(which) {
        return acts::id(found);
    }
    let (image, note) = VENDOR.get(which).context("the vendor has no such image")?;
    let body = json!({ "image": image, "note": note });
    let path = format!("/projects/{project}/images");
    acts::id(&zhao.post(&path, &body).await?.expect(201)?)
}
