//! One binary of tests that go through the front door: real router, real PostgreSQL, simulators
//! over HTTP. `cargo verify` gives them their database.

mod adoption;
mod attacks;
mod audit;
mod clusters;
mod connections;
mod contract;
mod data;
mod deploy;
mod engine;
mod faults;
mod halt;
mod health;
mod home;
mod identity;
mod imports;
mod keys;
mod mile;
mod notices;
mod offboarding;
mod onboarding;
mod openapi;
mod people;
mod permissions;
mod projects;
mod release_pages;
mod requests;
mod resources;
mod runs;
mod setbacks;
mod standards;
mod statements;
mod support;
mod terminal;
mod tidy;
mod tokens;
