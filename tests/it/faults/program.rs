//! The real program as a child, and people who use it whether it is there or not.

use std::process::Stdio;
use std::time::Duration;

use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use slipway::identity::PlatformRole;
use slipway_sim::kubernetes::{self, Api};
use slipway_sim::outside::{Outside, Ports};
use slipway_sim::{System, World};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::{interval, timeout};

use crate::support::company::{onboarding, parameters, register};
use crate::support::database::Database;
use crate::support::portal::{PASSWORD, random_key};
use crate::support::{Browser, Portal};

const LISTEN: &str = "SLIPWAY_LISTEN";
const LOOK: Duration = Duration::from_millis(100);
const START_LIMIT: Duration = Duration::from_secs(30);
/// However often it is harmed, a mile ends within this.
pub const MILE_LIMIT: Duration = Duration::from_secs(180);

/// How far a mile is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Containers,
    Build,
    Production,
}

/// Everything that a mile by the real program needs.
pub struct Stage {
    pub portal: Portal,
    pub world: World,
    pub outside: Outside,
    pub program: Program,
    pub crew: Crew,
    _clusters: [Api; 2],
}

impl Stage {
    pub async fn set() -> Self {
        Self::over(Database::new().await).await
    }

    pub async fn over(database: Database) -> Self {
        // Only makes the accounts: nobody works here, and nobody asks it anything.
        let portal = Portal::over(database, &[]).await;
        portal.account("admin", &[PlatformRole::Admin]).await;
        portal.account("zhao", &[PlatformRole::Ops]).await;
        for name in ["lin", "chen"] {
            portal.account(name, &[]).await;
        }
        let (world, outside, clusters) = outside().await;
        let program = Program::start(portal.db.app_url.expose_secret()).await;
        let url = program.url();
        let mut admin = signed_in(&url, "admin").await;
        let [test, prod] = &clusters;
        register(&mut admin, &outside, [test, prod]).await;
        let crew = Crew {
            ops: signed_in(&url, "zhao").await,
            developer: signed_in(&url, "lin").await,
            tester: signed_in(&url, "chen").await,
        };
        Self {
            portal,
            world,
            outside,
            program,
            crew,
            _clusters: clusters,
        }
    }
}

/// The program as a child, always at the same port.
pub struct Program {
    child: Child,
    port: u16,
    settings: Vec<(&'static str, String)>,
}

impl Program {
    pub async fn start(database: &str) -> Self {
        let settings = vec![
            ("SLIPWAY_DATABASE_URL", database.to_owned()),
            ("SLIPWAY_SECRET_KEYS", random_key()),
            ("SLIPWAY_LOG", "error".to_owned()),
            ("SLIPWAY_LEASE_SECONDS", "2".to_owned()),
            ("SLIPWAY_STEP_LIMIT_SECONDS", "1.5".to_owned()),
            ("SLIPWAY_LOOK_UP_GAP_SECONDS", "0.5".to_owned()),
            ("SLIPWAY_POLL_SECONDS", "0.2".to_owned()),
            ("SLIPWAY_WATCH_SECONDS", "0.2".to_owned()),
        ];
        Self::with(settings).await
    }

    /// Another one over the same database.
    pub async fn beside(&self) -> Self {
        let mut settings = self.settings.clone();
        settings.retain(|(name, _)| *name != LISTEN);
        Self::with(settings).await
    }

