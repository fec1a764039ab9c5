//! Jenkins' remote API: items, the queue, builds, logs.

mod builds;
mod items;
mod story;

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response};
use slipway::integrations::jenkins::{Jenkins, JobName};
use slipway_sim::World;
use url::Url;

use super::{Behaviour, fresh, hold, raw, setting, unconfirmed, url_setting};

const USER: &str = "portal";
const PASSWORD: &str = "password";
const TOKEN: &str = "api-token";

/// How many seconds a behaviour may take, on whichever clock.
const PATIENCE: u32 = 120;

/// A job that takes a while and declares two parameters.
const CONFIG: &str = "<?xml version='1.1' encoding='UTF-8'?>
<project>
  <description>plain</description>
  <properties>
    <hudson.model.ParametersDefinitionProperty>
      <parameterDefinitions>
        <hudson.model.StringParameterDefinition>
          <name>RELEASE_ID</name><defaultValue>none</defaultValue>
        </hudson.model.StringParameterDefinition>
        <hudson.model.StringParameterDefinition>
          <name>SERVICE</name><defaultValue>shop</defaultValue>
        </hudson.model.StringParameterDefinition>
      </parameterDefinitions>
    </hudson.model.ParametersDefinitionProperty>
  </properties>
  <disabled>false</disabled>
  <builders>
    <hudson.tasks.Shell><command>echo begin; sleep 20</command></hudson.tasks.Shell>
  </builders>
  <publishers/>
  <buildWrappers/>
</project>";

struct Target {
    base: Url,
    raw: Client,
    user: String,
    secret: String,
    client: Jenkins,
    /// Whose time is moved; a real system's passes by itself.
    world: Option<World>,
    folder: JobName,
}

impl Target {
    fn new(base: Url, user: &str, secret: &str, world: Option<World>) -> Self {
        Self {
            client: Jenkins::new(base.clone(), user, secret.to_owned().into()).unwrap(),
            raw: raw(),
            base,
            user: user.to_owned(),
            secret: secret.to_owned(),
            world,
            folder: JobName::parse(&fresh("slipway-contract")).unwrap(),
        }
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.raw.request(method, self.base.join(path).unwrap());
        request.basic_auth(&self.user, Some(&self.secret))
    }

    async fn send(&self, method: Method, path: &str) -> Response {
        self.ask(method, path).send().await.unwrap()
    }

    async fn create(&self, path: &str, xml: &str) -> Response {
        let request = self.ask(Method::POST, path);
        let request = request.header("content-type", "application/xml");
        request.body(xml.to_owned()).send().await.unwrap()
    }

    /// A job of its own for one behaviour.
    async fn job(&self) -> JobName {
        self.client.ensure_folder(&self.folder).await.unwrap();
        let name = self.folder.child(&fresh("job")).unwrap();
        self.client
            .create_job_from_xml(&name, CONFIG)
            .await
            .unwrap();
        name
    }

    /// Lets a second pass.
    #[expect(
        clippy::disallowed_methods,
        reason = "a real system's time cannot be moved"
    )]
    async fn second(&self) {
        let second = Duration::from_secs(1);
        match &self.world {
            Some(world) => world.advance(second).await,
            None => tokio::time::sleep(second).await,
        }
    }

    /// Starts a build of `job` and waits until it has a number.
    async fn start(&self, job: &JobName, release: &str) -> u64 {
        self.client
            .trigger(job, &[("RELEASE_ID", release)])
            .await
            .unwrap();
        for _ in 0..PATIENCE {
            let found = self
                .client
                .find_by_parameter(job, "RELEASE_ID", release)
                .await;
            if let Some(build) = found.unwrap().builds.first() {
                return build.number;
            }
            self.second().await;
        }
        panic!("no build of {job} began");
    }
}

/// The address of a job's action, below the base.
fn path(job: &JobName, action: &str) -> String {
    let names = job.as_str().split('/').map(|name| format!("job/{name}/"));
    names.collect::<String>() + action
}

fn behaviours(target: &Target) -> Vec<Behaviour<'_>> {
    let mut all = items::behaviours(target);
    all.extend(builds::behaviours(target));
    all
}

async fn simulated() -> (World, slipway_sim::Server, Target) {
    let world = World::explicit();
    world.jenkins().add_user(USER, PASSWORD, TOKEN);
    let server = slipway_sim::jenkins::serve(&world, 0).await.unwrap();
    let base = Url::parse(server.base_url()).unwrap();
    let target = Target::new(base, USER, TOKEN, Some(world.clone()));
    (world, server, target)
}

#[tokio::test]
async fn the_simulator_holds_the_contract() {
    let (world, _server, target) = simulated().await;
    hold(behaviours(&target)).await;
    world.transcript().check().unwrap();
}

/// The account needs the rights to make and delete items at the top, and the folder plugin.
#[tokio::test]
async fn a_real_jenkins_holds_the_contract() {
    let user = setting("SLIPWAY_CONTRACT_JENKINS_USER");
    let token = setting("SLIPWAY_CONTRACT_JENKINS_TOKEN");
    match (url_setting("SLIPWAY_CONTRACT_JENKINS_URL"), user, token) {
        (Some(base), Some(user), Some(token)) => {
            let target = Target::new(base, &user, &token, None);
            hold(behaviours(&target)).await;
            let folder = path(&target.folder, "doDelete");
            target.send(Method::POST, &folder).await;
        }
        _ => {
            let nowhere = Url::parse("http://127.0.0.1:9").unwrap();
            let nobody = Target::new(nowhere, "", "", None);
            unconfirmed("jenkins", &behaviours(&nobody));
        }
    }
}
