//! Clients of the outside systems: wire types, calls, errors.
//!
//! Invariant: nothing here knows a word of the product's domain, and no call is without a timeout.

mod error;
pub mod kubernetes;

pub use error::CallError;
