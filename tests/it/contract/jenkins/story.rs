//! What only a simulated Jenkins can be made to do: fail, restart, hide, and the whole way from a
//! tag to an image.

use std::time::Duration;

use reqwest::Method;
use secrecy::SecretString;
use slipway::integrations::CallError;
use slipway::integrations::jenkins::{BuildResult, Jenkins, JobName, StageStatus, job_xml};
use slipway::integrations::registry::{ImageTag, Registry, Repository};
use slipway_sim::jenkins::{Kind, LocationStyle, PARAMETERS};
use slipway_sim::outside::{Outside, PORTAL, Ports, TEMPLATES, TOKEN};
use slipway_sim::{System, World};
use url::Url;

use super::super::url_setting;
use super::{CONFIG, PASSWORD, Target, USER, fresh, path, simulated};

/// A project with a tag on its head, and a job for it made from a template.
struct Shop {
    world: World,
    target: Target,
    job: JobName,
    commit: String,
    image: String,
    registry: Registry,
    _outside: Outside,
}

impl Shop {
    /// The image goes to a real registry where the environment names one.
    async fn open(language: &str, kind: Kind, message: &str) -> Self {
        let world = World::explicit();
        let outside = Outside::start(&world, Ports::default()).await.unwrap();
        let base = Url::parse(outside.jenkins.base_url()).unwrap();
        let target = Target::new(base, PORTAL, TOKEN, Some(world.clone()));
        let url = Url::parse(outside.registry.base_url()).unwrap();
        let url = url_setting("SLIPWAY_CONTRACT_REGISTRY_URL").unwrap_or(url);
        let now = world.clock().now();
        let commit = {
            let mut gitlab = world.gitlab();
            let shop = gitlab.add_project("apps/shop");
            let commit = gitlab.commit(shop, "main", message, "Li Wei", now).unwrap();
            gitlab.add_tag(shop, "v1", &commit, None, now);
            commit
        };
        world.jenkins().add_templates(TEMPLATES, kind);
        let name = JobName::parse(&format!("{TEMPLATES}/{language}")).unwrap();
        let template = target.client.job_config(&name).await.unwrap().unwrap();
        let xml = job_xml::from_template(&template, "shop").unwrap();
        let job = JobName::parse("portal/shop").unwrap();
        target
            .client
            .ensure_folder(&job.folder().unwrap())
            .await
            .unwrap();
        target.client.create_job_from_xml(&job, &xml).await.unwrap();
        let host = url.host_str().unwrap();
        let port = url.port_or_known_default().unwrap();
        Self {
            image: format!("{host}:{port}/{}:v1", fresh("apps/shop")),
            registry: Registry::new(url, None).unwrap(),
            _outside: outside,
            world,
            target,
            job,
            commit,
        }
    }

    async fn build(&self, release: &str) -> u64 {
        let host = "http://git.example.com/apps/shop.git";
        let values = [
            &self.image,
            release,
            host,
            "v1",
            &self.commit,
            "shop",
            "/srv/shop",
        ];
        let parameters: Vec<_> = PARAMETERS.into_iter().zip(values).collect();
        let client = &self.target.client;
        client.trigger(&self.job, &parameters).await.unwrap();
        self.world.advance(Duration::from_secs(1)).await;
        let found = client
            .find_by_parameter(&self.job, "RELEASE_ID", release)
            .await;
        found.unwrap().builds[0].number
    }

    async fn result(&self, number: u64) -> Option<BuildResult> {
        let build = self.target.client.build(&self.job, number).await.unwrap();
        build.unwrap().finished()
    }

    async fn log(&self, number: u64) -> String {
        self.target
            .client
            .log(&self.job, number, 0)
            .await
            .unwrap()
            .text
    }

    async fn stages(&self, number: u64) -> Vec<(String, StageStatus)> {
        let stages = self.target.client.stages(&self.job, number).await.unwrap();
        let stages = stages.unwrap().into_iter();
        stages.map(|stage| (stage.name, stage.status)).collect()
    }
}

