//! Guessing passwords gets slower, per account and per address, on all replicas alike.
//!
//! The right person still gets in: the longest block is a minute, and it is the same answer for
//! names that exist and names that do not.

use std::net::IpAddr;

use crate::db::{Db, DbError};

use super::store;

/// Failures that cost nothing: people mistype.
const FREE_FAILURES: i32 = 5;
/// An office behind one address mistypes more than one person.
const FREE_FAILURES_PER_ADDRESS: i32 = 30;
/// Longer than this would let a stranger lock somebody out.
const LONGEST_BLOCK_SECONDS: f64 = 60.0;

/// A key with the failures that it has for free.
pub struct Key {
    pub text: String,
    pub free: i32,
}

/// What a try is counted under.
#[must_use]
pub fn keys(name: &str, address: Option<IpAddr>) -> Vec<Key> {
    let name: String = name.to_lowercase().chars().take(64).collect();
    let mut keys = vec![Key {
        text: format!("name:{name}"),
        free: FREE_FAILURES,
    }];
    if let Some(address) = address {
        let text = format!("address:{address}");
        keys.push(Key {
            text,
            free: FREE_FAILURES_PER_ADDRESS,
        });
    }
    keys
}

/// Whole seconds until the next try is looked at, if any key is blocked.
pub async fn blocked_for(db: &Db, keys: &[Key]) -> Result<Option<u64>, DbError> {
    let texts: Vec<String> = keys.iter().map(|k| k.text.clone()).collect();
    let seconds = store::login_blocked_for(db.pool(), &texts).await?;
    Ok(seconds.filter(|s| *s > 0.0).map(|s| s.ceil() as u64))
}

/// Counts a failure under each key; beyond the free ones the block doubles from one second.
pub async fn count_failure(db: &Db, keys: &[Key]) -> Result<(), DbError> {
    for key in keys {
        store::count_login_failure(db.pool(), &key.text, key.free, LONGEST_BLOCK_SECONDS).await?;
    }
    Ok(())
}

/// A success clears the account's count, not the address's.
pub async fn forgive(db: &Db, keys: &[Key]) -> Result<(), DbError> {
    for key in keys.iter().filter(|k| k.text.starts_with("name:")) {
        store::forget_login_failures(db.pool(), &key.text).await?;
    }
    Ok(())
}
