//! The product from outside: its program as a child, its people over the public API, and what
//! they do on a release's way.
//!
//! Invariant: nothing here knows more of the portal than its command line and its API.

pub mod acts;
mod child;
mod person;
pub mod wait;

pub use child::{Build, Portal, Program, Serving, build};
pub use person::{Answer, Login, Person, client};