    async fn with(mut settings: Vec<(&'static str, String)>) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        settings.push((LISTEN, format!("127.0.0.1:{port}")));
        let child = spawn(&settings);
        let program = Self {
            child,
            port,
            settings,
        };
        program.is_up().await;
        program
    }

    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub async fn is_up(&self) {
        let mut browser = Browser::new(&self.url());
        let up = async {
            let mut looks = interval(Duration::from_millis(20));
            while browser
                .try_get("/readyz")
                .await
                .is_none_or(|a| a.status != 200)
            {
                looks.tick().await;
            }
        };
        timeout(START_LIMIT, up)
            .await
            .expect("the portal does not come up");
    }

    /// Lets it live for so long, then ends it without a word, and starts the next.
    pub async fn kill_after(&mut self, life: Duration) {
        let ended = timeout(life, self.child.wait()).await;
        assert!(ended.is_err(), "the portal ended by itself: {ended:?}");
        self.end().await;
        self.begin().await;
    }

    pub async fn end(&mut self) {
        self.child.kill().await.unwrap();
    }

    pub async fn begin(&mut self) {
        self.child = spawn(&self.settings);
        self.is_up().await;
    }
}

fn spawn(settings: &[(&'static str, String)]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_slipway"))
        .arg("serve")
        .env_clear()
        .envs(settings.iter().map(|(name, value)| (*name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// People who try again when nobody answers, and look before they do a thing twice.
pub struct Crew {
    pub ops: Browser,
    pub developer: Browser,
    pub tester: Browser,
}

impl Crew {
    /// Looks how far the mile is and does the next thing, if there is one to do: `Some(true)`
    /// when it is over, `None` when the portal was away.
    async fn go_on(&mut self, phase: &watch::Sender<Phase>) -> Option<bool> {
        let project = self.get("/projects/pay").await?;
        if project["key"] != "pay" {
            self.approved("onboarding", None, "/projects", &onboarding("pay"))
                .await?;
            return Some(false);
        }
        let workloads = self.get("/projects/pay/workloads").await?;
        for environment in ["test", "prod"] {
            let items = workloads["items"].as_array()?;
            let place = items.iter().find(|w| w["environment"] == environment);
            if place.is_none_or(|w| w["prepared_at"].is_null()) {
                let body = json!({ "kind": "containers", "project": "pay", "note": "",
                    "environment": environment, "parameters": { "parameters": with_a_command() } });
                self.approved("containers", Some(environment), "/requests", &body)
                    .await?;
                return Some(false);
            }
        }
        phase.send_replace(Phase::Build);
        let releases = self.get("/projects/pay/releases").await?;
        let Some(release) = releases["items"].get(0) else {
            let body = json!({ "ref": "main", "note": "" });
            self.developer
                .try_api(Method::POST, "/projects/pay/releases", &body)
                .await?;
            return Some(false);
        };
        self.release(release, phase).await
    }

    async fn get(&mut self, path: &str) -> Option<Value> {
        let answer = self
            .developer
            .try_api(Method::GET, path, &Value::Null)
            .await?;
        Some(answer.json())
    }

    /// Files a request, unless it is there, and has it approved, unless it is.
    async fn approved(
        &mut self,
        kind: &str,
        environment: Option<&str>,
        path: &str,
        body: &Value,
    ) -> Option<()> {
        let filed = self.get("/requests?for=mine").await?;
        let is_it = |r: &&Value| r["kind"] == kind && r["environment"].as_str() == environment;
        match filed["items"].as_array()?.iter().find(is_it) {
            None => self
                .developer
                .try_api(Method::POST, path, body)
                .await
                .map(drop),
            Some(request) if request["state"] == "open" => self.approve(request).await,
            Some(_) => Some(()),
        }
    }

    async fn approve(&mut self, request: &Value) -> Option<()> {
        let path = format!("/requests/{}/decisions", request["number"]);
        let yes = json!({ "verdict": "approve", "hash": request["hash"] });
        self.ops.try_api(Method::POST, &path, &yes).await.map(drop)
    }

    /// Has the project off-boarded, and comes back when it is.
    pub async fn leave(&mut self) {
        let mut looks = interval(LOOK);
        while self.is_leaving().await != Some(false) {
            looks.tick().await;
        }
    }

    async fn is_leaving(&mut self) -> Option<bool> {
        let body = json!({ "kind": "offboarding", "project": "pay", "note": "Replaced",
            "parameters": { "key": "pay" } });
        self.approved("offboarding", None, "/requests", &body)
            .await?;
        let filed = self.get("/requests?for=mine").await?;
        let filed = filed["items"].as_array()?.clone();
        let mine = filed.iter().find(|r| r["kind"] == "offboarding")?;
        assert_ne!(mine["state"], "failed", "{mine}");
        Some(mine["state"] != "done")
    }

    async fn release(&mut self, release: &Value, phase: &watch::Sender<Phase>) -> Option<bool> {
        let path = format!("/releases/{}", release["id"].as_str()?);
        match release["state"].as_str()? {
            "awaiting_confirmation" => {
                phase.send_replace(Phase::Production);
                let body = json!({ "digest": release["artifact"]["digest"] });
                let path = format!("{path}/confirmation");
                self.tester.try_api(Method::POST, &path, &body).await?;
            }
            "confirmed" => {
                let path = format!("{path}/deployments");
                let body = json!({ "environment": "prod" });
                self.developer.try_api(Method::POST, &path, &body).await?;
            }
            "awaiting_approval" => {
                let number = self.get(&path).await?["request"].clone();
                let request = self.get(&format!("/requests/{number}")).await?;
                self.approve(&request).await?;
            }
            "failed" => panic!("{release}"),
            state => return Some(state == "released"),
        }
        Some(false)
    }
}

pub async fn walk(crew: &mut Crew, phase: watch::Sender<Phase>) {
    let mut looks = interval(LOOK);
    while crew.go_on(&phase).await != Some(true) {
        looks.tick().await;
    }
    phase.send_replace(Phase::Production);
}

/// Outside systems in real time, at a pace that leaves a kill something to hit.
pub async fn outside() -> (World, Outside, [Api; 2]) {
    let world = World::auto();
    let outside = Outside::start(&world, Ports::default()).await.unwrap();
    {
        let pace = &mut world.jenkins().pace;
        pace.quiet = Duration::from_millis(100);
        for phase in [
            &mut pace.check_out,
            &mut pace.package,
            &mut pace.image,
            &mut pace.push,
        ] {
            *phase = Duration::from_millis(300);
        }
    }
    let test = kubernetes::serve(&world, "sh-test", 0).await.unwrap();
    let prod = kubernetes::serve(&world, "sh-prod", 0).await.unwrap();
    for name in ["sh-test", "sh-prod"] {
        let mut kubernetes = world.kubernetes();
        let settings = &mut kubernetes.cluster(name).unwrap().settings;
        settings.ready_after = Duration::from_millis(500);
        settings.gone_after = Duration::from_millis(200);
    }
    outside.add_project(&world, "apps/pay");
    (world, outside, [test, prod])
}

pub async fn signed_in(url: &str, name: &str) -> Browser {
    let mut browser = Browser::new(url);
    let body = json!({ "user": name, "password": PASSWORD });
    let answer = browser.api(Method::POST, "/session", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    browser
}

pub async fn count(portal: &Portal, sql: &'static str) -> i64 {
    let query = sqlx::query_scalar(sql);
    query.fetch_one(&portal.db.owner).await.unwrap()
}

/// What is under way when the release is done ends too.
pub async fn comes_to_rest(portal: &Portal) {
    let mut looks = interval(LOOK);
    let sql = "SELECT (SELECT count(*) FROM run WHERE state = 'active')
        + (SELECT count(*) FROM deployment WHERE ended_at IS NULL)";
    while count(portal, sql).await > 0 {
        looks.tick().await;
    }
}

/// Of what was made for the project nothing is left in the world.
pub fn shows_nothing(stage: &Stage) {
    stage.world.transcript().check().unwrap();
    for (name, namespace) in [("sh-test", "pay-test"), ("sh-prod", "pay-prod")] {
        let mut kubernetes = stage.world.kubernetes();
        let cluster = kubernetes.cluster(name).unwrap();
        assert!(cluster.object("Namespace", "", namespace).is_none());
        assert!(cluster.object("Deployment", namespace, "pay").is_none());
    }
    assert!(stage.world.jenkins().config("slipway/pay").is_none());
    assert_eq!(hooks(&stage.world, &stage.outside), 0, "webhooks");
}

/// The webhooks of the project in GitLab.
fn hooks(world: &World, outside: &Outside) -> usize {
    let url = format!("{}/apps/pay.git", outside.gitlab.base_url());
    let gitlab = world.gitlab();
    let project = gitlab.project_by_url(&url).map(|p| p.id);
    project.map_or(0, |id| gitlab.hooks(id).len())
}

pub async fn shows_one_of_everything(stage: &mut Stage) {
    let Stage {
        portal,
        world,
        outside,
        crew,
        ..
    } = stage;
    world.transcript().check().unwrap();
    let releases = crew.get("/projects/pay/releases").await.unwrap();
    let releases = releases["items"].as_array().unwrap();
    assert_eq!(releases.len(), 1);
    let digest = releases[0]["artifact"]["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    let tag = releases[0]["tag"].as_str().unwrap();
    let pushed = world.registry().digest("apps/pay", tag);
    assert_eq!(pushed.as_deref(), Some(digest.as_str()));
    for (name, namespace) in [("sh-test", "pay-test"), ("sh-prod", "pay-prod")] {
        let mut kubernetes = world.kubernetes();
        let cluster = kubernetes.cluster(name).unwrap();
        let found = cluster.object("Deployment", namespace, "pay").unwrap();
        let image = &found["spec"]["template"]["spec"]["containers"][0]["image"];
        assert!(
            image.as_str().unwrap().ends_with(&digest),
            "{name}: {image}"
        );
        assert_eq!(found["status"]["availableReplicas"], 2, "{name}");
        for kind in ["Namespace", "Service", "HorizontalPodAutoscaler"] {
            let (place, named) = match kind {
                "Namespace" => ("", namespace),
                _ => (namespace, "pay"),
            };
            assert!(
                cluster.object(kind, place, named).is_some(),
                "{name}: {kind}"
            );
        }
    }
    let repository = format!("{}/apps/pay.git", outside.gitlab.base_url());
    let tags = {
        let gitlab = world.gitlab();
        gitlab
            .project_by_url(&repository)
            .map(|p| p.tag_names().len())
    };
    assert_eq!(tags, Some(1));
    let made = world.transcript();
    let made = made.find(&System::JENKINS, &Method::POST, "*/createItem?name=pay*");
    let made = made.iter().filter(|e| e.status.is_some_and(|s| s < 300));
    assert_eq!(made.count(), 1, "one job");
    assert_eq!(hooks(world, outside), 1, "webhooks");
    let members = "SELECT count(*) FROM membership m JOIN project p ON p.id = m.project_id
        WHERE p.key = 'pay'";
    assert_eq!(count(portal, members).await, 2, "an owner and a tester");
    let adopted = "SELECT count(*) FROM build WHERE number IS NOT NULL AND result = 'SUCCESS'";
    assert_eq!(count(portal, adopted).await, 1);
    assert_eq!(count(portal, "SELECT count(*) FROM build").await, 1);
    let deployments = "SELECT count(*) FROM deployment";
    assert_eq!(count(portal, deployments).await, 2);
    let succeeded = "SELECT count(DISTINCT w.cluster_id) FROM deployment d
        JOIN workload w ON w.id = d.workload_id WHERE d.state = 'succeeded'";
    assert_eq!(count(portal, succeeded).await, 2);
}

/// The mile's places run a command before each new image, so that its step is on the way too.
fn with_a_command() -> Value {
    let mut parameters = parameters();
    parameters["before_deploy"] = json!({ "kind": "exec", "command": ["migrate", "up"] });
    parameters
}
