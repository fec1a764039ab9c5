//! Notices: what happens reaches people, on every way, once its way works.

mod channels;
mod digest;
mod pages;
mod paths;
mod people;
mod queue;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use slipway::notifications;
use slipway_sim::robots::{self, Heard, MailServer};
use slipway_sim::{Fault, Server, System};

use crate::support::company::Company;

pub const SECRET: &str = "canary-robot-secret";
pub const EVERYTHING: &[&str] = &[
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

/// The chat systems and the mail server of a company.
pub struct Chat {
    pub robots: Server,
    pub mail: MailServer,
}

pub async fn chat(company: &Company) -> Chat {
    let world = &company.world;
    {
        let mut robots = world.robots();
        robots.add("canary-ding-token", Some(SECRET));
        robots.add("canary-wecom-key", None);
        robots.add("canary-feishu-hook", Some(SECRET));
        robots.add("canary-hook", Some(SECRET));
    }
    Chat {
        robots: robots::serve(world, 0).await.unwrap(),
        mail: robots::serve_mail(world, 0).await.unwrap(),
    }
}

impl Chat {
    /// A channel's document, for everything that happens.
    pub fn body(&self, kind: &str) -> Value {
        let base = self.robots.base_url();
        let mut body = json!({ "key": kind, "kind": kind, "events": EVERYTHING });
        match kind {
            "mail" => {
                body["config"] = json!({ "server": "127.0.0.1", "port": self.mail.port(),
                    "security": "none", "sender": "Slipway <slipway@example.com>",
                    "to": "team@example.com", "for_people": true });
            }
            "webhook" => body["url"] = json!(format!("{base}/hook/canary-hook")),
            "dingtalk" => {
                body["url"] = json!(format!("{base}/robot/send?access_token=canary-ding-token"));
            }
            "wecom" => {
                body["url"] = json!(format!("{base}/cgi-bin/webhook/send?key=canary-wecom-key"));
            }
            _ => {
                body["url"] = json!(format!("{base}/open-apis/bot/v2/hook/canary-feishu-hook"));
            }
        }
        if !matches!(kind, "mail" | "wecom") {
            body["secret"] = json!(SECRET);
        }
        body
    }
}

pub const KINDS: [&str; 5] = ["mail", "webhook", "dingtalk", "wecom", "feishu"];

/// Where a channel of each kind is heard.
pub fn ear(kind: &str) -> &'static str {
    match kind {
        "mail" => "team@example.com",
        "webhook" => "canary-hook",
        "dingtalk" => "canary-ding-token",
        "wecom" => "canary-wecom-key",
        _ => "canary-feishu-hook",
    }
}

/// Registers a channel; gives its id.
pub async fn channel(company: &mut Company, body: &Value) -> String {
    let answer = company
        .ops
        .api(Method::POST, "/notices/channels", body)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// Everything that is posted goes to its ways, a moment passes, and what is due is sent.
pub async fn send(company: &mut Company) {
    company.engine.tick().await.unwrap();
    company.advance(Duration::from_secs(3)).await;
    notifications::deliver_due(&company.portal.app)
        .await
        .unwrap();
}

/// Goes on for so long, sending whatever becomes due.
pub async fn send_for(company: &mut Company, seconds: u64) {
    for _ in 0..seconds.div_ceil(3) {
        send(company).await;
    }
}

pub fn heard(company: &Company, kind: &str) -> Vec<Heard> {
    company.world.robots().heard_by(ear(kind))
}

/// What is known of a channel.
pub async fn health(company: &mut Company, id: &str) -> Value {
    let path = format!("/notices/channels/{id}");
    company.ops.api_get(&path).await.json()["health"].clone()
}

pub async fn stop(company: &mut Company, reason: &str) {
    let body = json!({ "reason": reason });
    let answer = company
        .ops
        .api(Method::PUT, "/production-stop", &body)
        .await;
    assert!(answer.status < 300, "{}", answer.body);
}

pub async fn lift(company: &mut Company) {
    let answer = company
        .ops
        .bare(Method::DELETE, "/api/v1/production-stop")
        .await;
    assert!(answer.status < 300, "{}", answer.body);
}

/// A robot of one vendor that answers this to its next message.
pub fn answers(company: &Company, path: &str, body: &Value) {
    let fault = Fault::on(System::ROBOTS).post(path);
    company.world.fault(fault.answer(200, &body.to_string()));
}
