//! Moving everything that is sealed under the newest key, so that an older one can go.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{KeyRing, Place, SecretError, store};
use crate::db::{Db, DbError};

#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("{table}.{column} of {row}: {why}")]
    Sealed {
        table: String,
        column: String,
        row: Uuid,
        why: SecretError,
    },
}

/// How many values each key holds, by its id.
///
/// # Errors
/// No answer from the database.
pub async fn keys_in_use(db: &Db) -> Result<BTreeMap<String, i64>, DbError> {
    let mut tx = db.begin().await?;
    let mut keys = BTreeMap::new();
    for column in store::columns(&mut *tx.connection()).await? {
        for (key, count) in store::count_by_key(tx.connection(), &column).await? {
            *keys.entry(key).or_insert(0) += count;
        }
    }
    tx.commit().await?;
    Ok(keys)
}

/// Seals with the ring's first key whatever another one holds; returns how many values that
/// were. It can be broken off and begun again, while portals work beside it.
///
/// # Errors
/// A value that no key of the ring opens; those before it are done.
pub async fn reseal(db: &Db, keys: &KeyRing) -> Result<u64, RotateError> {
    let mut tx = db.begin().await?;
    let columns = store::columns(&mut *tx.connection()).await?;
    tx.commit().await?;
    let mut done = 0;
    for column in columns {
        let mut after = Uuid::nil();
        loop {
            let mut tx = db.begin().await?;
            let found =
                store::held_by_others(tx.connection(), &column, keys.current(), after).await?;
            let Some((last, _)) = found.last() else { break };
            after = *last;
            for (row, old) in found {
                let place = Place {
                    table: &column.table,
                    column: &column.column,
                    row,
                };
                let again = keys.open(place, &old).and_then(|v| keys.seal(place, &v));
                let new = again.map_err(|why| RotateError::Sealed {
                    table: column.table.clone(),
                    column: column.column.clone(),
                    row,
                    why,
                })?;
                let replaced = store::replace(tx.connection(), &column, row, (&old, &new)).await?;
                done += u64::from(replaced);
            }
            tx.commit().await?;
        }
    }
    Ok(done)
}
