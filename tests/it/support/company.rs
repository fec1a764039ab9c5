//! A company with its outside systems simulated on an explicit clock: nothing moves but by
//! [`Company::settle`], so that a whole mile is the same every time.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use slipway::app;
use slipway::identity::PlatformRole;
use slipway::jobs::{self, Engine, NoFaults, Probe};
use slipway_sim::gitlab::Hook;
use slipway_sim::kubernetes::{self, Api};
use slipway_sim::outside::{Outside, PORTAL, Ports, TOKEN};
use slipway_sim::{System, World};

use super::{Browser, Portal};

/// A mile takes some dozens of rounds; more is a loop.
const MAX_ROUNDS: usize = 1000;

pub struct Company {
    pub portal: Portal,
    pub world: World,
    pub outside: Outside,
    pub test: Api,
    pub prod: Api,
    pub engine: Arc<Engine>,
    pub admin: Browser,
    pub ops: Browser,
    pub developer: Browser,
    pub tester: Browser,
    offset: Duration,
}

impl Company {
    pub async fn start() -> Self {
        Self::with_probe(Arc::new(NoFaults)).await
    }

    pub async fn with_probe(probe: Arc<dyn Probe>) -> Self {
        Self::with(Portal::start().await, probe).await
    }

    /// Over a portal with settings of its own.
    pub async fn start_over(portal: Portal) -> Self {
        Self::with(portal, Arc::new(NoFaults)).await
    }

    async fn with(portal: Portal, probe: Arc<dyn Probe>) -> Self {
        let world = World::explicit();
        let outside = Outside::start(&world, Ports::default()).await.unwrap();
        let test = kubernetes::serve(&world, "sh-test", 0).await.unwrap();
        let prod = kubernetes::serve(&world, "sh-prod", 0).await.unwrap();
        portal.account("admin", &[PlatformRole::Admin]).await;
        for name in ["zhao", "sun"] {
            portal.account(name, &[PlatformRole::Ops]).await;
        }
        for name in ["lin", "chen", "stranger"] {
            portal.account(name, &[]).await;
        }
        let settings = portal.app.settings.engine.clone();
        let steps = app::steps(&portal.app);
        let engine = Engine::with_probe(portal.app.db.clone(), settings, steps, probe);
        let engine = engine.with_couriers(app::couriers(&portal.app));
        let mut admin = portal.signed_in("admin").await;
        register(&mut admin, &outside, [&test, &prod]).await;
        Self {
            admin,
            ops: portal.signed_in("zhao").await,
            developer: portal.signed_in("lin").await,
            tester: portal.signed_in("chen").await,
            engine: Arc::new(engine),
            portal,
            world,
            outside,
            test,
            prod,
            offset: Duration::ZERO,
        }
    }

    /// Works until nothing is planned any more: whenever nothing is due, both clocks move on to
    /// the next thing that is.
    pub async fn settle(&mut self) {
        for _ in 0..MAX_ROUNDS {
            if self.engine.tick().await.unwrap() > 0 {
                continue;
            }
            let Some(pause) = self.engine.next_due().await.unwrap() else {
                return;
            };
            self.advance(pause + Duration::from_millis(10)).await;
        }
        panic!("the engine does not come to rest: {}", self.runs().await);
    }

    /// Works for so long, and no longer: for what never comes to rest by itself.
    pub async fn run_for(&mut self, how_long: Duration) {
        let end = self.offset + how_long;
        for _ in 0..MAX_ROUNDS {
            if self.engine.tick().await.unwrap() > 0 {
                continue;
            }
            let planned = self.engine.next_due().await.unwrap();
            let left = end.saturating_sub(self.offset);
            if left.is_zero() {
                return;
            }
            let pause = planned.map_or(left, |p| (p + Duration::from_millis(10)).min(left));
            self.advance(pause).await;
        }
        panic!("the engine does not come to rest: {}", self.runs().await);
    }

    /// Works until a release's story is so, and no further.
    pub async fn settle_until(&mut self, id: &str, so: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..MAX_ROUNDS {
            let story = self.release(id).await;
            if so(&story) {
                return story;
            }
            if self.engine.tick().await.unwrap() == 0 {
                let pause = self.engine.next_due().await.unwrap();
                let pause = pause.unwrap_or_else(|| panic!("it never comes to that: {story:#}"));
                self.advance(pause + Duration::from_millis(10)).await;
            }
        }
        panic!("it does not come to that: {}", self.runs().await);
    }

