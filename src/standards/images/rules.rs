//! The rules for images: each a pure function over what the registry said and what is allowed.

use super::Bounds;
use crate::integrations::registry::Image;
use crate::standards::rails::{Finding, found};

/// Where a build writes down the packages that it put into its image.
pub const PACKAGES_LABEL: &str = "slipway.packages";

const MIB: u64 = 1024 * 1024;
const NOTHING: &str = "–";
/// All rules about an image are about it as a whole.
const IMAGE: &str = "image";

/// What a rule for images looks at.
pub struct Subject<'a> {
    pub image: &'a Image,
    pub bounds: &'a Bounds,
    /// The allowed bases, as the registry has them now.
    pub bases: &'a [Base],
}

/// An allowed base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    pub name: String,
    /// The digests of its layers, the undermost first; `None` where the registry has no such image.
    pub diff_ids: Option<Vec<String>>,
}

impl Base {
    /// Layers prove it: nobody has a base's layers beneath his own but who built on it.
    fn is_beneath(&self, image: &Image) -> bool {
        let beneath =
            |layers: &Vec<String>| !layers.is_empty() && image.diff_ids.starts_with(layers);
        self.diff_ids.as_ref().is_some_and(beneath)
    }
}

fn list<T: ToString>(all: impl IntoIterator<Item = T>) -> String {
    let all: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    match all.is_empty() {
        true => NOTHING.to_owned(),
        false => all.join(", "),
    }
}

pub(in crate::standards) fn base(s: &Subject<'_>) -> Option<Finding> {
    let proven = s.bases.iter().any(|base| base.is_beneath(s.image));
    if s.bounds.bases.is_empty() || proven {
        return None;
    }
    let away = s.bases.iter().filter(|base| base.diff_ids.is_none());
    found(IMAGE, list(away.map(|b| &b.name)), list(&s.bounds.bases))
}

pub(in crate::standards) fn user(s: &Subject<'_>) -> Option<Finding> {
    let said = s.image.user.trim();
    let name = said.split(':').next().unwrap_or_default();
    let is_root = matches!(name, "" | "root") || name.parse() == Ok(0_u64);
    let is = if said.is_empty() { NOTHING } else { said };
    (is_root && !s.bounds.root_allowed).then(|| found(IMAGE, is, ""))?
}

pub(in crate::standards) fn ports(s: &Subject<'_>) -> Option<Finding> {
    let number = |text: &String| text.split('/').next()?.parse::<i32>().ok();
    let exposed = s.image.exposed_ports.iter().filter_map(number);
    let mut bad: Vec<i32> = exposed.filter(|p| s.bounds.ports.contains(p)).collect();
    bad.sort_unstable();
    bad.dedup();
    (!bad.is_empty()).then(|| found(IMAGE, list(&bad), list(&s.bounds.ports)))?
}

pub(in crate::standards) fn size(s: &Subject<'_>) -> Option<Finding> {
    let most = u64::try_from(s.bounds.most_mib).unwrap_or_default();
    let size = s.image.size;
    (size > most * MIB).then(|| found(IMAGE, size.div_ceil(MIB), most))?
}

/// The name in `openssl=3.0.2` or `openssl@3`.
pub(super) fn package(said: &str) -> &str {
    let end = said.find(|c: char| c == '=' || c == '@' || c == ',' || c.is_whitespace());
    end.map_or(said, |end| &said[..end])
}

pub(in crate::standards) fn packages(s: &Subject<'_>) -> Option<Finding> {
    let said = s.image.labels.get(PACKAGES_LABEL)?;
    let words = said.split(|c: char| c == ',' || c.is_whitespace());
    let held = words.map(package).filter(|name| !name.is_empty());
    let forbidden = |name: &&str| s.bounds.packages.iter().any(|p| p == name);
    let mut bad: Vec<&str> = held.filter(forbidden).collect();
    bad.sort_unstable();
    bad.dedup();
    (!bad.is_empty()).then(|| found(IMAGE, list(&bad), ""))?
}

