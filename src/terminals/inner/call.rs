//! What one replica says to another: sealed by the portal's own key, so that nobody else can say
//! it, and whoever overhears it learns nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::identity::Presence;
use crate::secrets::{KeyRing, Place, Sealed, SecretError};
use crate::terminals::TerminalId;

/// The scheme of the header.
const SCHEME: &str = "Slipway ";
/// Clocks of replicas may differ by less.
pub const GOOD_FOR: SignedDuration = SignedDuration::from_secs(30);

/// Lets somebody look at a terminal whose shell another replica holds. They were asked who they
/// are, and what they may, by the one that calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Good once.
    pub id: Uuid,
    /// Whom it is for.
    pub replica: Uuid,
    pub presence: Presence,
    /// The first byte that is to be shown.
    pub from: Option<u64>,
    pub until: Timestamp,
}

/// A value that is sealed for one terminal opens for no other.
fn place(terminal: TerminalId) -> Place<'static> {
    Place {
        table: "terminal",
        column: "inner-call",
        row: terminal.0,
    }
}

/// As the value of an `Authorization` header.
///
/// # Errors
/// No randomness.
pub fn seal(keys: &KeyRing, terminal: TerminalId, call: &Call) -> Result<String, SecretError> {
    let text = serde_json::to_string(call).map_err(|_| SecretError::Refused)?;
    let sealed = keys.seal(place(terminal), &SecretString::from(text))?;
    let bytes = URL_SAFE_NO_PAD.encode(sealed.bytes);
    Ok(format!("{SCHEME}{}.{bytes}", sealed.key_id))
}

/// What a header says to this replica about this terminal at this time; nothing if it is not ours,
/// not for us, or too old.
#[must_use]
pub fn open(
    keys: &KeyRing,
    (terminal, replica): (TerminalId, Uuid),
    now: Timestamp,
    header: &str,
) -> Option<Call> {
    let (key_id, bytes) = header.strip_prefix(SCHEME)?.split_once('.')?;
    let sealed = Sealed {
        key_id: key_id.to_owned(),
        bytes: URL_SAFE_NO_PAD.decode(bytes).ok()?,
    };
    let text = keys.open(place(terminal), &sealed).ok()?;
    let call: Call = serde_json::from_str(text.expose_secret()).ok()?;
    let is_good = call.replica == replica && now <= call.until && call.until <= now + 2 * GOOD_FOR;
    is_good.then_some(call)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::{AccountId, Door};

    fn keys() -> KeyRing {
        let key = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
        let key = base64::engine::general_purpose::STANDARD.encode(key);
        KeyRing::parse(&format!("k1:{key}")).expect("a key")
    }

    #[test]
    fn a_call_is_for_one_terminal_one_replica_and_a_short_time() {
        let (keys, terminal, replica) = (keys(), TerminalId::new(), Uuid::now_v7());
        let now = crate::clock::now();
        let call = Call {
            id: Uuid::now_v7(),
            replica,
            presence: Presence {
                account: AccountId::new(),
                door: Door::Session("a key".to_owned()),
            },
            from: Some(7),
            until: now + GOOD_FOR,
        };
        let header = seal(&keys, terminal, &call).expect("sealed");
        assert!(!header.contains("a key"));
        let at = |terminal, replica, now| open(&keys, (terminal, replica), now, &header);
        assert_eq!(at(terminal, replica, now), Some(call.clone()));
        assert_eq!(at(terminal, replica, now + GOOD_FOR), Some(call));
        assert_eq!(
            at(TerminalId::new(), replica, now),
            None,
            "another terminal"
        );
        assert_eq!(at(terminal, Uuid::now_v7(), now), None, "another replica");
        let second = SignedDuration::from_secs(1);
        assert_eq!(at(terminal, replica, now + GOOD_FOR + second), None, "late");
        assert_eq!(
            at(terminal, replica, now - GOOD_FOR - second),
            None,
            "early"
        );
        let other = self::keys();
        assert_eq!(
            open(&other, (terminal, replica), now, &header),
            None,
            "not ours"
        );
        for wrong in [
            "",
            "Slipway ",
            "Slipway k1.",
            "Bearer k1.AAAA",
            "Slipway k9.AAAA",
        ] {
            assert_eq!(
                open(&keys, (terminal, replica), now, wrong),
                None,
                "{wrong}"
            );
        }
        let mut damaged = header.clone();
        damaged.pop();
        assert_eq!(open(&keys, (terminal, replica), now, &damaged), None);
    }

    proptest! {
        #[test]
        fn no_header_opens_or_makes_it_panic(text in "(Slipway )?(k1\\.)?.{0,80}") {
            let to_us = (TerminalId::new(), Uuid::now_v7());
            prop_assert_eq!(open(&keys(), to_us, crate::clock::now(), &text), None);
        }
    }
}
