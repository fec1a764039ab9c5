//! An image registry that speaks the OCI distribution protocol.

/// Everything that the simulated registry remembers.
#[derive(Debug, Default)]
pub struct State {}
