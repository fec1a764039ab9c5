//! How DingTalk and Feishu know that a message is ours. The two look alike and are not.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

fn base64_of(key: &str, message: &str) -> String {
    let key = Key::new(HMAC_SHA256, key.as_bytes());
    STANDARD.encode(sign(&key, message.as_bytes()))
}

/// The secret signs the time, in milliseconds, and itself.
pub fn dingtalk(secret: &str, millis: i64) -> String {
    base64_of(secret, &format!("{millis}\n{secret}"))
}

/// Time, in seconds, and secret are the key; what is signed is empty.
pub fn feishu(secret: &str, seconds: i64) -> String {
    base64_of(&format!("{seconds}\n{secret}"), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_documents() {
        let secret = "this is secret";
        assert_eq!(
            dingtalk(secret, 1_577_262_236_757),
            "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="
        );
        assert_eq!(
            feishu(secret, 1_599_360_473),
            "/eYKrXQBzTjUZJ3s6NX16VxGbTwmK7AEs8/FnvC1CSw="
        );
    }
}
