//! Shells in containers, over real WebSockets through the real router.

mod access;
mod attacks;
mod bounds;
mod debug;
mod exhaustion;
mod files;
mod guests;
mod killed;
mod limits;
mod pods;
mod program;
mod recordings;
mod replicas;
mod rolling;
mod sessions;
mod stage;
