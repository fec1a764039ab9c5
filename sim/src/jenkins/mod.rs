//! Jenkins, as far as builds need it: jobs, the queue, builds, their logs.

use crate::world::World;

/// Everything that the simulated Jenkins remembers.
#[derive(Debug, Default)]
pub struct State {}

/// Lets the queue and the builds do what is due at the world's time.
pub(crate) async fn settle(_world: &World) {}
