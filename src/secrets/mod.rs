//! Secrets at rest: AES-256-GCM under a ring of keys.
//!
//! Invariant: a ciphertext opens only in the very cell it was made for, because table, column,
//! row and key id are authenticated with it; a swapped or copied value is refused.

mod rotate;
mod store;

use std::collections::BTreeMap;

pub use rotate::{RotateError, keys_in_use, reseal};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

const KEY_BYTES: usize = 32;
const MAX_KEYS: usize = 16;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyRingError {
    #[error("write each key as id:base64, comma-separated")]
    Shape,
    #[error("key {0} must be {KEY_BYTES} bytes in base64; `openssl rand -base64 32` makes one")]
    Size(String),
    #[error("key {0} looks like a sample or a pattern; make one of your own")]
    Weak(String),
    #[error("key id {0} stands twice, or there are more than {MAX_KEYS} keys")]
    Twice(String),
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SecretError {
    #[error("no key with id {0} is in SLIPWAY_SECRET_KEYS")]
    NoKey(String),
    #[error("this value was not encrypted for this place, or is damaged")]
    Refused,
}

/// An encrypted value with the id of its key: nonce, then ciphertext with tag.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    pub key_id: String,
    pub bytes: Vec<u8>,
}

/// Where a value lives; part of what is authenticated.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub table: &'a str,
    pub column: &'a str,
    pub row: Uuid,
}

/// Keys by id; the first one listed encrypts, all decrypt.
#[derive(Clone)]
pub struct KeyRing {
    current: String,
    keys: BTreeMap<String, [u8; KEY_BYTES]>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing")
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

impl KeyRing {
    /// Parses `id:base64,id:base64`.
    ///
    /// # Errors
    /// A shape that is not that, a wrong size, or a key that was plainly not drawn at random.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let mut keys = BTreeMap::new();
        let mut current = None;
        for part in text.split(',') {
            let (id, key) = part.trim().split_once(':').ok_or(KeyRingError::Shape)?;
            let key = decode(id, key)?;
            if keys.len() == MAX_KEYS || keys.insert(id.to_owned(), key).is_some() {
                return Err(KeyRingError::Twice(id.to_owned()));
            }
            current.get_or_insert_with(|| id.to_owned());
        }
        Ok(Self {
            current: current.ok_or(KeyRingError::Shape)?,
            keys,
        })
    }

    /// Encrypts a value for one place.
    ///
    /// # Errors
    /// Only if the operating system gives no randomness.
    pub fn seal(&self, place: Place<'_>, value: &SecretString) -> Result<Sealed, SecretError> {
        let key = self.key(&self.current)?;
        let mut nonce = [0u8; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| SecretError::Refused)?;
        let mut bytes = value.expose_secret().as_bytes().to_vec();
        let aad = Aad::from(authenticated(place, &self.current));
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut bytes)
            .map_err(|_| SecretError::Refused)?;
        let mut sealed = nonce.to_vec();
        sealed.append(&mut bytes);
        Ok(Sealed {
            key_id: self.current.clone(),
            bytes: sealed,
        })
    }

    /// Decrypts a value that was sealed for this place.
    ///
    /// # Errors
    /// [`SecretError::NoKey`] if its key left the ring, else [`SecretError::Refused`].
    pub fn open(&self, place: Place<'_>, sealed: &Sealed) -> Result<SecretString, SecretError> {
        let key = self.key(&sealed.key_id)?;
        let (nonce, body) = sealed
            .bytes
            .split_at_checked(NONCE_LEN)
            .ok_or(SecretError::Refused)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SecretError::Refused)?;
        let mut body = body.to_vec();
        let aad = Aad::from(authenticated(place, &sealed.key_id));
        let plain = key
            .open_in_place(nonce, aad, &mut body)
            .map_err(|_| SecretError::Refused)?;
        let text = std::str::from_utf8(plain).map_err(|_| SecretError::Refused)?;
        Ok(SecretString::from(text.to_owned()))
    }

    /// The id of the key that encrypts.
    #[must_use]
    pub fn current(&self) -> &str {
        &self.current
    }

    #[must_use]
    pub fn holds(&self, id: &str) -> bool {
        self.keys.contains_key(id)
    }

    fn key(&self, id: &str) -> Result<LessSafeKey, SecretError> {
        let bytes = self
            .keys
            .get(id)
            .ok_or_else(|| SecretError::NoKey(id.to_owned()))?;
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| SecretError::Refused)?;
        Ok(LessSafeKey::new(key))
    }
}

