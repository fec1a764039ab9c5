//! Pages of projects: asking for a new one, and what stands round each page of one. The list and
//! a project's own page show what other domains know, so they are not made here.

mod frame;
mod onboarding;
pub mod programs;
mod settings;

pub use frame::{Frame, Tab};
pub use onboarding::{ask, form};
pub use settings::{save, settings};
