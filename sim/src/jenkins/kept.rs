//! What Jenkins remembers over a restart: its items and how many builds each had. The builds
//! themselves are forgotten, as by log rotation; whoever drives Jenkins has to live with that.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state::State;

#[derive(Serialize, Deserialize)]
struct Kept {
    items: Vec<KeptItem>,
    counter: u64,
    boots: u64,
}

#[derive(Serialize, Deserialize)]
struct KeptItem {
    full_name: String,
    xml: String,
    next_build: u64,
}

impl State {
    pub(crate) fn kept(&self) -> serde_json::Result<Value> {
        let items = self.items.values().map(|item| KeptItem {
            full_name: item.full_name.clone(),
            xml: item.xml.clone(),
            next_build: item.next_build,
        });
        serde_json::to_value(Kept {
            items: items.collect(),
            counter: self.counter,
            boots: self.boots,
        })
    }

    pub(crate) fn recall(&mut self, kept: &Value) -> serde_json::Result<()> {
        let kept = Kept::deserialize(kept)?;
        for KeptItem {
            full_name,
            xml,
            next_build,
        } in kept.items
        {
            self.add_item(&full_name, &xml);
            if let Some(item) = self.items.get_mut(&full_name.to_lowercase()) {
                item.next_build = next_build;
            }
        }
        self.counter = self.counter.max(kept.counter);
        self.boots = kept.boots + 1;
        Ok(())
    }
}
