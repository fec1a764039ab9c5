//! A signed POST to an address of the company's own: HMAC-SHA256 over time and body.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::CallError;
use super::http::Http;

/// Where to, and what the receiver knows us by.
pub struct Webhook {
    pub url: Url,
    pub secret: SecretString,
}

impl Webhook {
    /// Posts a document under an id that is the same at every repeat.
    ///
    /// # Errors
    /// Any answer but a success; no answer.
    pub async fn post(
        &self,
        http: &Http,
        id: &str,
        body: String,
        now: Timestamp,
    ) -> Result<(), CallError> {
        let seconds = now.as_second();
        let signature = signature(self.secret.expose_secret(), seconds, &body);
        let request = http
            .request(Method::POST, self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("slipway-id", id)
            .header("slipway-timestamp", seconds)
            .header("slipway-signature", format!("v1={signature}"))
            .body(body);
        let answer = http.send_cut(request).await?;
        if answer.status.is_success() {
            Ok(())
        } else {
            // The receiver's text stays with it: this address may be any that answers.
            Err(answer.error(""))
        }
    }
}

/// Lower-case hex of the HMAC over `{seconds}.{body}`.
#[must_use]
pub fn signature(secret: &str, seconds: i64, body: &str) -> String {
    let key = Key::new(HMAC_SHA256, secret.as_bytes());
    hex::encode(sign(&key, format!("{seconds}.{body}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::signature;

    /// The example of the operators' guide.
    #[test]
    fn the_signature_is_that_of_the_guide() {
        let signed = signature("this is secret", 1_599_360_473, r#"{"id":"1"}"#);
        assert_eq!(
            signed,
            "8ddd42b4587043f1194f82f2bcd43aa1c4469ea8078959d3805e48b786786c3a"
        );
    }
}
