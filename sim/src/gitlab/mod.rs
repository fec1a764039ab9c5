//! GitLab, as far as releases need it: projects, branches, commits, tags.

/// Everything that the simulated GitLab remembers.
#[derive(Debug, Default)]
pub struct State {}
