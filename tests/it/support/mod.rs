//! Plumbing of the tests: a database each, the portal on loopback, browsers with a cookie.

pub mod browser;
pub mod cluster;
pub mod company;
pub mod database;
pub mod described;
pub mod documents;
pub mod legacy;
pub mod logs;
pub mod portal;
pub mod seed;

pub use browser::Browser;
pub use portal::Portal;
