//! What every page and API call shares: router, sessions, who is asking, words, errors, assets.
//!
//! Invariant: nothing here knows what a project or a release is; domains bring their own routes.

pub mod api;
pub mod assets;
pub mod csrf;
pub mod csv;
pub mod events;
pub mod extract;
pub mod form;
pub mod headers;
pub mod idempotency;
pub mod layout;
pub mod marks;
pub mod paging;
pub mod parts;
pub mod problem;
pub mod router;
pub mod session;
pub mod strip;
pub mod text;
