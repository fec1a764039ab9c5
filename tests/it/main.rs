//! One binary of tests that go through the front door: real router, real PostgreSQL, simulators
//! over HTTP. `cargo verify` gives them their database.

mod clusters;
mod connections;
mod contract;
mod identity;
mod projects;
mod release_pages;
mod requests;
mod support;
mod tidy;