/// Where some are forbidden, an image that does not say what it holds has not been looked at.
pub(in crate::standards) fn packages_said(s: &Subject<'_>) -> Option<Finding> {
    let said = s.image.labels.get(PACKAGES_LABEL);
    let is_silent = said.is_none_or(|said| said.trim().is_empty());
    let bound = list(&s.bounds.packages);
    (is_silent && !s.bounds.packages.is_empty()).then(|| found(IMAGE, NOTHING, bound))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrations::registry::Digest;
    use crate::standards::images::judge;

    fn image() -> Image {
        Image {
            digest: Digest::parse(&format!("sha256:{}", "a".repeat(64))).unwrap(),
            size: MIB,
            labels: [(PACKAGES_LABEL.to_owned(), "app".to_owned())].into(),
            user: "app".to_owned(),
            exposed_ports: vec!["8080/tcp".to_owned()],
            diff_ids: ["a", "b", "c"].map(str::to_owned).into(),
            architecture: "amd64".to_owned(),
            platforms: Vec::new(),
            media_type: String::new(),
        }
    }

    fn base(layers: &[&str]) -> Base {
        Base {
            name: "base/go:1".to_owned(),
            diff_ids: Some(layers.iter().map(|&l| l.to_owned()).collect()),
        }
    }

    fn strict() -> Bounds {
        Bounds {
            bases: vec!["base/go:1".to_owned()],
            most_mib: 2,
            packages: vec!["telnetd".to_owned()],
            ..Bounds::proposed()
        }
    }

    fn said(bounds: &Bounds, base: Base, change: impl FnOnce(&mut Image)) -> Vec<String> {
        let mut image = image();
        change(&mut image);
        let bases = [base];
        let subject = Subject {
            image: &image,
            bounds,
            bases: &bases,
        };
        let all = judge(&subject, &[]);
        all.into_iter()
            .map(|r| format!("{} {}", r.rail, r.is))
            .collect()
    }

    fn found(change: impl FnOnce(&mut Image)) -> Vec<String> {
        said(&strict(), base(&["a", "b"]), change)
    }

    #[test]
    fn users_who_are_root_are_known_by_every_name() {
        for root in [
            "", " ", "root", "0", "00", "0:0", "0:1000", "root:app", ":app",
        ] {
            let told = found(|i| i.user = root.to_owned());
            let is = if root.trim().is_empty() { "–" } else { root };
            assert_eq!(told, [format!("image-user {is}")]);
        }
        for other in ["app", "1", "1000:0", "rooted", "nobody:root"] {
            assert!(found(|i| i.user = other.to_owned()).is_empty(), "{other}");
        }
    }

    #[test]
    fn ports_are_forbidden_by_number_whatever_the_protocol() {
        let expose = |ports: &[&str]| {
            let ports = ports.iter().map(|&p| p.to_owned()).collect();
            found(move |i| i.exposed_ports = ports)
        };
        assert_eq!(expose(&["23", "22/tcp", "22/udp"]), ["image-ports 22, 23"]);
        assert!(expose(&["2222/tcp", "122", "8022/udp", "ssh"]).is_empty());
    }

    #[test]
    fn an_image_may_be_as_big_as_the_bound_and_not_a_byte_more() {
        assert!(found(|i| i.size = 2 * MIB).is_empty());
        assert_eq!(found(|i| i.size = 2 * MIB + 1), ["image-size 3"]);
    }

    #[test]
    fn packages_are_read_from_their_label() {
        let holds = |text: &str| {
            let text = text.to_owned();
            found(move |i| {
                i.labels.insert(PACKAGES_LABEL.to_owned(), text);
            })
        };
        for bad in [
            "telnetd",
            "curl, telnetd",
            "curl telnetd=1.2",
            "telnetd@9,curl",
        ] {
            assert_eq!(holds(bad), ["image-packages telnetd"], "{bad}");
        }
        for good in ["curl", "telnetd-common", "in.telnetd", "curl=telnetd"] {
            assert!(holds(good).is_empty(), "{good}");
        }
    }

    #[test]
    fn an_image_that_does_not_say_its_packages_is_told_so_where_some_are_forbidden() {
        let silent = |bounds: &Bounds| said(bounds, base(&["a"]), |i| i.labels.clear());
        assert_eq!(silent(&strict()), ["image-packages-said –"]);
        let empty = found(|i| drop(i.labels.insert(PACKAGES_LABEL.to_owned(), " ".to_owned())));
        assert_eq!(empty, ["image-packages-said –"]);
        let none = Bounds {
            packages: Vec::new(),
            ..strict()
        };
        assert_eq!(silent(&none), Vec::<String>::new());
    }

    #[test]
    fn a_base_is_proven_by_all_its_layers_in_their_order() {
        let on = |layers: &[&str]| said(&strict(), base(layers), |_| {});
        for beneath in [&["a"][..], &["a", "b"], &["a", "b", "c"]] {
            assert!(on(beneath).is_empty(), "{beneath:?}");
        }
        for other in [&["b"][..], &["b", "a"], &["a", "b", "c", "d"], &[]] {
            assert_eq!(on(other), ["image-base –"], "{other:?}");
        }
        let away = Base {
            diff_ids: None,
            ..base(&[])
        };
        assert_eq!(said(&strict(), away, |_| {}), ["image-base base/go:1"]);
    }

    #[test]
    fn where_nothing_is_set_nothing_is_refused() {
        let worst = |i: &mut Image| {
            i.user.clear();
            i.exposed_ports = vec!["22/tcp".to_owned()];
            i.size = 1024 * MIB + 1;
        };
        let bounds = Bounds::default();
        assert_eq!(said(&bounds, base(&[]), worst), ["image-size 1025"]);
    }
}
