//! What the simulator's own parts promise; what Kubernetes promises is in the contract suite.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::Fault;

const SECOND: Duration = Duration::from_secs(1);

fn deployment(image: &str, replicas: i64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "shop", "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "shop"}},
            "template": {
                "metadata": {"labels": {"app": "shop"}},
                "spec": {"containers": [{"name": "shop", "image": image}]},
            },
        },
    })
}

struct Caller {
    base: String,
    token: String,
    client: reqwest::Client,
}

impl Caller {
    #[expect(clippy::disallowed_methods, reason = "a test's own client")]
    fn new(api: &Api) -> Self {
        Self {
            base: api.server.base_url().to_owned(),
            token: "simulated-east-admin".to_owned(),
            client: reqwest::Client::new(),
        }
    }

    async fn call(&self, method: &str, path: &str, kind: &str, body: &Value) -> (u16, Value) {
        let method = method.parse().expect("a method");
        let answer = self
            .client
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .header("content-type", kind)
            .body(body.to_string())
            .send()
            .await
            .expect("an answer");
        (
            answer.status().as_u16(),
            answer.json().await.unwrap_or_default(),
        )
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.call("GET", path, "application/json", &Value::Null)
            .await
    }

    async fn apply(&self, object: &Value, more: &str) -> (u16, Value) {
        let path = format!("{SHOP}?fieldManager=slipway&fieldValidation=Strict{more}");
        self.call("PATCH", &path, "application/apply-patch+yaml", object)
            .await
    }
}

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const SHOP: &str = "/apis/apps/v1/namespaces/default/deployments/shop";

async fn east() -> (World, Api, Caller) {
    let world = World::explicit();
    let api = serve(&world, "east", 0).await.expect("a free port");
    world
        .kubernetes()
        .cluster("east")
        .expect("a cluster")
        .settings
        .pulls = Pulls::Anything;
    let caller = Caller::new(&api);
    (world, api, caller)
}

#[tokio::test]
async fn nothing_happens_until_the_world_settles() {
    let (world, _api, caller) = east().await;
    let (code, made) = caller
        .call(
            "POST",
            DEPLOYMENTS,
            "application/json",
            &deployment("r/shop:1", 2),
        )
        .await;
    assert_eq!((code, &made["metadata"]["generation"]), (201, &json!(1)));
    assert!(caller.get(SHOP).await.1["status"]["observedGeneration"].is_null());
    world.settle().await;
    assert_eq!(
        caller.get(SHOP).await.1["status"]["observedGeneration"],
        json!(1)
    );
    world.advance(2 * SECOND).await;
    assert_eq!(
        caller.get(SHOP).await.1["status"]["availableReplicas"],
        json!(2)
    );
    world.transcript().check().expect("only what is known");
}

#[tokio::test]
async fn strangers_are_unauthorized_and_unknown_paths_are_said() {
    let (world, _api, mut caller) = east().await;
    assert_eq!(
        caller
            .get("/apis/apps/v1/namespaces/default/statefulsets")
            .await
            .0,
        404
    );
    assert_eq!(caller.get("/nonsense").await.0, 501);
    world.transcript().check().unwrap_err();
    caller.token = "stolen".to_owned();
    assert_eq!(caller.get("/version").await.0, 401);
}