fn authenticated(place: Place<'_>, key_id: &str) -> Vec<u8> {
    format!("{}\0{}\0{}\0{key_id}", place.table, place.column, place.row).into_bytes()
}

fn decode(id: &str, key: &str) -> Result<[u8; KEY_BYTES], KeyRingError> {
    let grammar = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if id.is_empty() || id.len() > 32 || !id.chars().all(grammar) {
        return Err(KeyRingError::Shape);
    }
    let bytes = STANDARD
        .decode(key)
        .map_err(|_| KeyRingError::Size(id.to_owned()))?;
    let key: [u8; KEY_BYTES] = bytes
        .try_into()
        .map_err(|_| KeyRingError::Size(id.to_owned()))?;
    if is_weak(&key) {
        Err(KeyRingError::Weak(id.to_owned()))
    } else {
        Ok(key)
    }
}

/// 32 random bytes have fewer than 16 different values once in about 10^17 draws, and are never
/// all printable (once in about 10^14): such a key is a phrase, a counter or a placeholder.
fn is_weak(key: &[u8; KEY_BYTES]) -> bool {
    let mut seen = [false; 256];
    key.iter().for_each(|b| {
        if let Some(slot) = seen.get_mut(usize::from(*b)) {
            *slot = true;
        }
    });
    let different = seen.iter().filter(|s| **s).count();
    let printable = key.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
    let rising = key
        .windows(2)
        .all(|w| matches!(w, [a, b] if b.wrapping_sub(*a) == 1));
    different < 16 || printable || rising
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(ids: &[&str]) -> KeyRing {
        let keys: Vec<String> = ids
            .iter()
            .map(|id| {
                let mut key = [0u8; KEY_BYTES];
                rand::fill(&mut key).unwrap();
                format!("{id}:{}", STANDARD.encode(key))
            })
            .collect();
        KeyRing::parse(&keys.join(",")).unwrap()
    }

    const fn place(row: Uuid) -> Place<'static> {
        Place {
            table: "connection",
            column: "credential",
            row,
        }
    }

    #[test]
    fn a_value_opens_only_where_it_was_sealed() {
        let ring = ring(&["k1", "k2"]);
        let row = Uuid::now_v7();
        let sealed = ring
            .seal(place(row), &SecretString::from("s3cret"))
            .unwrap();
        assert_eq!(sealed.key_id, "k1");
        assert_eq!(
            ring.open(place(row), &sealed).unwrap().expose_secret(),
            "s3cret"
        );
        assert_eq!(
            ring.open(place(Uuid::now_v7()), &sealed).unwrap_err(),
            SecretError::Refused
        );
        let other = Sealed {
            key_id: "k2".to_owned(),
            ..sealed.clone()
        };
        assert_eq!(
            ring.open(place(row), &other).unwrap_err(),
            SecretError::Refused
        );
        let cut = Sealed {
            bytes: sealed.bytes[..5].to_vec(),
            ..sealed
        };
        assert_eq!(
            ring.open(place(row), &cut).unwrap_err(),
            SecretError::Refused
        );
    }

    #[test]
    fn sample_keys_are_refused() {
        let phrase = STANDARD.encode(b"change-me-change-me-change-me-32");
        let counter: Vec<u8> = (0u8..32).collect();
        for key in [STANDARD.encode([0u8; 32]), phrase, STANDARD.encode(counter)] {
            assert_eq!(
                KeyRing::parse(&format!("k1:{key}")).unwrap_err(),
                KeyRingError::Weak("k1".to_owned())
            );
        }
        assert_eq!(KeyRing::parse("").unwrap_err(), KeyRingError::Shape);
        assert_eq!(
            KeyRing::parse("k1:").unwrap_err(),
            KeyRingError::Size("k1".to_owned())
        );
    }
}
