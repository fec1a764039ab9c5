//! What a robot's answer means: 200 says nothing, the code in the body does.

use serde_json::Value;

use super::Vendor;
use crate::integrations::answer::shorten;

/// Why a robot did not take a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Signature,
    Keyword,
    /// It does not listen to the address that we call from.
    Address,
    /// The robot's own address is wrong, or the robot is gone.
    Token,
    TooFast,
    /// The vendor's own trouble; the same again later may do.
    Away,
    Malformed,
    Unknown,
}

/// A robot's answer in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub refusal: Refusal,
    pub code: i64,
    pub text: String,
}

/// Reads an answer.
pub fn judge(vendor: Vendor, body: &Value) -> Result<(), Said> {
    let (code, text) = match vendor {
        Vendor::DingTalk | Vendor::WeCom => (&body["errcode"], &body["errmsg"]),
        Vendor::Feishu => match &body["code"] {
            // What older versions answered.
            Value::Null => (&body["StatusCode"], &body["StatusMessage"]),
            code => (code, &body["msg"]),
        },
    };
    let code = code.as_i64().unwrap_or(-1);
    let text = shorten(text.as_str().unwrap_or_default());
    if code == 0 {
        return Ok(());
    }
    let refusal = match vendor {
        Vendor::DingTalk => dingtalk(code, &text),
        Vendor::WeCom => wecom(code),
        Vendor::Feishu => feishu(code),
    };
    Err(Said {
        refusal,
        code,
        text,
    })
}

/// One code stands for every guard; the text tells them apart.
fn dingtalk(code: i64, text: &str) -> Refusal {
    match code {
        -1 => Refusal::Away,
        130_101 | 410_100 => Refusal::TooFast,
        300_001 | 300_005 | 400_101 | 400_102 => Refusal::Token,
        310_000 if text.contains("keyword") => Refusal::Keyword,
        310_000 if text.contains("sign") || text.contains("timestamp") => Refusal::Signature,
        310_000 => Refusal::Address,
        400_105 | 430_101..=430_104 => Refusal::Malformed,
        _ => Refusal::Unknown,
    }
}

const fn wecom(code: i64) -> Refusal {
    match code {
        -1 => Refusal::Away,
        45_009 => Refusal::TooFast,
        93_000 | 93_004 | 93_008 => Refusal::Token,
        40_058 | 44_004 | 45_002 => Refusal::Malformed,
        _ => Refusal::Unknown,
    }
}

const fn feishu(code: i64) -> Refusal {
    match code {
        -1 => Refusal::Away,
        11_232 => Refusal::TooFast,
        19_001 | 19_002 => Refusal::Token,
        19_021 => Refusal::Signature,
        19_022 => Refusal::Address,
        19_024 => Refusal::Keyword,
        9_499 => Refusal::Malformed,
        _ => Refusal::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(vendor: Vendor, body: Value) -> Option<Refusal> {
        judge(vendor, &body).err().map(|said| said.refusal)
    }

    #[test]
    fn the_code_in_the_body_is_what_counts() {
        let ding = |code: i64, text: &str| {
            let body = json!({ "errcode": code, "errmsg": text });
            read(Vendor::DingTalk, body)
        };
        assert_eq!(ding(0, "ok"), None);
        assert_eq!(ding(310_000, "sign not match"), Some(Refusal::Signature));
        assert_eq!(ding(310_000, "invalid timestamp"), Some(Refusal::Signature));
        let keyword = ding(310_000, "keywords not in content");
        assert_eq!(keyword, Some(Refusal::Keyword));
        assert_eq!(
            ding(310_000, "ip 1.2.3.4 not in whitelist"),
            Some(Refusal::Address)
        );
        assert_eq!(ding(130_101, "send too fast"), Some(Refusal::TooFast));
        let wecom = |code: i64| read(Vendor::WeCom, json!({ "errcode": code, "errmsg": "" }));
        assert_eq!([wecom(0), wecom(45_009)], [None, Some(Refusal::TooFast)]);
        assert_eq!(wecom(93_000), Some(Refusal::Token));
        let feishu = |code: i64| read(Vendor::Feishu, json!({ "code": code, "msg": "x" }));
        assert_eq!(
            [feishu(0), feishu(19_021)],
            [None, Some(Refusal::Signature)]
        );
        assert_eq!(feishu(11_232), Some(Refusal::TooFast));
        let old = json!({ "StatusCode": 0, "StatusMessage": "success" });
        assert_eq!(read(Vendor::Feishu, old), None);
    }

    #[test]
    fn an_answer_that_says_nothing_is_no_success() {
        for vendor in [Vendor::DingTalk, Vendor::WeCom, Vendor::Feishu] {
            assert_eq!(read(vendor, json!({})), Some(Refusal::Away));
        }
    }
}
