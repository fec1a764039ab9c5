//! Slipway: a project-centric platform portal.

pub mod integrations;
