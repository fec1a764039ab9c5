//! Shells in containers, over real WebSockets through the real router.

mod attacks;
mod killed;
mod limits;
mod recordings;
mod sessions;
mod stage;
