//! Robots in group chats: DingTalk, WeCom, Feishu (or Lark).
//!
//! All three answer 200 even to what they refuse, with a code in the body; and the address itself
//! is the credential. Invariant: no text that leaves here holds an address or a signature.

mod said;
mod sign;

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::CallError;
use super::http::Http;
pub use said::{Refusal, Said};

/// Whose robot it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    DingTalk,
    WeCom,
    Feishu,
}

impl Vendor {
    /// Bytes of text that one message may hold; some less than the documents say, because JSON
    /// needs two bytes for a line's end.
    #[must_use]
    pub const fn max_bytes(self) -> usize {
        match self {
            Self::DingTalk | Self::Feishu => 15_000,
            Self::WeCom => 2048,
        }
    }

    /// For how long a robot that was too fast is not heard.
    #[must_use]
    pub const fn block(self) -> Duration {
        match self {
            Self::DingTalk => Duration::from_secs(600),
            Self::WeCom | Self::Feishu => Duration::from_secs(60),
        }
    }
}

/// One robot. Its address is a credential, as is its secret.
pub struct Robot {
    vendor: Vendor,
    url: Url,
    secret: Option<SecretString>,
}

/// What can come of a message.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the robot says {}: {}", .0.code, .0.text)]
    Said(Said),
}

impl Robot {
    #[must_use]
    pub const fn new(vendor: Vendor, url: Url, secret: Option<SecretString>) -> Self {
        Self {
            vendor,
            url,
            secret,
        }
    }

    /// Sends one text, signed as of `now` where the robot has a secret.
    ///
    /// # Errors
    /// What the robot refused, in its own code; no answer.
    pub async fn send(&self, http: &Http, text: &str, now: Timestamp) -> Result<(), ChatError> {
        let (url, body) = self.request(text, now);
        let answer = http
            .send(http.request(Method::POST, url).json(&body))
            .await?;
        if !answer.status.is_success() {
            return Err(answer.error("").into());
        }
        said::judge(self.vendor, &answer.json::<Value>()?).map_err(ChatError::Said)
    }

    fn request(&self, text: &str, now: Timestamp) -> (Url, Value) {
        let mut url = self.url.clone();
        let secret = self.secret.as_ref().map(|s| s.expose_secret().to_owned());
        match self.vendor {
            Vendor::DingTalk => {
                if let Some(secret) = secret {
                    let millis = now.as_millisecond();
                    // The pairs are percent-encoded here, once, so they are given raw.
                    url.query_pairs_mut()
                        .append_pair("timestamp", &millis.to_string())
                        .append_pair("sign", &sign::dingtalk(&secret, millis));
                }
                let text = json!({ "content": text });
                (url, json!({ "msgtype": "text", "text": text }))
            }
            Vendor::WeCom => {
                let text = json!({ "content": text });
                (url, json!({ "msgtype": "text", "text": text }))
            }
            Vendor::Feishu => {
                let mut body = json!({ "msg_type": "text", "content": { "text": text } });
                if let Some(secret) = secret {
                    let seconds = now.as_second();
                    body["timestamp"] = json!(seconds.to_string());
                    body["sign"] = json!(sign::feishu(&secret, seconds));
                }
                (url, body)
            }
        }
    }
}
