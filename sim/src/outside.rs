//! The three systems of a build, started together and furnished so that builds work.

use crate::gitlab::Scope;
use crate::jenkins::Kind;
use crate::robots::{self, MailServer};
use crate::{Server, World, gitlab, jenkins, registry};

/// The account that the portal uses everywhere.
pub const PORTAL: &str = "portal";
/// Its token in GitLab and in Jenkins.
pub const TOKEN: &str = "portal-token";
/// The folder of Jenkins' templates, one a language.
pub const TEMPLATES: &str = "templates";

/// Ports to serve at; 0 takes any free one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    pub gitlab: u16,
    pub jenkins: u16,
    pub registry: u16,
    pub robots: u16,
    pub mail: u16,
}

/// What robots and the receiver of webhooks know us by.
pub const CHAT_SECRET: &str = "simulated-chat-secret";
/// The robots' tokens, the webhook's name last.
pub const CHAT_TOKENS: [&str; 4] = ["ding", "wecom", "feishu", "hook"];

/// Running simulators; dropping this stops them.
#[derive(Debug)]
pub struct Outside {
    pub gitlab: Server,
    pub jenkins: Server,
    pub registry: Server,
    pub robots: Server,
    pub mail: MailServer,
}

impl Outside {
    /// Starts GitLab, Jenkins (with pipeline templates) and an open registry.
    pub async fn start(world: &World, ports: Ports) -> std::io::Result<Self> {
        world.gitlab().add_user(PORTAL, TOKEN, Scope::Api);
        {
            let mut jenkins = world.jenkins();
            jenkins.add_user(PORTAL, "portal-password", TOKEN);
            jenkins.add_templates(TEMPLATES, Kind::Pipeline);
        }
        for token in CHAT_TOKENS {
            // WeCom knows no signatures.
            let secret = (token != "wecom").then_some(CHAT_SECRET);
            world.robots().add(token, secret);
        }
        Ok(Self {
            robots: robots::serve(world, ports.robots).await?,
            mail: robots::serve_mail(world, ports.mail).await?,
            gitlab: gitlab::serve(world, ports.gitlab).await?,
            jenkins: jenkins::serve(world, ports.jenkins).await?,
            registry: registry::serve(world, ports.registry).await?,
        })
    }

    /// The registry's `host:port`, as image references begin.
    #[must_use]
    pub fn image_host(&self) -> &str {
        self.registry.base_url().trim_start_matches("http://")
    }

    /// Adds a project with one commit on `main`; gives its number and the commit's id.
    pub fn add_project(&self, world: &World, path: &str) -> (u64, String) {
        let now = world.clock().now();
        let mut gitlab = world.gitlab();
        let project = gitlab.add_project(path);
        let commit = gitlab.commit(project, "main", "Begin", "Li Wei", now);
        (project, commit.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::jenkins::{Language, Pace, template};

    /// A pace at which nothing takes time.
    fn at_once() -> Pace {
        Pace {
            quiet: Duration::ZERO,
            handover: Duration::ZERO,
            check_out: Duration::ZERO,
            package: Duration::ZERO,
            image: Duration::ZERO,
            push: Duration::ZERO,
            boot: Duration::ZERO,
        }
    }

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "a test's own client")]
    async fn in_real_time_a_build_runs_by_itself() {
        let world = World::auto();
        let outside = Outside::start(&world, Ports::default())
            .await
            .expect("free ports");
        world.jenkins().pace = at_once();
        let (shop, commit) = outside.add_project(&world, "apps/shop");
        let now = world.clock().now();
        world
            .gitlab()
            .add_tag(shop, "v1", &commit, Some("one"), now);
        let xml = template(Language::Go, Kind::Pipeline);
        let xml = xml.replace("<disabled>true", "<disabled>false");
        world.jenkins().add_item("shop", &xml);
        let image = format!("{}/apps/shop:v1", outside.image_host());
        let source = format!("{}/apps/shop.git", outside.gitlab.base_url());
        let form = [
            ("IMAGE", image.as_str()),
            ("SOURCE_URL", &source),
            ("SOURCE_TAG", "v1"),
            ("SOURCE_COMMIT", &commit),
        ];
        let url = format!(
            "{}/job/shop/buildWithParameters",
            outside.jenkins.base_url()
        );
        let post = reqwest::Client::new().post(url).form(&form);
        let post = post.basic_auth(PORTAL, Some(TOKEN));
        assert_eq!(post.send().await.expect("an answer").status(), 201);

        let mut looks = tokio::time::interval(Duration::from_millis(20));
        let result = tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                looks.tick().await;
                if let Some(result) = world.jenkins().result("shop", 1) {
                    return result;
                }
            }
        });
        assert_eq!(result.await.expect("a result"), "SUCCESS");
        let digest = world
            .registry()
            .digest("apps/shop", "v1")
            .expect("an image");
        let labels = world
            .registry()
            .labels("apps/shop", &digest)
            .expect("labels");
        assert_eq!(labels["org.opencontainers.image.revision"], commit);
        assert!(world.registry().can_pull(&format!("apps/shop:v1@{digest}")));
        world.transcript().check().expect("nothing unexpected");
    }
}
