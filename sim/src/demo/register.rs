//! What the administrator tells the portal: connections, clusters, environments, languages.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::systems::Systems;
use crate::jenkins::Language;
use crate::outside::{PORTAL, TEMPLATES, TOKEN};
use crate::portal::Person;

/// Registers what is not registered yet.
///
/// # Errors
/// What the portal refuses.
pub async fn register(admin: &Person, systems: &Systems) -> anyhow::Result<()> {
    connections(admin, systems).await?;
    for (key, api) in &systems.clusters {
        let body = json!({
            "key": key, "site": "shanghai", "kubeconfig": api.kubeconfig,
            "registry_host": systems.outside.image_host(), "makes_namespaces": true,
        });
        ensure(admin, "/clusters", body).await?;
    }
    let test = json!({
        "key": "test", "tier": "test", "rank": 1, "approvals": 0, "clusters": ["sh-test"],
    });
    ensure(admin, "/environments", test).await?;
    let production = json!({
        "key": "prod", "tier": "production", "rank": 2, "approvals": 1, "clusters": ["sh-prod"],
    });
    ensure(admin, "/environments", production).await?;
    for language in Language::ALL {
        let key = language.key();
        let template = format!("{TEMPLATES}/{key}");
        let body = json!({ "key": key, "jenkins": "jenkins", "template_job": template });
        ensure(admin, "/languages", body).await?;
    }
    Ok(())
}

async fn connections(admin: &Person, systems: &Systems) -> anyhow::Result<()> {
    let outside = &systems.outside;
    let gitlab = json!({
        "key": "gitlab", "kind": "gitlab", "url": outside.gitlab.base_url(),
        "credential": TOKEN,
    });
    ensure(admin, "/connections", gitlab).await?;
    let jenkins = json!({
        "key": "jenkins", "kind": "jenkins", "url": outside.jenkins.base_url(),
        "config": { "user": PORTAL, "folder": "slipway" }, "credential": TOKEN,
    });
    ensure(admin, "/connections", jenkins).await?;
    let registry = json!({
        "key": "registry", "kind": "registry", "url": outside.registry.base_url(),
        "config": { "prefix": "apps" },
    });
    ensure(admin, "/connections", registry).await
}

/// Posts what has no equal by its key, then asks the portal to try it.
async fn ensure(admin: &Person, path: &str, body: Value) -> anyhow::Result<()> {
    let known = admin.list(path).await?;
    if known.iter().any(|item| item["key"] == body["key"]) {
        return Ok(());
    }
    let made = admin.post(path, &body).await?.expect(201)?;
    if matches!(path, "/connections" | "/clusters") {
        let id = made["id"].as_str().context("the answer has no id")?;
        let tried = admin.post(&format!("{path}/{id}/test"), &json!({})).await?;
        let tried = tried.expect(200)?;
        anyhow::ensure!(
            tried["ok"] == true,
            "{} does not work: {}",
            body["key"],
            tried["text"]
        );
    }
    Ok(())
}
