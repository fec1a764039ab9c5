//! One binary of tests that go through the front door: real router, real PostgreSQL, simulators
//! over HTTP. `cargo verify` gives them their database.

mod attacks;
mod clusters;
mod connections;
mod contract;
mod data;
mod engine;
mod faults;
mod identity;
mod mile;
mod permissions;
mod projects;
mod release_pages;
mod requests;
mod setbacks;
mod support;
mod tidy;
