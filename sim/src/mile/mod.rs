//! The whole mile over the public API: from a form to production and back, with a fresh project.
//!
//! Invariant: what runs is asked of the clusters themselves wherever a kubeconfig is given; the
//! portal's own word counts for nothing there.

mod cluster;
mod crew;
mod import;
mod ledger;
mod route;
mod walk;

pub use cluster::{Cluster, Place};
pub use import::take_over;
pub use route::{Options, Route, pool};

use ledger::Ledger;

/// What came of a walk.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    pub passed: u64,
    pub whole: bool,
}

/// Goes the mile, printing a line a step.
pub async fn go(route: &Route) -> Outcome {
    let mut ledger = Ledger::default();
    let whole = walk::walk(route, &mut ledger).await.is_ok();
    Outcome {
        passed: ledger.passed,
        whole,
    }
}
