//! What the administrator tells the portal: connections, clusters, environments, languages.

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::jenkins::Language;
use crate::outside::{CHAT_SECRET, PORTAL, TEMPLATES, TOKEN};
use crate::portal::Person;

/// Everything that can be told.
const EVENTS: [&str; 11] = [
    "request-waits",
    "request-decided",
    "release-awaits-confirmation",
    "release-awaits-approval",
    "release-in-production",
    "release-failed",
    "rolled-back",
    "production-stopped",
    "production-opened",
    "system-down",
    "system-up",
];

/// Where things are that a portal drives.
pub struct Landscape<'a> {
    pub gitlab: &'a str,
    pub jenkins: &'a str,
    pub registry: &'a str,
    pub robots: &'a str,
    /// The mail server's port on this machine.
    pub mail: u16,
    pub clusters: Vec<Place<'a>>,
    /// The key of the cluster that tests run in.
    pub test: &'a str,
    /// Those of production, in the order of its rollouts.
    pub production: Vec<&'a str>,
}

/// A cluster, and where it stands.
pub struct Place<'a> {
    pub key: &'a str,
    pub site: &'a str,
    pub kubeconfig: &'a str,
}

/// Registers what is not registered yet.
///
/// # Errors
/// What the portal refuses.
pub async fn register(admin: &Person, landscape: &Landscape<'_>) -> anyhow::Result<()> {
    connections(admin, landscape).await?;
    for place in &landscape.clusters {
        let host = landscape.registry.trim_start_matches("http://");
        let body = json!({
            "key": place.key, "site": place.site, "kubeconfig": place.kubeconfig,
            "registry_host": host, "makes_namespaces": true,
        });
        ensure(admin, "/clusters", body).await?;
    }
    let test = json!({
        "key": "test", "tier": "test", "rank": 1, "approvals": 0,
        "clusters": [landscape.test],
    });
    ensure(admin, "/environments", test).await?;
    let production = json!({
        "key": "prod", "tier": "production", "rank": 2, "approvals": 1,
        "clusters": landscape.production,
    });
    ensure(admin, "/environments", production).await?;
    for language in Language::ALL {
        let key = language.key();
        let template = format!("{TEMPLATES}/{key}");
        let body = json!({ "key": key, "jenkins": "jenkins", "template_job": template });
        ensure(admin, "/languages", body).await?;
    }
    notices(admin, landscape).await
}

/// Who answers for the databases, and what they are asked about.
///
/// # Errors
/// What the portal refuses.
pub async fn govern(admin: &Person) -> anyhow::Result<()> {
    let group = json!({ "key": "dba", "name": "Answers for the databases",
        "members": ["zhao", "he"] });
    ensure(admin, "/groups", group).await?;
    let known = admin.list("/policies").await?;
    if known.is_empty() {
        let policy = json!({
            "kind": "retirement", "note": "A database that is gone is gone",
            "quorum": [
                { "permission": "handle-requests", "needed": 1 }, { "group": "dba", "needed": 2 },
            ],
        });
        admin.post("/policies", &policy).await?.expect(201)?;
    }
    Ok(())
}

/// A channel of each kind, told of everything; the chat systems show what they heard.
async fn notices(admin: &Person, landscape: &Landscape<'_>) -> anyhow::Result<()> {
    let base = landscape.robots;
    let mail = json!({
        "server": "127.0.0.1", "port": landscape.mail, "security": "none",
        "sender": "Slipway <slipway@demo.example>", "to": "operations@demo.example",
        "for_people": true,
    });
    let robot = |key: &str, language: &str, url: String| {
        json!({ "key": key, "kind": key, "language": language, "url": url,
            "secret": CHAT_SECRET, "events": EVENTS })
    };
    let channels = [
        json!({ "key": "mail", "kind": "mail", "config": mail, "events": EVENTS,
            "digest": "0 9 * * MON-FRI", "time_zone": "Asia/Shanghai" }),
        robot("webhook", "en", format!("{base}/hook/hook")),
        robot(
            "dingtalk",
            "zh-CN",
            format!("{base}/robot/send?access_token=ding"),
        ),
        robot(
            "wecom",
            "zh-CN",
            format!("{base}/cgi-bin/webhook/send?key=wecom"),
        ),
        robot(
            "feishu",
            "en",
            format!("{base}/open-apis/bot/v2/hook/feishu"),
        ),
    ];
    for channel in channels {
        ensure(admin, "/notices/channels", channel).await?;
    }
    Ok(())
}

async fn connections(admin: &Person, landscape: &Landscape<'_>) -> anyhow::Result<()> {
    let gitlab = json!({
        "key": "gitlab", "kind": "gitlab", "url": landscape.gitlab, "credential": TOKEN,
    });
    ensure(admin, "/connections", gitlab).await?;
    let jenkins = json!({
        "key": "jenkins", "kind": "jenkins", "url": landscape.jenkins,
        "config": { "user": PORTAL, "folder": "slipway" }, "credential": TOKEN,
    });
    ensure(admin, "/connections", jenkins).await?;
    let registry = json!({
        "key": "registry", "kind": "registry", "url": landscape.registry,
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
