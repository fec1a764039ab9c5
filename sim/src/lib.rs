//! Stateful simulators of the systems that a portal drives, over real HTTP.
//!
//! All parts share one [`World`]: a tag made in GitLab is seen by Jenkins, and the image that a
//! Jenkins build pushes has a real digest in a real registry.
//! The wire structs here are our own reading of each system's documentation.
//! Invariant: this crate never links the product, so a misreading there cannot hide here.

pub mod call;
pub mod clock;
pub mod demo;
pub mod faults;
pub mod gitlab;
pub mod jenkins;
mod kept;
pub mod kubernetes;
pub mod measure;
pub mod mile;
pub mod outside;
pub mod plane;
pub mod portal;
pub mod postgres;
pub mod prepare;
pub mod registry;
pub mod robots;
pub mod serve;
mod stream;
pub mod transcript;
pub mod verify;
pub mod workspace;
pub mod world;

pub use clock::Clock;
pub use faults::Fault;
pub use serve::Server;
pub use transcript::{Entry, Transcript};
pub use world::{System, World};
