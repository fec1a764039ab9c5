//! Addresses: a host, a network or a name, each with a port or without.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Longest name that DNS takes.
const MAX_NAME: usize = 253;

/// Where something is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Host(IpAddr),
    Network(IpAddr, u8),
    Name(String),
}

/// One address as it is typed and shown: `10.2.3.4:3306`, `10.2.0.0/16`, `db.example.com`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    pub place: Place,
    pub port: Option<u16>,
}

impl Address {
    /// Brackets part an IPv6 host from its port. Bits of a network behind its prefix are wrong.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(place) = Place::parse(text) {
            return Some(Self { place, port: None });
        }
        let (place, port) = text.rsplit_once(':')?;
        let place = match place.strip_prefix('[') {
            Some(inner) => Place::Host(inner.strip_suffix(']')?.parse().ok()?),
            // Without brackets the last group of an IPv6 host would pass for a port.
            None if place.contains(':') => return None,
            None => Place::parse(place)?,
        };
        let port = port.parse().ok().filter(|p| *p > 0)?;
        Some(Self {
            place,
            port: Some(port),
        })
    }
}

impl Place {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
        if let Ok(host) = bare.unwrap_or(text).parse() {
            return Some(Self::Host(host));
        }
        if let Some((base, prefix)) = text.split_once('/') {
            return network(base.parse().ok()?, prefix.parse().ok()?);
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        is_name(&name).then_some(Self::Name(name))
    }

    /// Whether the text can hardly be meant as anything else, so that a search for it looks at
    /// addresses. A word without a dot is a word.
    #[must_use]
    pub fn searched(text: &str) -> Option<Self> {
        match Address::parse(text)?.place {
            Self::Name(name) if !name.contains('.') => None,
            place => Some(place),
        }
    }
}

/// A network of one host is that host.
fn network(base: IpAddr, prefix: u8) -> Option<Place> {
    let (bits, whole) = match base {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    };
    let behind = bits.checked_shl(u32::from(prefix)).unwrap_or(0);
    if prefix > whole || behind != 0 {
        return None;
    }
    Some(if prefix == whole {
        Place::Host(base)
    } else {
        Place::Network(base, prefix)
    })
}

/// A name by DNS; the first label may be a star. What consists of numbers alone is a mistyped
/// address.
fn is_name(text: &str) -> bool {
    let rest = text.strip_prefix("*.").unwrap_or(text);
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let label = |l: &str| {
        let bytes = l.as_bytes();
        let ends = edge(bytes.first()) && bytes.last().is_some_and(u8::is_ascii_alphanumeric);
        bytes.len() <= 63 && ends && l.bytes().all(inner)
    };
    let numeric = rest.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    text.len() <= MAX_NAME && !numeric && rest.split('.').all(label)
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Host(host) => host.fmt(f),
            Self::Network(base, prefix) => write!(f, "{base}/{prefix}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.place, self.port) {
            (Place::Host(IpAddr::V6(host)), Some(port)) => write!(f, "[{host}]:{port}"),
            (place, Some(port)) => write!(f, "{place}:{port}"),
            (place, None) => place.fmt(f),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or(format!("{text} is no address"))
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_read_and_shown_alike() {
        for text in [
            "10.2.3.4",
            "10.2.3.4:3306",
            "10.2.0.0/16",
            "2001:db8::1",
            "[2001:db8::1]:5432",
            "2001:db8::/32",
            "db.example.com:3306",
            "*.shop.example.com",
            "_mysql._tcp.example.com",
            "localhost",
        ] {
            let read = Address::parse(text).map(|a| a.to_string());
            assert_eq!(read.as_deref(), Some(text));
        }
        let read = |text: &str| Address::parse(text).map(|a| a.to_string());
        assert_eq!(read(" DB.Example.Com. ").as_deref(), Some("db.example.com"));
        assert_eq!(read("10.0.0.1/32").as_deref(), Some("10.0.0.1"));
        assert_eq!(read("[::1]").as_deref(), Some("::1"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "10.2.3",
            "10.2.3.4.5",
            "10.2.3.400",
            "10.2.3.4/8",
            "10.2.3.4/33",
            "10.2.3.4:0",
            "10.2.3.4:70000",
            "2001:db8::1:70000",
            "a b",
            "-a.example.com",
            "a..b",
            "http://a.example.com",
            "user:secret@db.example.com",
            "é.example.com",
        ] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_what_looks_like_an_address_is_searched_as_one() {
        assert_eq!(Place::searched("pay"), None);
        assert_eq!(Place::searched("10.2.3"), None);
        assert!(matches!(Place::searched("10.2.3.4"), Some(Place::Host(_))));
        assert!(matches!(
            Place::searched("10.2.3.4:80"),
            Some(Place::Host(_))
        ));
        assert!(matches!(
            Place::searched("example.com"),
            Some(Place::Name(_))
        ));
    }
}
