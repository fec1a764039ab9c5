//! What robots read, and how they know whose it is: our own reading of the vendors' documents.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::clock::Clock;

/// DingTalk's and WeCom's text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ding {
    #[serde(rename = "msgtype")]
    _kind: Text,
    pub text: Content,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Text {
    Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    pub content: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feishu {
    #[serde(rename = "msg_type")]
    _kind: Text,
    pub content: FeishuText,
    #[serde(default)]
    pub timestamp: Option<String>,
    #[serde(default)]
    pub sign: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeishuText {
    pub text: String,
}

fn hmac(key: &str, message: &str) -> Vec<u8> {
    let key = Key::new(HMAC_SHA256, key.as_bytes());
    sign(&key, message.as_bytes()).as_ref().to_vec()
}

pub fn base64_hmac(key: &str, message: &str) -> String {
    STANDARD.encode(hmac(key, message))
}

pub fn hex_hmac(key: &str, message: &str) -> String {
    hex::encode(hmac(key, message))
}

/// Within an hour of now. A world with a clock of its own is in another year than its callers.
pub fn is_fresh(clock: &Clock, stamp: &str, per_second: i64) -> bool {
    let Ok(stamp) = stamp.parse::<i64>() else {
        return false;
    };
    let now = clock.now().as_second();
    clock.is_explicit() || (now - stamp / per_second).abs() <= 3600
}
