//! Calls that were answered, so that one that was overheard is not answered again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use uuid::Uuid;

/// Holds each no longer than it could be repeated. Only calls of our own come this far, so there
/// are never more than terminals that were come to in a minute.
#[derive(Debug, Default)]
pub struct Once(Mutex<HashMap<Uuid, Timestamp>>);

impl Once {
    /// Whether this is the first time.
    pub fn is_first(&self, id: Uuid, until: Timestamp, now: Timestamp) -> bool {
        // Each change leaves it whole.
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, until| *until >= now);
        seen.insert(id, until).is_none()
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn once_is_once_and_forgotten_when_it_is_over() {
        let (once, id, now) = (Once::default(), Uuid::now_v7(), crate::clock::now());
        let until = now + SignedDuration::from_secs(1);
        assert!(once.is_first(id, until, now));
        assert!(!once.is_first(id, until, until));
        let later = until + SignedDuration::from_secs(1);
        assert!(once.is_first(Uuid::now_v7(), later, later));
        assert_eq!(once.0.lock().map(|s| s.len()).ok(), Some(1));
    }
}
