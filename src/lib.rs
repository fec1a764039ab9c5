//! Slipway: a project-centric platform portal.
//!
//! One commit travels from a form to production and back: requests are decided, releases are
//! built, tested, confirmed and rolled out by a durable engine over one PostgreSQL.

pub mod app;
pub mod audit;
pub mod builds;
pub mod changes;
pub mod clock;
pub mod clusters;
pub mod config;
pub mod connections;
pub mod cron;
pub mod db;
pub mod diff;
pub mod drift;
pub mod error;
pub mod halt;
pub mod home;
pub mod identity;
mod ids;
pub mod intake;
pub mod integrations;
pub mod jobs;
mod listen;
pub mod log;
pub mod news;
pub mod notifications;
pub mod offboarding;
pub mod onboarding;
pub mod parse;
pub mod progress;
pub mod projects;
pub mod releases;
pub mod requests;
pub mod resources;
pub mod runs;
pub mod secrets;
pub mod serve;
pub mod standards;
pub mod terminals;
pub mod vitals;
pub mod waves;
pub mod web;
pub mod workloads;
