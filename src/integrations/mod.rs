//! Clients of the outside systems: wire types, calls, errors.
//!
//! Invariant: nothing here knows a word of the product's domain, and no call is without a timeout.

pub mod answer;
mod breaker;
pub mod chat;
mod error;
pub mod gitlab;
pub mod http;
pub mod jenkins;
pub mod kubernetes;
pub mod mail;
pub mod registry;
pub mod replica;
pub mod silence;
pub mod webhook;

pub use error::CallError;