#[tokio::test]
async fn a_build_checks_out_the_tag_and_pushes_an_image() {
    let shop = Shop::open("java", Kind::Pipeline, "Add a cart").await;
    let job = shop.target.client.job(&shop.job).await.unwrap().unwrap();
    assert_eq!(job.parameters, PARAMETERS);
    let number = shop.build("r1").await;
    shop.world.advance(Duration::from_secs(3)).await;
    let package = ("Package".to_owned(), StageStatus::InProgress);
    assert_eq!(shop.stages(number).await.last(), Some(&package));
    assert_eq!(shop.result(number).await, None);
    shop.world.advance(Duration::from_secs(60)).await;
    let log = shop.log(number).await;
    assert_eq!(
        shop.result(number).await,
        Some(BuildResult::Success),
        "{log}"
    );
    assert!(
        log.contains("BUILD SUCCESS") && log.contains("HEAD is now at"),
        "{log}"
    );
    let stages = shop.stages(number).await;
    assert_eq!(stages.len(), 4);
    assert!(
        stages
            .iter()
            .all(|(_, status)| *status == StageStatus::Success)
    );

    let (_, name) = shop.image.split_once('/').unwrap();
    let (name, tag) = name.rsplit_once(':').unwrap();
    let (name, tag) = (
        Repository::parse(name).unwrap(),
        ImageTag::parse(tag).unwrap(),
    );
    let digest = shop.registry.digest(&name, &tag).await.unwrap().unwrap();
    assert!(log.contains(digest.as_str()), "{log}");
    let image = shop.registry.image(&name, &digest).await.unwrap().unwrap();
    assert_eq!(
        image.labels["org.opencontainers.image.revision"],
        shop.commit
    );

    let again = shop.build("r2").await;
    shop.world.advance(Duration::from_secs(60)).await;
    assert_eq!(shop.result(again).await, Some(BuildResult::Success));
    assert_ne!(
        shop.registry.digest(&name, &tag).await.unwrap(),
        Some(digest)
    );
    shop.world.transcript().check().unwrap();
}

#[tokio::test]
async fn a_broken_commit_fails_in_its_own_language() {
    for (language, error) in [
        ("java", "COMPILATION ERROR"),
        ("go", "undefined: discount"),
        ("python", "SyntaxError"),
        ("node", "error TS2304"),
    ] {
        let shop = Shop::open(language, Kind::Freestyle, "Oh no [fail build]").await;
        let number = shop.build("r1").await;
        shop.world.advance(Duration::from_secs(60)).await;
        assert_eq!(shop.result(number).await, Some(BuildResult::Failure));
        let log = shop.log(number).await;
        assert!(log.contains(error), "{log}");
    }
}

#[tokio::test]
async fn a_hand_edit_of_the_made_job_is_seen() {
    let shop = Shop::open("go", Kind::Pipeline, "Begin").await;
    let read = || async {
        shop.target
            .client
            .job_config(&shop.job)
            .await
            .unwrap()
            .unwrap()
    };
    let hand = job_xml::hand(&read().await).unwrap();
    assert!(matches!(hand, job_xml::Hand::Ours(_)), "{hand:?}");
    let edit = |xml: &str| xml.replace("go build", "go build -race");
    shop.world.jenkins().edit_config(shop.job.as_str(), edit);
    let hand = job_xml::hand(&read().await).unwrap();
    assert!(matches!(hand, job_xml::Hand::Edited(_)), "{hand:?}");
}

#[tokio::test]
async fn a_password_fetches_a_crumb_once_and_again_after_a_restart() {
    let (world, _server, target) = simulated().await;
    let secret = SecretString::from(PASSWORD);
    let client = Jenkins::new(target.base.clone(), USER, secret).unwrap();
    let crumbs = || {
        let transcript = world.transcript();
        transcript.count(&System::JENKINS, &Method::GET, "/crumbIssuer/*")
    };
    let one = JobName::parse("one").unwrap();
    client.create_job_from_xml(&one, CONFIG).await.unwrap();
    client.trigger(&one, &[("RELEASE_ID", "r1")]).await.unwrap();
    assert_eq!(crumbs(), 1);
    let now = world.clock().now();
    world.jenkins().restart(now);
    world.advance(Duration::from_secs(60)).await;
    client.trigger(&one, &[("RELEASE_ID", "r2")]).await.unwrap();
    assert_eq!(crumbs(), 2);
    target
        .client
        .trigger(&one, &[("RELEASE_ID", "r3")])
        .await
        .unwrap();
    assert_eq!(crumbs(), 2);
    world.jenkins().csrf = false;
    client.trigger(&one, &[("RELEASE_ID", "r4")]).await.unwrap();
    assert_eq!(crumbs(), 2);
}

#[tokio::test]
async fn a_restart_keeps_the_queue_and_ends_freestyle_builds() {
    let (world, _server, target) = simulated().await;
    let job = target.job().await;
    let number = target.start(&job, "r1").await;
    let before = target.client.identity().await.unwrap();
    let action = path(&job, "buildWithParameters?RELEASE_ID=r2");
    target.send(Method::POST, &action).await;
    let now = world.clock().now();
    world.jenkins().restart(now);
    let error = target.client.identity().await.unwrap_err();
    assert!(matches!(error, CallError::Unavailable { .. }), "{error}");
    world.clock().advance(Duration::from_secs(30));
    let after = target.client.identity().await.unwrap();
    assert_ne!(before.session, after.session);
    let build = target.client.build(&job, number).await.unwrap().unwrap();
    assert_eq!(build.finished(), Some(BuildResult::Aborted));
    let found = target
        .client
        .find_by_parameter(&job, "RELEASE_ID", "r2")
        .await
        .unwrap();
    assert_eq!(found.queued.len(), 1);
}

