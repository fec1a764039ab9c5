//! The robots of three chat systems, a receiver of signed webhooks, and a mail server.
//!
//! Robots answer 200 whatever comes of it, with their own codes; whoever is too fast is not heard
//! for a while. `GET /messages` tells what everybody has heard.
//! Invariant: a message with a wrong signature is heard by nobody.

mod smtp;
mod state;
mod wire;

use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde_json::json;

use crate::call::{Call, route};
use crate::serve::Server;
use crate::world::{System, World};
pub use smtp::{MailServer, serve as serve_mail};
use state::Refused;
pub use state::{Heard, State, Vendor};

/// Serves all robots of the world; `port` 0 takes any free one.
pub async fn serve(world: &World, port: u16) -> std::io::Result<Server> {
    Server::start(world, System::ROBOTS, route(world, answer), port).await
}

fn answer(world: &World, call: &Call) -> Response {
    let parts = call.parts();
    match (&call.method, parts.as_slice()) {
        (&Method::POST, ["robot", "send"]) => dingtalk(world, call),
        (&Method::POST, ["cgi-bin", "webhook", "send"]) => wecom(world, call),
        (&Method::POST, ["open-apis", "bot", "v2", "hook", token]) => feishu(world, call, token),
        (&Method::POST, ["hook", name]) => webhook(world, call, name),
        (&Method::GET, ["" | "messages"]) => {
            axum::Json(json!({ "items": world.robots().heard })).into_response()
        }
        _ => call.unknown().into_response(),
    }
}

fn ding(code: i64, text: &str) -> Response {
    axum::Json(json!({ "errcode": code, "errmsg": text })).into_response()
}

fn dingtalk(world: &World, call: &Call) -> Response {
    let text: wire::Ding = match call.json() {
        Ok(text) => text,
        Err(unknown) => return unknown.into_response(),
    };
    let token = call.query("access_token").unwrap_or_default();
    let signed = |secret: &str| {
        let millis = call.query("timestamp").unwrap_or_default();
        let sign = wire::base64_hmac(secret, &format!("{millis}\n{secret}"));
        let fresh = wire::is_fresh(world.clock(), millis, 1000);
        fresh && call.query("sign") == Some(&sign)
    };
    let now = world.clock().now();
    let text = text.text.content;
    match world
        .robots()
        .hear(Vendor::DingTalk, token, &text, now, signed)
    {
        Ok(()) => ding(0, "ok"),
        Err(Refused::Unknown) => ding(300_005, "token is not exist"),
        Err(Refused::Signature) => ding(310_000, "sign not match"),
        Err(Refused::Keyword) => ding(310_000, "keywords not in content"),
        Err(Refused::TooFast) => ding(130_101, "send too fast, exceed 20 times per minute"),
        Err(Refused::TooLong) => ding(430_104, "message too long"),
    }
}

fn wecom(world: &World, call: &Call) -> Response {
    let text: wire::Ding = match call.json() {
        Ok(text) => text,
        Err(unknown) => return unknown.into_response(),
    };
    let token = call.query("key").unwrap_or_default();
    let now = world.clock().now();
    let text = text.text.content;
    match world
        .robots()
        .hear(Vendor::WeCom, token, &text, now, |_| true)
    {
        Ok(()) => ding(0, "ok"),
        Err(Refused::TooFast) => ding(45_009, "api freq out of limit"),
        Err(Refused::TooLong) => ding(40_058, "text.content exceed max length 2048"),
        Err(Refused::Unknown | Refused::Signature | Refused::Keyword) => {
            ding(93_000, "invalid webhook url")
        }
    }
}

fn feishu(world: &World, call: &Call, token: &str) -> Response {
    let text: wire::Feishu = match call.json() {
        Ok(text) => text,
        Err(unknown) => return unknown.into_response(),
    };
    let signed = |secret: &str| {
        let seconds = text.timestamp.as_deref().unwrap_or_default();
        let sign = wire::base64_hmac(&format!("{seconds}\n{secret}"), "");
        wire::is_fresh(world.clock(), seconds, 1) && text.sign.as_deref() == Some(&sign)
    };
    let say = |code: i64, msg: &str| {
        axum::Json(json!({ "code": code, "msg": msg, "data": {} })).into_response()
    };
    let (said, now) = (text.content.text.clone(), world.clock().now());
    match world
        .robots()
        .hear(Vendor::Feishu, token, &said, now, signed)
    {
        Ok(()) => say(0, "success"),
        Err(Refused::Unknown) => say(
            19_001,
            "param invalid: incoming webhook access token invalid",
        ),
        Err(Refused::Signature) => say(
            19_021,
            "sign match fail or timestamp is not within one hour",
        ),
        Err(Refused::Keyword) => say(19_024, "Key Words Not Found"),
        Err(Refused::TooFast) => say(11_232, "frequency limited"),
        Err(Refused::TooLong) => say(9499, "Bad Request"),
    }
}

/// A receiver as the operators' guide describes one.
fn webhook(world: &World, call: &Call, name: &str) -> Response {
    let body = String::from_utf8_lossy(&call.body).into_owned();
    let signed = |secret: &str| {
        let seconds = call.header("slipway-timestamp").unwrap_or_default();
        let sign = wire::hex_hmac(secret, &format!("{seconds}.{body}"));
        let header = call.header("slipway-signature").unwrap_or_default();
        wire::is_fresh(world.clock(), seconds, 1) && header == format!("v1={sign}")
    };
    let now = world.clock().now();
    match world
        .robots()
        .hear(Vendor::Webhook, name, &body, now, signed)
    {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(Refused::Unknown | Refused::Keyword) => StatusCode::NOT_FOUND.into_response(),
        Err(Refused::Signature) => StatusCode::UNAUTHORIZED.into_response(),
        Err(Refused::TooFast) => StatusCode::TOO_MANY_REQUESTS.into_response(),
        Err(Refused::TooLong) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    }
}