#[tokio::test]
async fn a_missing_image_ends_in_an_exceeded_deadline() {
    let (world, _api, caller) = east().await;
    let mut broken = deployment("r/missing:1", 1);
    broken["spec"]["progressDeadlineSeconds"] = json!(30);
    caller.apply(&broken, "&force=true").await;
    world.advance(SECOND).await;
    world.advance(2 * SECOND).await;
    let (_, pods) = caller.get("/api/v1/namespaces/default/pods").await;
    let waiting = &pods["items"][0]["status"]["containerStatuses"][0]["state"]["waiting"];
    assert_eq!(waiting["reason"], json!("ImagePullBackOff"));
    world.advance(40 * SECOND).await;
    let (_, shop) = caller.get(SHOP).await;
    assert_eq!(
        shop["status"]["conditions"][1]["reason"],
        json!("ProgressDeadlineExceeded")
    );
    caller
        .apply(&deployment("r/shop:2", 1), "&force=true")
        .await;
    world.advance(SECOND).await;
    world.advance(2 * SECOND).await;
    world.advance(2 * SECOND).await;
    let (_, shop) = caller.get(SHOP).await;
    assert_eq!(
        shop["status"]["conditions"][1]["reason"],
        json!("NewReplicaSetAvailable")
    );
}

#[tokio::test]
async fn a_quota_a_full_cluster_and_a_missing_secret_are_told() {
    let (world, _api, caller) = east().await;
    world
        .kubernetes()
        .cluster("east")
        .expect("as it was made")
        .settings
        .pod_quota = Some(1);
    caller.apply(&deployment("r/shop:1", 2), "").await;
    world.settle().await;
    let (_, shop) = caller.get(SHOP).await;
    assert_eq!(
        shop["status"]["conditions"][2]["type"],
        json!("ReplicaFailure")
    );

    let (world, _api, caller) = east().await;
    world
        .kubernetes()
        .cluster("east")
        .expect("a cluster")
        .settings
        .full = true;
    caller.apply(&deployment("r/shop:1", 1), "").await;
    world.settle().await;
    let (_, pods) = caller.get("/api/v1/pods").await;
    let told = &pods["items"][0]["status"]["conditions"][0];
    assert_eq!(told["reason"], json!("Unschedulable"));

    let (world, _api, caller) = east().await;
    let mut needy = deployment("r/shop:1", 1);
    needy["spec"]["template"]["spec"]["containers"][0]["envFrom"] =
        json!([{"secretRef": {"name": "absent"}}]);
    caller.apply(&needy, "").await;
    world.settle().await;
    let (_, pods) = caller.get("/api/v1/pods").await;
    let waiting = &pods["items"][0]["status"]["containerStatuses"][0]["state"]["waiting"];
    assert_eq!(waiting["reason"], json!("CreateContainerConfigError"));
}

