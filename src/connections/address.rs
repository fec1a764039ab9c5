//! Addresses of outside systems, as an administrator types them.
//!
//! Invariant: what passes here is plain `http` or `https` without user, query or fragment, and
//! does not name a machine's own metadata service, which hands out credentials to whoever asks.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Longer addresses are no addresses; the table says the same.
const MAX_BYTES: usize = 500;
/// Metadata services outside of the link-local ranges: Alibaba Cloud's, and Amazon's over IPv6.
const METADATA_V4: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
const METADATA_NAMES: &[&str] = &["metadata", "metadata.google.internal", "instance-data"];

/// Reads an address; the error is the message code of what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Url, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Err("field-required");
    }
    let url = Url::parse(text).map_err(|_| "address-malformed")?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || text.len() > MAX_BYTES {
        return Err("address-malformed");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("address-user-info");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("address-query");
    }
    if is_forbidden(&url) {
        return Err("address-forbidden");
    }
    Ok(url)
}

/// Whether the address names a link-local machine or a metadata service. What a name resolves to
/// is not known here; clients follow no redirect, so a name is all that could lead there.
#[must_use]
pub fn is_forbidden(url: &Url) -> bool {
    match url.host() {
        None => true,
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            METADATA_NAMES.iter().any(|m| m.eq_ignore_ascii_case(name))
        }
        Some(Host::Ipv4(address)) => is_forbidden_v4(address),
        Some(Host::Ipv6(address)) => {
            let hidden = address.to_ipv4_mapped().is_some_and(is_forbidden_v4);
            hidden || address.is_unicast_link_local() || address == METADATA_V6
        }
    }
}

fn is_forbidden_v4(address: Ipv4Addr) -> bool {
    address.is_link_local() || address == METADATA_V4 || address.is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn addresses_of_inner_and_outer_systems_pass() {
        for good in [
            "https://gitlab.example",
            "http://10.2.3.4:8080/jenkins/",
            "http://[fd12::7]:5000",
            " https://registry.example ",
        ] {
            assert!(parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn each_refusal_says_why() {
        for (bad, code) in [
            ("", "field-required"),
            ("gitlab.example", "address-malformed"),
            ("ftp://gitlab.example", "address-malformed"),
            ("file:///etc/passwd", "address-malformed"),
            ("https://u:p@gitlab.example", "address-user-info"),
            ("https://gitlab.example?x=1", "address-query"),
            ("https://gitlab.example/#a", "address-query"),
            ("http://169.254.169.254/latest", "address-forbidden"),
            ("http://2852039166/", "address-forbidden"),
            ("http://[fe80::1]/", "address-forbidden"),
            ("http://[::ffff:169.254.169.254]/", "address-forbidden"),
            ("http://100.100.100.200/", "address-forbidden"),
            ("http://Metadata.Google.Internal./", "address-forbidden"),
            ("http://0.0.0.0/", "address-forbidden"),
        ] {
            assert_eq!(parse(bad).unwrap_err(), code, "{bad}");
        }
    }
}
