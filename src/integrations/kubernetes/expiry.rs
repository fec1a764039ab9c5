//! Until when a kubeconfig's credential is good, as far as it says so itself.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::Kubeconfig;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

impl Kubeconfig {
    /// The earlier end of its client certificate and of its token; `None` where neither tells.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        let text = |field: &str| self.user.get(field).and_then(Value::as_str);
        let certificate = text("client-certificate-data").and_then(|data| {
            let pem = STANDARD.decode(data.trim()).ok()?;
            not_after(&String::from_utf8(pem).ok()?)
        });
        let token = text("token").and_then(token_end);
        certificate.into_iter().chain(token).min()
    }
}

/// The end of a token that is a JWT, as service accounts' are.
fn token_end(token: &str) -> Option<Timestamp> {
    let payload = token.trim().split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    Timestamp::from_second(claims.get("exp")?.as_i64()?).ok()
}

/// `notAfter` of the first certificate in a PEM text (RFC 5280, section 4.1).
fn not_after(pem: &str) -> Option<Timestamp> {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let body: String = body.split_whitespace().collect();
    let der = STANDARD.decode(body).ok()?;
    let (_, certificate, _) = element(&der)?;
    let (_, mut rest, _) = element(certificate)?;
    if let Some((VERSION, _, after)) = element(rest) {
        rest = after;
    }
    // Serial number, signature's algorithm, issuer.
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (tag, validity, _) = element(rest)?;
    let (_, _, rest) = element(validity).filter(|_| tag == SEQUENCE)?;
    let (tag, time, _) = element(rest)?;
    instant(tag, std::str::from_utf8(time).ok()?)
}

/// Tag, content and what follows of the first DER element.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.len() > 3 {
            return None;
        }
        let length = digits.iter().fold(0, |sum, d| sum * 256 + usize::from(*d));
        (length, rest)
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((*tag, content, after))
}

fn instant(tag: u8, text: &str) -> Option<Timestamp> {
    let whole = match tag {
        // Two digits of the year: from 50 on they mean the last century.
        UTC_TIME if text.starts_with(['5', '6', '7', '8', '9']) => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%SZ", whole).ok()?;
    time.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "\
-----BEGIN CERTIFICATE-----
MIIBqzCCAVGgAwIBAgIUMfyK2apfsbSrHJvZGxbPuqdDxq0wCgYIKoZIzj0EAwIw
KzEXMBUGA1UECgwOc3lzdGVtOm1hc3RlcnMxEDAOBgNVBAMMB3NsaXB3YXkwHhcN
MjYxMTIxMDY0MDM3WhcNMjcxMTIxMDY0MDM3WjArMRcwFQYDVQQKDA5zeXN0ZW06
bWFzdGVyczEQMA4GA1UEAwwHc2xpcHdheTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABIp4sOrgmN8U+JMtS6x7byulEGbChCzyCUXKbaNXlVzy4tjj978UCbHNd9ho
BdxHksepMQqwixP0Ilzooqx5ySejUzBRMB0GA1UdDgQWBBTeDfgJSVsdgKN9wxB5
gkiO2g8RWjAfBgNVHSMEGDAWgBTeDfgJSVsdgKN9wxB5gkiO2g8RWjAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQCO7HgxxhyyXpdlKKdu5M5cAh9y
RfJ54nFLfSSYBESEXAIgX8nvBp5mOZjNg2jr+LGsnISGnLd74M8JqTFDrQzJR88=
-----END CERTIFICATE-----";

    #[test]
    fn a_certificate_tells_its_end() {
        let end = not_after(PEM).expect("an end");
        assert_eq!(end.to_string(), "2027-11-21T06:40:37Z");
        assert_eq!(
            not_after("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
            None
        );
        assert_eq!(not_after("no certificate"), None);
    }

    #[test]
    fn cut_certificates_are_no_panic() {
        let der = STANDARD.decode(
            PEM.lines()
                .filter(|l| !l.starts_with('-'))
                .collect::<String>(),
        );
        let der = der.expect("Base64");
        for length in 0..der.len() {
            let body = STANDARD.encode(&der[..length]);
            let _ = not_after(&format!(
                "-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----"
            ));
        }
    }

    #[test]
    fn a_service_accounts_token_tells_its_end() {
        let claims = URL_SAFE_NO_PAD.encode(r#"{"exp":1800000000,"sub":"x"}"#);
        let end = token_end(&format!("e30.{claims}.sig")).expect("an end");
        assert_eq!(end.as_second(), 1_800_000_000);
        assert_eq!(token_end("opaque-token"), None);
        assert_eq!(token_end("a.b.c"), None);
    }

    #[test]
    fn both_ways_of_writing_a_time_are_read() {
        let read = |tag, text| instant(tag, text).map(|t| t.to_string());
        assert_eq!(
            read(UTC_TIME, "260101000000Z").expect("a time"),
            "2026-01-01T00:00:00Z"
        );
        assert_eq!(
            read(UTC_TIME, "990101000000Z").expect("a time"),
            "1999-01-01T00:00:00Z"
        );
        let late = read(GENERALIZED_TIME, "20500101000000Z").expect("a time");
        assert_eq!(late, "2050-01-01T00:00:00Z");
        assert_eq!(read(0x02, "20500101000000Z"), None);
    }
}
