//! What a list is narrowed to, and who is nearest to an address.

use std::net::IpAddr;

use serde::Deserialize;

use super::store::Filter;
use super::{Address, Kind, Place, Resource, State};
use crate::error::AppError;
use crate::web::paging::Page;

/// The query of pages and API. What looks like an address in `q` is searched as one.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(default)]
    pub q: String,
    /// A host, a network or a name, with a port or without.
    #[serde(default)]
    pub address: String,
    #[serde(default)]
    pub kind: String,
    /// A project's key: what it owns and what it uses.
    #[serde(default)]
    pub project: String,
    #[serde(default)]
    pub environment: String,
    #[serde(default)]
    pub site: String,
    #[serde(default)]
    pub label: String,
    /// All that is not retired, if left out.
    #[serde(default)]
    pub state: String,
    pub limit: Option<i64>,
    pub after: Option<String>,
}

impl Wanted {
    /// # Errors
    /// 400 naming what makes no sense.
    pub fn filter(&self) -> Result<Filter, AppError> {
        let page = Page {
            limit: self.limit,
            after: self.after.clone(),
        };
        let wrong = |field: &str| AppError::field(field, "query-wrong");
        let kind = some(&self.kind).map(|k| Kind::parse(&k).ok_or_else(|| wrong("kind")));
        let state = some(&self.state).map(|s| State::parse(&s).ok_or_else(|| wrong("state")));
        let unread = || AppError::field("address", "resource-address-wrong");
        let address = some(&self.address).map(|a| Address::parse(&a).ok_or_else(unread));
        let address = address.transpose()?.map(|a| a.place);
        let text = self.q.trim().to_lowercase();
        Ok(Filter {
            place: address.or_else(|| Place::searched(&text)),
            text,
            kind: kind.transpose()?,
            state: state.transpose()?,
            project: some(&self.project),
            environment: some(&self.environment),
            site: some(&self.site),
            label: some(&self.label),
            after: page.after_number()?,
            limit: page.limit()?,
            ..Filter::default()
        })
    }

    /// As name and value, for addresses that hold the same.
    #[must_use]
    pub fn pairs(&self) -> [(&'static str, &str); 8] {
        [
            ("q", &self.q),
            ("address", &self.address),
            ("kind", &self.kind),
            ("project", &self.project),
            ("environment", &self.environment),
            ("site", &self.site),
            ("label", &self.label),
            ("state", &self.state),
        ]
    }

    #[must_use]
    pub fn is_all(&self) -> bool {
        let mut pairs = self.pairs().into_iter();
        pairs.all(|(_, value)| value.trim().is_empty())
    }

    /// What is searched for as an address, if anything is.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.filter().ok()?.place
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|t| !t.is_empty())
}

/// Each with the address that answers best, nearest first; what only its words found comes last.
#[must_use]
pub fn nearest(mut found: Vec<Resource>, searched: &Place) -> Vec<Resource> {
    for resource in &mut found {
        let near = resource.addresses.iter().filter_map(|a| {
            let far = distance(&a.place, searched)?;
            Some((far, a.clone()))
        });
        let best = near.min_by_key(|(far, _)| *far);
        resource.matched = best.map(|(_, address)| address);
    }
    let far = |r: &Resource| {
        let matched = r.matched.as_ref();
        matched.map_or(u32::MAX, |a| {
            distance(&a.place, searched).unwrap_or(u32::MAX)
        })
    };
    found.sort_by_key(far);
    found
}

/// How far an address is from what is searched: 0 is the very one, then the narrower network and
/// the closer name. `None` is another place altogether.
#[must_use]
fn distance(place: &Place, searched: &Place) -> Option<u32> {
    match (place, searched) {
        (Place::Name(have), Place::Name(want)) => name_distance(have, want),
        (Place::Name(_), _) | (_, Place::Name(_)) => None,
        (have, want) => {
            let (have, want) = (bits(have)?, bits(want)?);
            let shorter = have.1.min(want.1);
            let same = have.2 == want.2 && cut(have.0, shorter) == cut(want.0, shorter);
            same.then(|| have.1.abs_diff(want.1))
        }
    }
}

/// Left-aligned bits, how many of them count, and whether it is IPv6.
fn bits(place: &Place) -> Option<(u128, u32, bool)> {
    let read = |host: &IpAddr| match host {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32, false),
        IpAddr::V6(v6) => (v6.to_bits(), 128, true),
    };
    match place {
        Place::Host(host) => Some(read(host)),
        Place::Network(base, prefix) => {
            let (bits, _, six) = read(base);
            Some((bits, u32::from(*prefix), six))
        }
        Place::Name(_) => None,
    }
}

fn cut(bits: u128, prefix: u32) -> u128 {
    bits.checked_shr(128 - prefix).unwrap_or(0)
}

/// Labels between two names of which one ends in the other.
fn name_distance(have: &str, want: &str) -> Option<u32> {
    let have = have.strip_prefix("*.").unwrap_or(have);
    let ends = |long: &str, short: &str| {
        let rest = long.strip_suffix(short)?;
        let dots = || u32::try_from(rest.matches('.').count()).ok();
        match rest {
            "" => Some(0),
            rest if rest.ends_with('.') => dots(),
            _ => None,
        }
    };
    ends(have, want).or_else(|| ends(want, have))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn far(have: &str, want: &str) -> Option<u32> {
        distance(&Place::parse(have).unwrap(), &Place::parse(want).unwrap())
    }

    #[test]
    fn the_narrower_network_and_the_closer_name_are_nearer() {
        assert_eq!(far("10.2.3.4", "10.2.3.4"), Some(0));
        assert_eq!(far("10.2.3.0/24", "10.2.3.4"), Some(8));
        assert_eq!(far("10.2.0.0/16", "10.2.3.4"), Some(16));
        assert_eq!(far("0.0.0.0/0", "10.2.3.4"), Some(32));
        assert_eq!(far("10.3.0.0/16", "10.2.3.4"), None);
        assert_eq!(far("10.2.3.4", "10.2.0.0/16"), Some(16));
        assert_eq!(far("2001:db8::/32", "2001:db8::1"), Some(96));
        assert_eq!(far("::/0", "10.2.3.4"), None);
        assert_eq!(far("db.example.com", "db.example.com"), Some(0));
        assert_eq!(far("pay.db.example.com", "example.com"), Some(2));
        assert_eq!(far("example.com", "www.example.com"), Some(1));
        assert_eq!(far("*.example.com", "www.example.com"), Some(1));
        assert_eq!(far("badexample.com", "example.com"), None);
        assert_eq!(far("example.com", "10.2.3.4"), None);
    }

    #[test]
    fn an_address_in_the_search_is_one_and_a_wrong_one_is_named() {
        let wanted = Wanted {
            q: "10.2.3.4:80".to_owned(),
            ..Wanted::default()
        };
        assert!(matches!(wanted.place(), Some(Place::Host(_))));
        let wanted = Wanted {
            address: "10.2.3".to_owned(),
            ..Wanted::default()
        };
        assert!(wanted.filter().is_err());
    }
}