    /// Works until a step is in trouble, and gives its last error.
    pub async fn run_until_trouble(&mut self) -> Value {
        for _ in 0..MAX_ROUNDS {
            let worked = self.engine.tick().await.unwrap();
            if let Some(error) = self.trouble().await {
                return error;
            }
            if worked == 0 {
                let pause = self.engine.next_due().await.unwrap();
                let pause = pause.expect("nothing is planned, and nothing went wrong");
                self.advance(pause + Duration::from_millis(10)).await;
            }
        }
        panic!("nothing goes wrong: {}", self.runs().await);
    }

    async fn trouble(&mut self) -> Option<Value> {
        let runs = self.ops.api_get("/runs").await.json();
        let runs = runs["items"].as_array()?.clone();
        let steps = runs.iter().filter_map(|r| r["steps"].as_array()).flatten();
        let mut unfinished = steps.filter(|s| s["ended_at"].is_null());
        unfinished.find_map(|s| s["last_error"].is_object().then(|| s["last_error"].clone()))
    }

    /// How many builds count.
    pub async fn adopted_builds(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM build WHERE number IS NOT NULL")
            .fetch_one(&self.portal.db.owner)
            .await
            .unwrap()
    }

    pub async fn advance(&mut self, by: Duration) {
        self.offset += by;
        self.portal
            .db
            .set_clock_offset(self.offset.as_secs_f64())
            .await;
        self.world.advance(by).await;
    }

    /// What comes round within the next twenty seconds.
    pub async fn run_timers(&mut self) {
        self.advance(Duration::from_secs(20)).await;
        let timers = app::timers(&self.portal.app);
        let due = jobs::run_due(&self.portal.app.db, &timers).await;
        due.expect("timers");
    }

    /// The durable runs, for a failing test's text.
    pub async fn runs(&mut self) -> String {
        let answer = self.ops.api(Method::GET, "/runs", &json!(null)).await;
        serde_json::to_string_pretty(&answer.json()).unwrap()
    }

    /// A project that was asked for, approved and bound to its repository.
    pub async fn project(&mut self, key: &str) {
        self.outside
            .add_project(&self.world, &format!("apps/{key}"));
        let answer = self
            .ops
            .api(Method::POST, "/projects", &onboarding(key))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        // Operations asked, so somebody else of operations decides.
        let number = answer.json()["request"].as_i64().unwrap();
        let mut other = self.portal.signed_in("sun").await;
        approve(&mut other, number).await;
        self.settle().await;
    }

    /// Containers in an environment, asked for and approved.
    pub async fn containers(&mut self, project: &str, environment: &str) {
        self.containers_with(project, environment, &json!({})).await;
    }

