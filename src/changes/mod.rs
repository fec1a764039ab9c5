//! Changes of containers that are there: other parameters, or only more or fewer of them.
//!
//! Invariant: a yes stores the next revision of each workload's parameters and starts the rollout
//! that brings them, in one transaction; nothing changes that was not shown.

mod plan;
mod request;
mod scale;
pub mod web;

pub use request::Change;
pub use scale::Scale;
