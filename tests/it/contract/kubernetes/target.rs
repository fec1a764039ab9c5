//! What a contract is held against: a simulated cluster, or a real one.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use slipway::integrations::kubernetes::{Kubeconfig, Kubernetes};
use slipway_sim::World;
use slipway_sim::kubernetes::{Api, Pulls, Rights, Settings, serve};

use crate::contract::setting;

/// Names the kubeconfig of a real cluster that may be written to.
const REAL: &str = "SLIPWAY_CONTRACT_KUBECONFIG";
/// Names the kubeconfig of somebody without rights in the same cluster.
const REAL_LIMITED: &str = "SLIPWAY_CONTRACT_KUBECONFIG_LIMITED";

const TRIES: usize = 150;
const PAUSE: Duration = Duration::from_millis(200);

pub struct Target {
    pub kubernetes: Kubernetes,
    pub kubeconfig: String,
    /// Of somebody who may do nothing; a real cluster may not have one.
    pub limited: Option<String>,
    /// Made for one behaviour alone.
    pub namespace: String,
    simulated: Option<(World, Api)>,
}

impl Target {
    pub async fn simulator(behaviour: &str) -> Self {
        let world = World::explicit();
        let api = serve(&world, "east", 0).await.expect("a free port");
        if let Some(cluster) = world.kubernetes().cluster("east") {
            cluster.settings.anonymous = Rights::All;
            cluster.settings.pulls = Pulls::Anything;
        }
        let limited = api.kubeconfig_for(&world, "east", "limited", Rights::Nothing);
        let kubeconfig = api.kubeconfig.clone();
        Self::new(kubeconfig, Some(limited), behaviour, Some((world, api))).await
    }

    /// The real cluster, where this run has one.
    pub async fn real(behaviour: &str) -> Option<Self> {
        let kubeconfig = file(REAL)?;
        Some(Self::new(kubeconfig, file(REAL_LIMITED), behaviour, None).await)
    }

    async fn new(
        kubeconfig: String,
        limited: Option<String>,
        behaviour: &str,
        simulated: Option<(World, Api)>,
    ) -> Self {
        let target = Self {
            kubernetes: client(&kubeconfig).await,
            kubeconfig,
            limited,
            namespace: namespace(behaviour),
            simulated,
        };
        target
            .kubernetes
            .ensure_namespace(&target.namespace)
            .await
            .expect("a namespace");
        target
    }

    pub fn is_simulated(&self) -> bool {
        self.simulated.is_some()
    }

    /// Changes how the simulated cluster behaves; a real one stays as it is.
    pub fn simulate(&self, change: impl FnOnce(&mut Settings)) {
        let Some((world, _)) = &self.simulated else {
            return;
        };
        if let Some(cluster) = world.kubernetes().cluster("east") {
            change(&mut cluster.settings);
        }
    }

    /// Lets a little time go by.
    #[expect(
        clippy::disallowed_methods,
        reason = "a real cluster moves in real time"
    )]
    pub async fn pass_time(&self) {
        match &self.simulated {
            Some((world, _)) => world.advance(Duration::from_secs(1)).await,
            None => tokio::time::sleep(PAUSE).await,
        }
    }

    /// Asks until there is an answer.
    pub async fn until<T>(&self, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
        for _ in 0..TRIES {
            if let Some(answer) = ask().await {
                return answer;
            }
            self.pass_time().await;
        }
        panic!("never: {what}");
    }

    /// The end of a behaviour: a real cluster is left as it was found, and the simulator has met
    /// nothing that it did not understand.
    pub async fn finish(&self) {
        match &self.simulated {
            Some((world, _)) => world.transcript().check().expect("only known calls"),
            None => {
                let path = format!("/api/v1/namespaces/{}", self.namespace);
                self.other()
                    .call("DELETE", &path, "application/json", &Value::Null)
                    .await;
            }
        }
    }

    /// Somebody else at work in the same cluster, without our client.
    pub fn other(&self) -> Other {
        Other::new(&self.kubeconfig)
    }
}

/// A name of its own in each run, within the 63 letters that a namespace may have.
fn namespace(behaviour: &str) -> String {
    let behaviour: String = behaviour.replace('_', "-").chars().take(40).collect();
    let run = uuid::Uuid::now_v7().simple().to_string();
    format!("contract-{behaviour}-{}", &run[24..])
}

pub async fn client(kubeconfig: &str) -> Kubernetes {
    let kubeconfig = Kubeconfig::parse(kubeconfig).expect("inline data only");
    Kubernetes::new(&kubeconfig)
        .await
        .expect("certificates that can be read")
}

fn file(variable: &str) -> Option<String> {
    let path = setting(variable)?;
    Some(std::fs::read_to_string(path).expect("a kubeconfig"))
}

/// Plain HTTP calls under another manager's name.
pub struct Other {
    server: String,
    token: String,
    http: reqwest::Client,
}

impl Other {
    #[expect(clippy::disallowed_methods, reason = "somebody else's client")]
    fn new(kubeconfig: &str) -> Self {
        let after = |field: &str| {
            let line = kubeconfig
                .lines()
                .find_map(|line| line.trim().strip_prefix(field));
            line.map(|value| value.trim().to_owned())
        };
        let mut http = reqwest::Client::builder().no_proxy();
        if let Some(ca) = after("certificate-authority-data:") {
            let pem = STANDARD.decode(ca).expect("base64");
            let ca = reqwest::Certificate::from_pem_bundle(&pem).expect("PEM");
            http = http.tls_certs_only(ca);
        }
        Self {
            server: after("server:").expect("a server"),
            token: after("token:").expect("a token"),
            http: http.build().expect("a client"),
        }
    }

    /// Status code and body of a call.
    pub async fn call(&self, method: &str, path: &str, kind: &str, body: &Value) -> (u16, Value) {
        let method = method.parse().expect("a method");
        let request = self.http.request(method, format!("{}{path}", self.server));
        let request = request
            .bearer_auth(&self.token)
            .header("content-type", kind);
        let answer = request
            .body(body.to_string())
            .send()
            .await
            .expect("an answer");
        (
            answer.status().as_u16(),
            answer.json().await.unwrap_or_default(),
        )
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.call("GET", path, "application/json", &Value::Null)
            .await
    }

    /// The lines of an answer that comes bit by bit, until the server ends it.
    pub async fn lines(&self, path: &str) -> Vec<Value> {
        let request = self
            .http
            .get(format!("{}{path}", self.server))
            .bearer_auth(&self.token);
        let answer = request
            .send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("lines");
        answer
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    pub async fn patch(&self, path: &str, body: &Value) -> (u16, Value) {
        self.call(
            "PATCH",
            path,
            "application/strategic-merge-patch+json",
            body,
        )
        .await
    }
}
