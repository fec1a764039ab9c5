//! Pages that gather what every domain knows: the start page and a project's overview.
//!
//! Invariant: nobody imports this; it has no rows and no rules of its own.

pub mod project;
pub mod projects;
pub mod resources;
mod rows;
mod waiting;
pub mod web;