    /// Containers with parameters that are changed by a merge patch.
    pub async fn containers_with(&mut self, project: &str, environment: &str, changes: &Value) {
        let mut parameters = parameters();
        json_patch::merge(&mut parameters, changes);
        let body = json!({ "kind": "containers", "project": project,
            "environment": environment, "parameters": { "parameters": parameters },
            "note": "as small as it gets" });
        let answer = self.developer.api(Method::POST, "/requests", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let number = answer.json()["number"].as_i64().unwrap();
        approve(&mut self.ops, number).await;
        self.settle().await;
        let path = format!("/requests/{number}");
        let request = self.developer.api(Method::GET, &path, &json!(null)).await;
        assert_eq!(request.json()["state"], "done", "{}", self.runs().await);
    }

    /// A project with places in test and production.
    pub async fn project_with_places(&mut self, key: &str) {
        self.project(key).await;
        self.containers(key, "test").await;
        self.containers(key, "prod").await;
    }

    /// A commit on the main branch.
    pub fn commit(&self, key: &str, message: &str) -> String {
        let now = self.world.clock().now();
        let mut gitlab = self.world.gitlab();
        let url = format!("{}/apps/{key}.git", self.outside.gitlab.base_url());
        let project = gitlab.project_by_url(&url).unwrap().id;
        gitlab.commit(project, "main", message, "Lin", now).unwrap()
    }

    pub async fn open(&mut self, key: &str) -> String {
        let body = json!({ "ref": "main", "note": "Retry captures" });
        let path = format!("/projects/{key}/releases");
        let answer = self.developer.api(Method::POST, &path, &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub async fn release(&mut self, id: &str) -> Value {
        let path = format!("/releases/{id}");
        self.developer
            .api(Method::GET, &path, &json!(null))
            .await
            .json()
    }

    pub async fn confirm(&mut self, id: &str) {
        let digest = self.release(id).await["artifact"]["digest"].clone();
        let body = json!({ "digest": digest, "note": "captured and refunded" });
        let path = format!("/releases/{id}/confirmation");
        let answer = self.tester.api(Method::POST, &path, &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }

    /// Pressed, approved, rolled out.
    pub async fn send_to_production(&mut self, id: &str) {
        let body = json!({ "environment": "prod" });
        let path = format!("/releases/{id}/deployments");
        let answer = self.developer.api(Method::POST, &path, &body).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        let number = answer.json()["request"].as_i64().unwrap();
        approve(&mut self.ops, number).await;
        self.settle().await;
    }

    /// What a cluster says that its Deployment is.
    pub fn deployment(&self, cluster: &str, namespace: &str, name: &str) -> Value {
        let mut kubernetes = self.world.kubernetes();
        let cluster = kubernetes.cluster(cluster).unwrap();
        cluster
            .object("Deployment", namespace, name)
            .cloned()
            .unwrap_or_default()
    }

    /// The image that a cluster runs.
    pub fn image(&self, cluster: &str, namespace: &str, name: &str) -> String {
        let deployment = self.deployment(cluster, namespace, name);
        let image = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
        image.as_str().unwrap_or_default().to_owned()
    }

    /// Somebody changes an image past the portal, as with `kubectl set image`, and it rolls out.
    pub async fn set_image_by_hand(&mut self, place: (&str, &str, &str), image: &str) {
        let containers = json!([{ "name": place.2, "image": image }]);
        let spec = json!({ "template": { "spec": { "containers": containers } } });
        self.patch_by_hand(place, spec).await;
    }

    /// Somebody runs something where the portal has run nothing yet.
    pub async fn run_by_hand(&mut self, place: (&str, &str, &str), image: &str, replicas: i32) {
        let containers = json!([{ "name": place.2, "image": image }]);
        let template = json!({ "spec": { "containers": containers } });
        let spec = json!({ "replicas": replicas, "template": template });
        self.patch_by_hand(place, spec).await;
        // Its containers have begun by now, and take their time to be ready.
        self.advance(Duration::from_secs(60)).await;
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "somebody's own client, not the product's"
    )]
    async fn patch_by_hand(&mut self, (cluster, namespace, name): (&str, &str, &str), spec: Value) {
        let api = match cluster {
            "sh-test" => &self.test,
            _ => &self.prod,
        };
        let base = api.server.base_url();
        let url = format!(
            "{base}/apis/apps/v1/namespaces/{namespace}/deployments/{name}\
             ?fieldManager=kubectl-set"
        );
        let patch = json!({ "spec": spec });
        let request = reqwest::Client::new()
            .patch(url)
            .bearer_auth(format!("simulated-{cluster}-admin"))
            .header("content-type", "application/strategic-merge-patch+json")
            .body(patch.to_string());
        let answer = request.send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{}", answer.text().await.unwrap());
        self.advance(Duration::from_secs(60)).await;
    }

    /// Ends a test: no run unfinished, no message unsent, no call that a simulator did not know.
    pub async fn check(&self) {
        self.world.transcript().check().unwrap();
        // What was told last goes to its ways; that nobody can be told is not this test's matter.
        jobs::deliver_due(&self.portal.app.db, &app::couriers(&self.portal.app))
            .await
            .unwrap();
        let left: i64 = sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM run WHERE state = 'active')
                + (SELECT count(*) FROM outbox WHERE sent_at IS NULL)
                + (SELECT count(*) FROM deployment WHERE ended_at IS NULL)",
        )
        .fetch_one(&self.portal.db.owner)
        .await
        .unwrap();
        assert_eq!(left, 0, "work is left");
    }

    /// How many tags a repository has.
    pub fn tags(&self, key: &str) -> usize {
        let url = format!("{}/apps/{key}.git", self.outside.gitlab.base_url());
        let gitlab = self.world.gitlab();
        gitlab
            .project_by_url(&url)
            .map_or(0, |p| p.tag_names().len())
    }

    /// The webhooks of a project in GitLab.
    pub fn hooks(&self, key: &str) -> Vec<Hook> {
        let url = format!("{}/apps/{key}.git", self.outside.gitlab.base_url());
        let gitlab = self.world.gitlab();
        let project = gitlab.project_by_url(&url).map(|p| p.id);
        project.map(|id| gitlab.hooks(id)).unwrap_or_default()
    }

    /// POSTs that made something, by the transcript.
    pub fn created(&self, system: &str, pattern: &str) -> usize {
        let system = System::named(system);
        let calls = self
            .world
            .transcript()
            .find(&system, &Method::POST, pattern);
        calls
            .iter()
            .filter(|c| c.status.is_some_and(|s| s < 300))
            .count()
    }
}

/// What an administrator registers before the first project.
pub async fn register(admin: &mut Browser, outside: &Outside, [test, prod]: [&Api; 2]) {
    let gitlab = json!({ "key": "gitlab", "kind": "gitlab",
        "url": outside.gitlab.base_url(), "credential": TOKEN });
    let jenkins = json!({ "key": "jenkins", "kind": "jenkins",
        "url": outside.jenkins.base_url(), "credential": TOKEN,
        "config": { "user": PORTAL, "folder": "slipway" } });
    let registry = json!({ "key": "registry", "kind": "registry",
        "url": outside.registry.base_url(), "config": { "prefix": "apps" } });
    let cluster = |key: &str, api: &Api| {
        json!({ "key": key, "site": "shanghai", "kubeconfig": api.kubeconfig,
            "registry_host": outside.image_host() })
    };
    let production = json!({ "key": "prod", "tier": "production", "rank": 2, "approvals": 1,
        "clusters": ["sh-prod"] });
    let things = [
        ("/connections", gitlab),
        ("/connections", jenkins),
        ("/connections", registry),
        ("/clusters", cluster("sh-test", test)),
        ("/clusters", cluster("sh-prod", prod)),
        (
            "/environments",
            json!({ "key": "test", "tier": "test", "rank": 1, "clusters": ["sh-test"] }),
        ),
        ("/environments", production),
        (
            "/languages",
            json!({ "key": "go", "jenkins": "jenkins", "template_job": "templates/go" }),
        ),
    ];
    for (path, body) in things {
        let answer = admin.api(Method::POST, path, &body).await;
        assert_eq!(answer.status, 201, "{path}: {}", answer.body);
    }
}

/// What `lin` asks for when a project is to be.
pub fn onboarding(key: &str) -> Value {
    json!({
        "key": key, "description": "Takes payments", "language": "go",
        "repository": format!("apps/{key}"), "owners": ["lin"], "testers": ["chen"],
        "deploy_path": format!("/srv/{key}"), "log_path": format!("/var/log/{key}"),
        "start_command": "bin/start", "stop_command": "bin/stop",
        "health_path": "/health", "port": 8080,
    })
}

/// A yes to exactly what is shown.
pub async fn approve(browser: &mut Browser, number: i64) {
    let path = format!("/requests/{number}");
    let shown = browser.api(Method::GET, &path, &json!(null)).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    let body = json!({ "verdict": "approve", "hash": shown.json()["hash"] });
    let answer = browser
        .api(Method::POST, &format!("{path}/decisions"), &body)
        .await;
    assert!(answer.status < 300, "{}", answer.body);
}

/// A small valid document.
pub fn parameters() -> Value {
    json!({
        "replicas": { "min": 2, "max": 4 },
        "cpu": { "request": "100m", "limit": "500m" },
        "memory": { "request": "128Mi", "limit": "256Mi" },
        "access": "internal", "port": 8080,
        "env": [
            { "name": "MODE", "value": "live" },
            { "name": "TOKEN", "secret_value": "canary-secret-value" },
        ],
        "probes": {
            "readiness": { "kind": "http", "path": "/health" },
            "liveness": { "kind": "tcp" },
        },
    })
}