#[tokio::test]
async fn a_rollout_is_never_short_of_pods() {
    let (world, _api, caller) = east().await;
    caller.apply(&deployment("r/shop:1", 4), "").await;
    world.settle().await;
    world.advance(2 * SECOND).await;
    caller
        .apply(&deployment("r/shop:2", 4), "&force=true")
        .await;
    for _ in 0..8 {
        world.advance(SECOND).await;
        let (_, shop) = caller.get(SHOP).await;
        let available = shop["status"]["availableReplicas"]
            .as_i64()
            .unwrap_or_default();
        let all = shop["status"]["replicas"].as_i64().unwrap_or_default();
        assert!(
            (3..=5).contains(&available) && all <= 5,
            "{available} of {all}"
        );
    }
    let (_, shop) = caller.get(SHOP).await;
    assert_eq!(shop["status"]["updatedReplicas"], json!(4));
    assert_eq!(
        shop["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
        json!("2")
    );
}

#[tokio::test]
async fn a_set_that_is_used_again_gets_a_new_number() {
    let (world, _api, caller) = east().await;
    for image in ["r/shop:1", "r/shop:2", "r/shop:1"] {
        caller.apply(&deployment(image, 1), "&force=true").await;
        for _ in 0..6 {
            world.advance(SECOND).await;
        }
    }
    let (_, sets) = caller
        .get("/apis/apps/v1/namespaces/default/replicasets")
        .await;
    assert_eq!(sets["items"].as_array().expect("a list").len(), 2);
    let (_, shop) = caller.get(SHOP).await;
    assert_eq!(
        shop["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
        json!("3")
    );
}

#[tokio::test]
async fn a_watch_tells_what_happens_and_says_when_it_is_too_late() {
    let (world, api, caller) = east().await;
    let (_, list) = caller.get(DEPLOYMENTS).await;
    let revision = list["metadata"]["resourceVersion"]
        .as_str()
        .expect("as it was made")
        .to_owned();
    caller.apply(&deployment("r/shop:1", 1), "").await;
    let path = format!("{DEPLOYMENTS}?watch=true&resourceVersion={revision}&timeoutSeconds=0");
    let watch = async |path: &str| {
        let url = format!("{}{path}&allowWatchBookmarks=true", api.server.base_url());
        let answer = caller
            .client
            .get(url)
            .bearer_auth(&caller.token)
            .send()
            .await
            .expect("an answer");
        let text = answer.text().await.expect("an answer");
        let kind = |line: &str| {
            serde_json::from_str::<Value>(line).expect("as it was made")["type"].clone()
        };
        text.lines().map(kind).collect::<Vec<_>>()
    };
    assert_eq!(watch(&path).await, [json!("ADDED"), json!("BOOKMARK")]);
    world
        .kubernetes()
        .cluster("east")
        .expect("a cluster")
        .forget_history();
    assert_eq!(watch(&path).await, [json!("ERROR")]);
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect_and_repeating_is_harmless() {
    let (world, _api, caller) = east().await;
    world.fault(Fault::on(System::named("east")).path(SHOP).cut_after());
    let lost = caller
        .client
        .patch(format!("{}{SHOP}?fieldManager=slipway", caller.base));
    let lost = lost
        .bearer_auth(&caller.token)
        .header("content-type", "application/apply-patch+yaml");
    lost.body(deployment("r/shop:1", 1).to_string())
        .send()
        .await
        .unwrap_err();
    let (code, first) = caller.apply(&deployment("r/shop:1", 1), "").await;
    assert_eq!(code, 200);
    let (_, second) = caller.apply(&deployment("r/shop:1", 1), "").await;
    assert_eq!(
        first["metadata"]["resourceVersion"],
        second["metadata"]["resourceVersion"]
    );
}

#[tokio::test]
async fn an_image_is_pulled_by_its_digest_from_the_worlds_registry() {
    let (world, _api, caller) = east().await;
    world
        .kubernetes()
        .cluster("east")
        .expect("a cluster")
        .settings
        .pulls = Pulls::FromRegistry;
    let digest = world.registry().put_image("apps/shop", "v1", &[]);
    let ready = async |image: &str| {
        caller.apply(&deployment(image, 1), "&force=true").await;
        for _ in 0..6 {
            world.advance(SECOND).await;
        }
        let (_, shop) = caller.get(SHOP).await;
        shop["status"]["conditions"][1]["reason"] == "NewReplicaSetAvailable"
    };
    assert!(ready(&format!("registry.example:5000/apps/shop:gone@{digest}")).await);
    assert!(ready("registry.example:5000/apps/shop:v1").await);
    assert!(!ready("registry.example:5000/apps/shop:v2").await);
}

#[tokio::test]
async fn in_real_time_a_rollout_ends_by_itself() {
    let world = World::auto();
    let api = serve(&world, "east", 0).await.expect("a free port");
    {
        let mut state = world.kubernetes();
        let settings = &mut state.cluster("east").expect("a cluster").settings;
        settings.pulls = Pulls::Anything;
        settings.ready_after = Duration::from_millis(1);
    }
    let caller = Caller::new(&api);
    caller.apply(&deployment("r/shop:1", 2), "").await;
    let mut looks = tokio::time::interval(Duration::from_millis(50));
    let available = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            looks.tick().await;
            let state = world.kubernetes();
            let east = state.clusters.get("east").expect("as it was made");
            let shop = east
                .object("Deployment", "default", "shop")
                .expect("as it was made");
            if shop["status"]["availableReplicas"] == json!(2) {
                return;
            }
        }
    });
    available.await.expect("an answer");
}
