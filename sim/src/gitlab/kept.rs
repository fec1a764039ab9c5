//! What GitLab remembers over a restart: repositories and hooks. Accounts are furnished anew.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::hooks::Hook;
use super::state::{Project, State};

#[derive(Default, Serialize, Deserialize)]
struct Kept {
    projects: BTreeMap<u64, Project>,
    moved: BTreeMap<String, u64>,
    hooks: BTreeMap<u64, Vec<Hook>>,
    counter: u64,
}

impl State {
    pub(crate) fn kept(&self) -> serde_json::Result<Value> {
        serde_json::to_value(Kept {
            projects: self.projects.clone(),
            moved: self.moved.clone(),
            hooks: self.hooks.clone(),
            counter: self.counter,
        })
    }

    pub(crate) fn recall(&mut self, kept: &Value) -> serde_json::Result<()> {
        let kept = Kept::deserialize(kept)?;
        self.projects = kept.projects;
        self.moved = kept.moved;
        self.hooks = kept.hooks;
        self.counter = self.counter.max(kept.counter);
        Ok(())
    }
}
