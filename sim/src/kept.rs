//! A world as one document, so that a demo goes on where it stopped.
//!
//! Invariant: what is recalled answers as it did before; only accounts, faults and what was under
//! way are not part of it.

use serde_json::{Value, json};

use crate::world::World;

impl World {
    /// What every system remembers. Each part is whole in itself; between two parts a moment may
    /// have passed.
    #[must_use]
    pub fn kept(&self) -> Value {
        // Their maps have texts and numbers as keys, so that they can always be written.
        json!({
            "gitlab": self.gitlab().kept().unwrap_or_default(),
            "jenkins": self.jenkins().kept().unwrap_or_default(),
            "kubernetes": self.kubernetes().kept().unwrap_or_default(),
            "registry": self.registry().kept().unwrap_or_default(),
        })
    }

    /// Puts back what [`World::kept`] gave.
    ///
    /// # Errors
    /// A document of another version.
    pub fn recall(&self, kept: &Value) -> anyhow::Result<()> {
        self.gitlab().recall(&kept["gitlab"])?;
        self.jenkins().recall(&kept["jenkins"])?;
        self.kubernetes().recall(&kept["kubernetes"])?;
        self.registry().recall(&kept["registry"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitlab::Scope;
    use crate::jenkins::Kind;
    use crate::kubernetes;

    #[tokio::test]
    async fn a_world_goes_on_where_it_stopped() {
        let world = World::explicit();
        let furnish = async |world: &World| {
            world.gitlab().add_user("portal", "token", Scope::Api);
            world.jenkins().add_templates("templates", Kind::Pipeline);
            kubernetes::serve(world, "east", 0)
                .await
                .expect("a free port")
        };
        let _api = furnish(&world).await;
        let now = world.clock().now();
        let shop = world.gitlab().add_project("apps/shop");
        let commit = world
            .gitlab()
            .commit(shop, "main", "Begin", "Li Wei", now)
            .expect("a commit");
        world.gitlab().add_tag(shop, "v1", &commit, None, now);
        let digest = world.registry().put_image("apps/shop", "v1", &[("a", "b")]);

        let again = World::explicit();
        let _api = furnish(&again).await;
        again.recall(&world.kept()).expect("what was kept");
        assert_eq!(again.kept()["registry"], world.kept()["registry"]);
        assert_eq!(again.kept()["kubernetes"], world.kept()["kubernetes"]);
        assert_eq!(again.registry().digest("apps/shop", "v1"), Some(digest));
        let gitlab = again.gitlab();
        let tag = gitlab.project(shop).and_then(|p| p.tag("v1"));
        assert_eq!(tag.map(|t| &t.commit), Some(&commit));
    }
}
