//! How many files one process of the portal moves at once, of all people and of each.
//!
//! Invariant: whoever takes all of theirs leaves places for others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{AppError, Words};
use crate::identity::AccountId;

const AT_ONCE: usize = 16;
const OF_ONE: usize = 4;

#[derive(Debug, Default)]
pub struct Places(Mutex<HashMap<AccountId, usize>>);

/// One of them, given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    account: AccountId,
}

impl Places {
    fn taken(&self) -> MutexGuard<'_, HashMap<AccountId, usize>> {
        // Each change is of one count, so there is no half of one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for this person.
    ///
    /// # Errors
    /// 409 where they have as many as one may, and where there is none left.
    pub fn take(self: &Arc<Self>, account: AccountId) -> Result<Place, AppError> {
        let mut taken = self.taken();
        let mine = taken.get(&account).copied().unwrap_or(0);
        if mine >= OF_ONE {
            let words = Words::new("file-too-many-mine").with("n", OF_ONE);
            return Err(AppError::Conflict(words));
        }
        if taken.values().sum::<usize>() >= AT_ONCE {
            return Err(AppError::conflict("file-too-many"));
        }
        taken.insert(account, mine + 1);
        drop(taken);
        Ok(Place {
            places: self.clone(),
            account,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        if let Some(mine) = taken.get_mut(&self.account) {
            *mine -= 1;
            if *mine == 0 {
                taken.remove(&self.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(refused: Result<Place, AppError>) -> String {
        refused.expect_err("none").words().code.clone()
    }

    #[test]
    fn one_person_leaves_places_for_others_and_all_come_back() {
        let places = Arc::new(Places::default());
        let person = AccountId::new();
        let mut held = Vec::new();
        for _ in 0..OF_ONE {
            held.push(places.take(person).expect("a place"));
        }
        assert_eq!(code(places.take(person)), "file-too-many-mine");
        for _ in OF_ONE..AT_ONCE {
            held.push(places.take(AccountId::new()).expect("a place"));
        }
        assert_eq!(code(places.take(AccountId::new())), "file-too-many");
        held.clear();
        assert!(places.taken().is_empty());
        assert!(places.take(person).is_ok());
    }
}
