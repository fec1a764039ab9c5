//! Misbehaviour as data: which requests to harm, how, and how often.
//!
//! Invariant: a fault harms only requests that match it, and no more of them than it says.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Method;

use crate::world::System;

/// What happens to a request that a fault matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Harm {
    /// The request never reaches the system; this is answered in its place.
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// The request waits on the world's clock, then goes on as usual. On an explicit clock
    /// somebody else than the waiting one has to move it.
    Delay(Duration),
    /// The connection breaks before the system sees the request: no effect, no answer.
    CutBefore,
    /// The system does what was asked, then the connection breaks: an effect without an answer.
    CutAfter,
}

/// One misbehaviour: `Fault::on(System::GITLAB).post("/api/v4/projects/*").answer(503, "down")`.
///
/// It applies once unless [`Fault::times`] or [`Fault::always`] says otherwise.
#[derive(Clone, Debug)]
pub struct Fault {
    system: System,
    method: Option<Method>,
    path: String,
    skip: u32,
    left: Option<u32>,
    harm: Harm,
}

impl Fault {
    /// A fault of every request to `system`; narrow it by method, path and count.
    #[must_use]
    pub fn on(system: System) -> Self {
        Self {
            system,
            method: None,
            path: "*".to_owned(),
            skip: 0,
            left: Some(1),
            harm: Harm::CutBefore,
        }
    }

    /// Only requests whose raw path (without query) fits; `*` stands for any run of characters.
    #[must_use]
    pub fn at(mut self, method: Method, path: &str) -> Self {
        self.method = Some(method);
        path.clone_into(&mut self.path);
        self
    }

    #[must_use]
    pub fn get(self, path: &str) -> Self {
        self.at(Method::GET, path)
    }

    #[must_use]
    pub fn post(self, path: &str) -> Self {
        self.at(Method::POST, path)
    }

    /// Any method on this path.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Lets the first `n` matching requests through unharmed.
    #[must_use]
    pub fn after(mut self, n: u32) -> Self {
        self.skip = n;
        self
    }

    #[must_use]
    pub fn times(mut self, n: u32) -> Self {
        self.left = Some(n);
        self
    }

    #[must_use]
    pub fn always(mut self) -> Self {
        self.left = None;
        self
    }

    #[must_use]
    pub fn answer(mut self, status: u16, body: &str) -> Self {
        self.harm = Harm::Answer {
            status,
            headers: Vec::new(),
            body: body.to_owned(),
        };
        self
    }

    /// Adds a header to an [`Fault::answer`]; does nothing to other harms.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match &mut self.harm {
            Harm::Answer { headers, .. } => headers.push((name.to_owned(), value.to_owned())),
            Harm::Delay(_) | Harm::CutBefore | Harm::CutAfter => {}
        }
        self
    }

    #[must_use]
    pub fn delay(mut self, how_long: Duration) -> Self {
        self.harm = Harm::Delay(how_long);
        self
    }

    #[must_use]
    pub fn cut_before(mut self) -> Self {
        self.harm = Harm::CutBefore;
        self
    }

    #[must_use]
    pub fn cut_after(mut self) -> Self {
        self.harm = Harm::CutAfter;
        self
    }

    fn matches(&self, system: &System, method: &Method, path: &str) -> bool {
        self.system == *system
            && self.method.as_ref().is_none_or(|wanted| wanted == method)
            && fits(&self.path, path)
    }
}

/// The faults now in force, oldest first; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Vec<Fault>>>);

impl Faults {
    pub fn add(&self, fault: Fault) {
        self.list().push(fault);
    }

    pub fn clear(&self) {
        self.list().clear();
    }

    /// How many faults have not run out.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.list().len()
    }

    /// Takes the harm for one request, counting it off the first fault that matches.
    #[must_use]
    pub fn take(&self, system: &System, method: &Method, path: &str) -> Option<Harm> {
        let mut faults = self.list();
        for index in 0..faults.len() {
            let fault = faults.get_mut(index)?;
            if !fault.matches(system, method, path) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            let harm = fault.harm.clone();
            if let Some(left) = &mut fault.left {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    faults.remove(index);
                }
            }
            return Some(harm);
        }
        None
    }

    fn list(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `text` fits `pattern`, in which `*` stands for any run of characters, also none.
#[must_use]
pub fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(tail) = text.strip_prefix(head) else {
        return false;
    };
    (0..=tail.len())
        .filter(|at| tail.is_char_boundary(*at))
        .any(|at| fits(rest, &tail[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run() {
        assert!(fits("/a/*/c", "/a/b/b/c"));
        assert!(fits("*", ""));
        assert!(fits("/a*", "/a"));
        assert!(!fits("/a/*/c", "/a/c"));
        assert!(!fits("/a", "/ab"));
    }

    #[test]
    fn a_fault_skips_then_counts_down_then_ends() {
        let faults = Faults::default();
        let fault = Fault::on(System::GITLAB).post("/x").after(1).times(2);
        faults.add(fault.answer(503, "down"));
        let hit = || faults.take(&System::GITLAB, &Method::POST, "/x").is_some();
        assert_eq!([hit(), hit(), hit(), hit()], [false, true, true, false]);
        assert_eq!(faults.pending(), 0);
    }
}
