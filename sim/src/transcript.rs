//! What was asked of the simulators, in order, and what each request was answered.
//!
//! Invariant: every request is here, also those that a fault harmed or that no route knows.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Method;
use jiff::Timestamp;

use crate::faults::fits;
use crate::world::System;

/// Older entries are forgotten beyond this many, so that a demo may run for days.
const ENTRIES_MAX: usize = 50_000;

/// One request. `status` is `None` where the connection was cut in place of an answer.
#[derive(Clone, Debug)]
pub struct Entry {
    pub at: Timestamp,
    pub system: System,
    pub method: Method,
    /// Raw path with query, as sent.
    pub path: String,
    pub status: Option<u16>,
    /// The first kilobytes of the request's body, lossily decoded.
    pub body: String,
    /// Why the simulator did not understand the request, where it did not.
    pub unexpected: Option<String>,
}

/// The shared record; clones see the same entries.
#[derive(Clone, Debug, Default)]
pub struct Transcript(Arc<Mutex<VecDeque<Entry>>>);

impl Transcript {
    pub fn record(&self, entry: Entry) {
        let mut entries = self.entries();
        if entries.len() >= ENTRIES_MAX {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    #[must_use]
    pub fn all(&self) -> Vec<Entry> {
        self.entries().iter().cloned().collect()
    }

    /// Requests to `system` by `method` whose path, query included, fits the `*` pattern.
    #[must_use]
    pub fn find(&self, system: &System, method: &Method, pattern: &str) -> Vec<Entry> {
        let matches = |entry: &&Entry| {
            entry.system == *system && entry.method == *method && fits(pattern, &entry.path)
        };
        self.entries().iter().filter(matches).cloned().collect()
    }

    #[must_use]
    pub fn count(&self, system: &System, method: &Method, pattern: &str) -> usize {
        self.find(system, method, pattern).len()
    }

    /// Requests with a route, field or parameter that no simulator knows.
    #[must_use]
    pub fn unexpected(&self) -> Vec<Entry> {
        let entries = self.entries();
        let unknown = entries.iter().filter(|entry| entry.unexpected.is_some());
        unknown.cloned().collect()
    }

    /// The check at a test's end: an error names each request that was not understood.
    pub fn check(&self) -> Result<(), String> {
        let lines: Vec<String> = self.unexpected().iter().map(Entry::to_string).collect();
        if lines.is_empty() {
            Ok(())
        } else {
            Err(lines.join("\n"))
        }
    }

    pub fn clear(&self) {
        self.entries().clear();
    }

    fn entries(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let status = self
            .status
            .map_or_else(|| "cut".to_owned(), |s| s.to_string());
        write!(
            f,
            "{} {} {} -> {status}",
            self.system, self.method, self.path
        )?;
        match &self.unexpected {
            Some(why) => write!(f, " (unexpected: {why})"),
            None => Ok(()),
        }
    }
}