#[tokio::test]
async fn an_item_is_forgotten_five_minutes_after_it_left() {
    let (world, _server, target) = simulated().await;
    let job = target.job().await;
    let triggered = target
        .client
        .trigger(&job, &[("RELEASE_ID", "r1")])
        .await
        .unwrap();
    let id = triggered.queue_id.unwrap();
    world.advance(Duration::from_secs(290)).await;
    assert!(target.client.queue_item(id).await.unwrap().is_some());
    world.advance(Duration::from_secs(20)).await;
    assert_eq!(target.client.queue_item(id).await.unwrap(), None);
    let found = target
        .client
        .find_by_parameter(&job, "RELEASE_ID", "r1")
        .await
        .unwrap();
    assert_eq!(found.builds.len(), 1);
}

#[tokio::test]
async fn a_location_with_another_host_or_none_is_no_trouble() {
    let (world, _server, target) = simulated().await;
    let job = target.job().await;
    let elsewhere = "http://inside.example:8080/jenkins".to_owned();
    world.jenkins().location = LocationStyle::Fixed(elsewhere);
    let triggered = target
        .client
        .trigger(&job, &[("RELEASE_ID", "r1")])
        .await
        .unwrap();
    assert!(triggered.queue_id.is_some());
    world.jenkins().location = LocationStyle::Absent;
    let triggered = target
        .client
        .trigger(&job, &[("RELEASE_ID", "r2")])
        .await
        .unwrap();
    assert_eq!(triggered.queue_id, None);
    let found = target
        .client
        .find_by_parameter(&job, "RELEASE_ID", "r2")
        .await
        .unwrap();
    assert_eq!(found.queued.len(), 1);
}

/// Why a job's configuration is never written while it builds.
#[tokio::test]
async fn a_configuration_written_during_a_build_disowns_it() {
    let shop = Shop::open("node", Kind::Freestyle, "Begin").await;
    let number = shop.build("r1").await;
    let client = &shop.target.client;
    let xml = client.job_config(&shop.job).await.unwrap().unwrap();
    client.update_config(&shop.job, &xml).await.unwrap();
    assert_eq!(shop.result(number).await, Some(BuildResult::Failure));
    client.stop(&shop.job, number).await.unwrap();
    shop.world.advance(Duration::from_secs(60)).await;
    assert!(shop.log(number).await.contains("digest: sha256:"));
    assert_eq!(shop.result(number).await, Some(BuildResult::Failure));
    let now = shop.world.clock().now();
    shop.world.jenkins().restart(now);
    shop.world.advance(Duration::from_secs(60)).await;
    assert_eq!(shop.result(number).await, Some(BuildResult::Success));
}

/// Where jobs fetch from: a freestyle job says it, a pipeline's last build tells it.
#[tokio::test]
async fn jobs_tell_their_repositories() {
    let (world, _server, target) = simulated().await;
    let scm = |path: &str| {
        format!(
            "<scm class=\"hudson.plugins.git.GitSCM\"><userRemoteConfigs>\
             <hudson.plugins.git.UserRemoteConfig><url>https://git.example/{path}.git</url>\
             </hudson.plugins.git.UserRemoteConfig></userRemoteConfigs></scm>"
        )
    };
    let freestyle = CONFIG.replace("<builders>", &format!("{}<builders>", scm("apps/pay")));
    let definition = format!("<definition>{}</definition><builders>", scm("apps/till"));
    let pipeline = CONFIG.replace("<builders>", &definition);
    let pipeline = pipeline.replace("project>", "flow-definition>");
    let names = ["pay", "till"].map(|name| target.folder.child(name).unwrap());
    for (name, xml) in names.iter().zip([freestyle, pipeline]) {
        assert!(world.jenkins().add_item(name.as_str(), &xml));
    }
    let sources = || async {
        let found = target.client.jobs_in(&target.folder).await.unwrap();
        found.into_iter().map(|job| job.sources).collect::<Vec<_>>()
    };
    let pay = vec!["https://git.example/apps/pay.git".to_owned()];
    assert_eq!(sources().await, [pay.clone(), Vec::new()]);
    target.start(&names[1], "r").await;
    let till = vec!["https://git.example/apps/till.git".to_owned()];
    assert_eq!(sources().await, [pay, till]);
    world.transcript().check().unwrap();
}
