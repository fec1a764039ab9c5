//! Pushing a build's image by the registry protocol, to whatever registry `IMAGE` names.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::run::Task;
use crate::registry::{Layer, Made, diff_ids, manifest_of, sha256};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const TIMEOUT: Duration = Duration::from_secs(20);

/// What the push printed, and whether it went well.
pub(super) struct Push {
    pub lines: Vec<String>,
    pub good: bool,
}

pub(super) async fn push(task: &Task) -> Push {
    match try_push(task).await {
        Ok((tag, digest, size)) => Push {
            lines: vec![
                "5f70bf18a086: Pushed".to_owned(),
                format!("{tag}: digest: {digest} size: {size}"),
            ],
            good: true,
        },
        Err(why) => Push {
            lines: vec![why],
            good: false,
        },
    }
}

/// Where to push, and how to sign in there.
struct Target<'a> {
    client: Client,
    base: String,
    repository: &'a str,
    login: Option<&'a (String, String)>,
    token: Option<String>,
}

async fn try_push(task: &Task) -> Result<(String, String, usize), String> {
    let image = task.parameter("IMAGE");
    let (host, rest) = image
        .split_once('/')
        .ok_or_else(|| format!("invalid reference format: {image:?}"))?;
    let (repository, tag) = rest.rsplit_once(':').unwrap_or((rest, "latest"));
    let mut target = Target {
        client: client()?,
        base: format!("http://{host}/v2/"),
        repository,
        login: task.login.as_ref(),
        token: None,
    };
    target.sign_in().await?;
    let made = made(task);
    let layers = made.layers();
    let config = config(task, &made, &layers).to_string();
    let manifest = manifest_of(config.as_bytes(), &layers).to_string();
    for layer in layers {
        target.blob(layer.gzip).await?;
    }
    target.blob(config.into_bytes()).await?;
    let (digest, size) = (sha256(manifest.as_bytes()), manifest.len());
    let request = target.request(Method::PUT, &format!("manifests/{tag}"));
    let request = request.header("content-type", MANIFEST).body(manifest);
    expect(request, StatusCode::CREATED).await?;
    Ok((tag.to_owned(), digest, size))
}

/// What the Dockerfile says, with the service itself as the uppermost layer and the labels that
/// every build gives.
fn made(task: &Task) -> Made {
    let mut made = task.made.clone();
    let (service, commit) = (task.parameter("SERVICE"), task.parameter("SOURCE_COMMIT"));
    made.layers.push(format!("{service} {commit}\n"));
    for (name, parameter) in [
        ("revision", "SOURCE_COMMIT"),
        ("source", "SOURCE_URL"),
        ("version", "SOURCE_TAG"),
        ("title", "SERVICE"),
    ] {
        let name = format!("org.opencontainers.image.{name}");
        let value = task.parameter(parameter).to_owned();
        made.labels.entry(name).or_insert(value);
    }
    made
}

/// The creation time makes each build's image its own, as with real builds.
fn config(task: &Task, made: &Made, layers: &[Layer]) -> Value {
    let mut run = made.run();
    run["WorkingDir"] = json!(task.parameter("DEPLOY_PATH"));
    json!({
        "created": task.started.to_string(),
        "architecture": "amd64",
        "os": "linux",
        "config": run,
        "rootfs": { "type": "layers", "diff_ids": diff_ids(layers) },
        "history": [{ "created": task.started.to_string(), "created_by": "COPY" }],
    })
}

impl Target<'_> {
    /// Fetches a token where the registry wants one; a password goes with each request.
    async fn sign_in(&mut self) -> Result<(), String> {
        let ping = send(self.client.get(&self.base)).await?;
        let challenge = ping.headers().get("www-authenticate");
        let challenge = challenge
            .and_then(|text| text.to_str().ok())
            .unwrap_or_default();
        let Some(wanted) = challenge.strip_prefix("Bearer ") else {
            return Ok(());
        };
        let part = |name: &str| {
            let (_, after) = wanted.split_once(&format!("{name}=\""))?;
            after.split('"').next()
        };
        let realm = part("realm").unwrap_or_default();
        let scope = format!("repository:{}:pull,push", self.repository);
        let query = [
            ("service", part("service").unwrap_or_default()),
            ("scope", &scope),
        ];
        let mut request = self.client.get(realm).query(&query);
        if let Some((user, password)) = self.login {
            request = request.basic_auth(user, Some(password));
        }
        let answer = expect(request, StatusCode::OK).await?;
        let answer: Value = answer.json().await.map_err(|error| error.to_string())?;
        self.token = answer["token"].as_str().map(str::to_owned);
        Ok(())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{}/{path}", self.base, self.repository);
        self.signed(self.client.request(method, url))
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        match (&self.token, self.login) {
            (Some(token), _) => request.bearer_auth(token),
            (None, Some((user, password))) => request.basic_auth(user, Some(password)),
            (None, None) => request,
        }
    }

    async fn blob(&self, bytes: Vec<u8>) -> Result<(), String> {
        let digest = sha256(&bytes);
        let head = send(self.request(Method::HEAD, &format!("blobs/{digest}"))).await?;
        if head.status() == StatusCode::OK {
            return Ok(());
        }
        let start = self.request(Method::POST, "blobs/uploads/");
        let started = expect(start, StatusCode::ACCEPTED).await?;
        let location = started.headers().get("location");
        let location = location
            .and_then(|text| text.to_str().ok())
            .unwrap_or_default();
        let base = reqwest::Url::parse(&self.base).map_err(|error| error.to_string())?;
        let url = base.join(location).map_err(|error| error.to_string())?;
        let put = self.client.put(url).query(&[("digest", &digest)]);
        let put = put.header("content-type", "application/octet-stream");
        expect(self.signed(put).body(bytes), StatusCode::CREATED).await?;
        Ok(())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a build's docker client is no part of the product's calls"
)]
fn client() -> Result<Client, String> {
    let builder = Client::builder().timeout(TIMEOUT);
    builder.build().map_err(|error| error.to_string())
}

async fn send(request: RequestBuilder) -> Result<Response, String> {
    let sent = request.send().await;
    sent.map_err(|error| format!("Error response from daemon: {error}"))
}

async fn expect(request: RequestBuilder, status: StatusCode) -> Result<Response, String> {
    let answer = send(request).await?;
    match answer.status() {
        found if found == status => Ok(answer),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Err("denied: requested access to the resource is denied".to_owned())
        }
        found => Err(format!("received unexpected HTTP status: {found}")),
    }
}
