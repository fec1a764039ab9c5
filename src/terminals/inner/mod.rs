//! Terminals across the replicas of one portal: whichever a browser comes to asks its questions,
//! and passes bytes on to the one that holds the shell.
//!
//! Invariant: nobody gets in without one of the portal's own calls, which is good once, for half
//! a minute, for one person, one terminal and one replica.

pub mod answer;
pub mod call;
mod forward;
mod once;

pub use forward::forward;
pub use once::Once;

use uuid::Uuid;

/// The process that holds a shell.
#[derive(Debug, Clone)]
pub struct Holder {
    pub replica: Uuid,
    /// Where it is found; nothing where it told nobody.
    pub url: Option<String>,
}
