//! The OCI distribution protocol, as far as builds push by it and the product reads by it.

use futures_util::FutureExt as _;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::json;
use slipway::integrations::CallError;
use slipway::integrations::registry::{Digest, ImageTag, Registry, Repository};
use slipway_sim::World;
use slipway_sim::registry::{Access, image_layer, sha256};
use url::Url;

use super::{Behaviour, fresh, header, hold, json, raw, setting, unconfirmed, url_setting};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

struct Target {
    base: Url,
    raw: Client,
    login: Option<(String, String)>,
    client: Registry,
}

/// What was pushed for one behaviour.
struct Pushed {
    repository: Repository,
    manifest: String,
    digest: Digest,
    layer: String,
}

impl Target {
    fn new(base: Url, login: Option<(String, String)>) -> Self {
        let secret = login.clone().map(|(user, secret)| (user, secret.into()));
        Self {
            client: Registry::new(base.clone(), secret).unwrap(),
            raw: raw(),
            base,
            login,
        }
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.signed(self.raw.request(method, self.base.join(path).unwrap()))
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.login {
            Some((user, secret)) => request.basic_auth(user, Some(secret)),
            None => request,
        }
    }

    async fn send(&self, method: Method, path: &str) -> Response {
        self.ask(method, path).send().await.unwrap()
    }

    /// The second half of an upload: to the address that the registry gave, with the digest.
    async fn put(&self, started: &Response, digest: &str, bytes: Vec<u8>) -> Response {
        let location = header(started, "location").unwrap();
        let put = self.raw.put(self.base.join(location).unwrap());
        let put = self.signed(put).query(&[("digest", digest)]);
        put.body(bytes).send().await.unwrap()
    }

    async fn blob(&self, name: &Repository, bytes: Vec<u8>) -> String {
        let started = self
            .send(Method::POST, &format!("v2/{name}/blobs/uploads/"))
            .await;
        assert_eq!(started.status(), 202);
        let digest = sha256(&bytes);
        let stored = self.put(&started, &digest, bytes).await;
        assert_eq!(stored.status(), 201);
        assert_eq!(
            header(&stored, "docker-content-digest"),
            Some(digest.as_str())
        );
        digest
    }

    async fn manifest(&self, name: &Repository, reference: &str, body: &str) -> Response {
        let put = self.ask(Method::PUT, &format!("v2/{name}/manifests/{reference}"));
        let put = put.header("content-type", MANIFEST).body(body.to_owned());
        put.send().await.unwrap()
    }

    async fn push(&self, tag: &str) -> Pushed {
        let name = fresh("contract/image");
        let repository = Repository::parse(&name).unwrap();
        let layer = image_layer(&name);
        let size = layer.gzip.len();
        let config = json!({
            "architecture": "amd64", "os": "linux",
            "config": {
                "Labels": { "org.opencontainers.image.revision": "c0ffee" },
                "User": "app", "ExposedPorts": { "8080/tcp": {} },
            },
            "rootfs": { "type": "layers", "diff_ids": [layer.diff_id] },
        })
        .to_string();
        let config_size = config.len();
        let layer = self.blob(&repository, layer.gzip).await;
        let config = self.blob(&repository, config.into_bytes()).await;
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": { "mediaType": CONFIG, "digest": config, "size": config_size },
            "layers": [{ "mediaType": LAYER, "digest": layer, "size": size }],
        })
        .to_string();
        let answer = self.manifest(&repository, tag, &manifest).await;
        assert_eq!(answer.status(), 201);
        let digest = sha256(manifest.as_bytes());
        assert_eq!(
            header(&answer, "docker-content-digest"),
            Some(digest.as_str())
        );
        Pushed {
            repository,
            manifest,
            digest: Digest::parse(&digest).unwrap(),
            layer,
        }
    }
}

fn tag(text: &str) -> ImageTag {
    ImageTag::parse(text).unwrap()
}

fn behaviours(target: &Target) -> Vec<Behaviour<'_>> {
    vec![
        ("GET /v2/", ping(target).boxed_local()),
        (
            "POST, PATCH, PUT blobs/uploads",
            uploads(target).boxed_local(),
        ),
        ("POST blobs/uploads?mount", mounting(target).boxed_local()),
        ("GET, HEAD blobs", reading_blobs(target).boxed_local()),
        ("PUT manifests", writing_manifests(target).boxed_local()),
        (
            "GET, HEAD manifests",
            reading_manifests(target).boxed_local(),
        ),
        (
            "GET manifests without Accept",
            unaccepted(target).boxed_local(),
        ),
        ("POST blobs/uploads?digest", one_post(target).boxed_local()),
        (
            "PUT manifests (another tag)",
            retagging(target).boxed_local(),
        ),
        ("GET tags/list", tags(target).boxed_local()),
        ("DELETE manifests", deleting(target).boxed_local()),
    ]
}

async fn ping(target: &Target) {
    let answer = target.send(Method::GET, "v2/").await;
    assert_eq!(answer.status(), 200);
    let version = header(&answer, "docker-distribution-api-version");
    assert_eq!(version, Some("registry/2.0"));
    target.client.ping().await.unwrap();
}

async fn uploads(target: &Target) {
    let name = Repository::parse(&fresh("contract/upload")).unwrap();
    let path = format!("v2/{name}/blobs/uploads/");
    let started = target.send(Method::POST, &path).await;
    assert_eq!(started.status(), 202);
    assert!(header(&started, "docker-upload-uuid").is_some());
    let location = target
        .base
        .join(header(&started, "location").unwrap())
        .unwrap();
    let patch = target.signed(target.raw.patch(location).body("in two "));
    let patched = patch.send().await.unwrap();
    assert_eq!(patched.status(), 202);
    assert_eq!(header(&patched, "range"), Some("0-6"));
    let digest = sha256(b"in two parts");
    let stored = target.put(&patched, &digest, b"parts".to_vec()).await;
    assert_eq!(stored.status(), 201);

    let started = target.send(Method::POST, &path).await;
    let refused = target.put(&started, &digest, b"other".to_vec()).await;
    assert_eq!(refused.status(), 400);
    assert_eq!(json(refused).await["errors"][0]["code"], "DIGEST_INVALID");
}

async fn mounting(target: &Target) {
    let pushed = target.push("one").await;
    let (other, digest) = (fresh("contract/mount"), &pushed.layer);
    let mount = |digest: &str| {
        let from = &pushed.repository;
        format!("v2/{other}/blobs/uploads/?mount={digest}&from={from}")
    };
    let mounted = target.send(Method::POST, &mount(digest)).await;
    assert_eq!(mounted.status(), 201);
    assert_eq!(
        header(&mounted, "docker-content-digest"),
        Some(digest.as_str())
    );
    let head = target
        .send(Method::HEAD, &format!("v2/{other}/blobs/{digest}"))
        .await;
    assert_eq!(head.status(), 200);
    let session = target.send(Method::POST, &mount(&sha256(b"nowhere"))).await;
    assert_eq!(session.status(), 202);
    assert!(header(&session, "location").is_some());
}

async fn reading_blobs(target: &Target) {
    let pushed = target.push("one").await;
    let path = format!("v2/{}/blobs/", pushed.repository);
    let blob = target
        .send(Method::GET, &format!("{path}{}", pushed.layer))
        .await;
    assert_eq!(blob.status(), 200);
    assert_eq!(sha256(&blob.bytes().await.unwrap()), pushed.layer);
    let missing = target
        .send(Method::GET, &format!("{path}{}", sha256(b"nothing")))
        .await;
    assert_eq!(missing.status(), 404);
    assert_eq!(json(missing).await["errors"][0]["code"], "BLOB_UNKNOWN");
}

async fn writing_manifests(target: &Target) {
    let pushed = target.push("one").await;
    let elsewhere = Repository::parse(&fresh("contract/elsewhere")).unwrap();
    let refused = target.manifest(&elsewhere, "one", &pushed.manifest).await;
    assert_eq!(refused.status(), 400);
    assert_eq!(
        json(refused).await["errors"][0]["code"],
        "MANIFEST_BLOB_UNKNOWN"
    );
    let wrong = sha256(b"other bytes");
    let refused = target
        .manifest(&pushed.repository, &wrong, &pushed.manifest)
        .await;
    assert_eq!(refused.status(), 400);
    let refused = target.manifest(&pushed.repository, "one", "no JSON").await;
    assert_eq!(refused.status(), 400);
    assert_eq!(json(refused).await["errors"][0]["code"], "MANIFEST_INVALID");
}

async fn reading_manifests(target: &Target) {
    let pushed = target.push("one").await;
    let (name, digest) = (&pushed.repository, &pushed.digest);
    let get = target.ask(Method::GET, &format!("v2/{name}/manifests/one"));
    let answer = get.header("accept", MANIFEST).send().await.unwrap();
    assert_eq!(
        header(&answer, "docker-content-digest"),
        Some(digest.as_str())
    );
    assert_eq!(header(&answer, "content-type"), Some(MANIFEST));
    assert_eq!(answer.text().await.unwrap(), pushed.manifest);
    let missing = target
        .send(Method::GET, &format!("v2/{name}/manifests/none"))
        .await;
    assert_eq!(missing.status(), 404);
    assert_eq!(json(missing).await["errors"][0]["code"], "MANIFEST_UNKNOWN");

    let client = &target.client;
    let found = client.digest(name, &tag("one")).await.unwrap();
    assert_eq!(found.as_ref(), Some(digest));
    assert_eq!(client.digest(name, &tag("none")).await.unwrap(), None);
    assert!(client.exists(name, digest).await.unwrap());
    let nothing = Digest::parse(&sha256(b"nothing")).unwrap();
    assert!(!client.exists(name, &nothing).await.unwrap());
    assert_eq!(client.image(name, &nothing).await.unwrap(), None);
    let image = client.image(name, digest).await.unwrap().unwrap();
    assert_eq!(image.labels["org.opencontainers.image.revision"], "c0ffee");
    assert_eq!(image.media_type, MANIFEST);
    assert!(image.size > 0);
    assert_eq!(
        (image.user.as_str(), image.architecture.as_str()),
        ("app", "amd64")
    );
    assert_eq!(image.exposed_ports, ["8080/tcp"]);
    assert_eq!(image.diff_ids, [image_layer(name.as_str()).diff_id]);
}

/// A client that does not say that it reads OCI manifests is not shown any.
async fn unaccepted(target: &Target) {
    let pushed = target.push("one").await;
    let path = format!("v2/{}/manifests/one", pushed.repository);
    let answer = target.send(Method::GET, &path).await;
    assert_eq!(answer.status(), 404);
    assert_eq!(json(answer).await["errors"][0]["code"], "MANIFEST_UNKNOWN");
}

/// A digest at the start is taken no notice of: the bytes have to come by PUT.
async fn one_post(target: &Target) {
    let (name, digest) = (fresh("contract/post"), sha256(b"bytes"));
    let path = format!("v2/{name}/blobs/uploads/?digest={digest}");
    let post = target.ask(Method::POST, &path).body("bytes");
    assert_eq!(post.send().await.unwrap().status(), 202);
    let head = format!("v2/{name}/blobs/{digest}");
    assert_eq!(target.send(Method::HEAD, &head).await.status(), 404);
}

async fn retagging(target: &Target) {
    let pushed = target.push("one").await;
    let name = &pushed.repository;
    let again = target.manifest(name, "two", &pushed.manifest).await;
    assert_eq!(again.status(), 201);
    let two = target.client.digest(name, &tag("two")).await.unwrap();
    assert_eq!(two.as_ref(), Some(&pushed.digest));
}

async fn tags(target: &Target) {
    let pushed = target.push("b").await;
    let name = &pushed.repository;
    for tag in ["a", "c"] {
        target.manifest(name, tag, &pushed.manifest).await;
    }
    let path = format!("v2/{name}/tags/list");
    let all = json(target.send(Method::GET, &path).await).await;
    assert_eq!(all["tags"], json!(["a", "b", "c"]));
    let page = target.send(Method::GET, &format!("{path}?n=2")).await;
    assert!(header(&page, "link").unwrap().contains("rel=\"next\""));
    let rest = json(
        target
            .send(Method::GET, &format!("{path}?n=2&last=b"))
            .await,
    )
    .await;
    assert_eq!(rest["tags"], json!(["c"]));
    let none = target.send(Method::GET, "v2/contract/none/tags/list").await;
    assert_eq!(none.status(), 404);
    assert_eq!(json(none).await["errors"][0]["code"], "NAME_UNKNOWN");
}

async fn deleting(target: &Target) {
    let pushed = target.push("one").await;
    let path = format!("v2/{}/manifests/{}", pushed.repository, pushed.digest);
    let answer = target.send(Method::DELETE, &path).await;
    if answer.status() == 405 {
        println!("this registry has deletion switched off");
        return;
    }
    assert_eq!(answer.status(), 202);
    let gone = target
        .client
        .digest(&pushed.repository, &tag("one"))
        .await
        .unwrap();
    assert_eq!(gone, None);
}

async fn simulated(access: Access) -> (World, slipway_sim::Server, Url) {
    let world = World::explicit();
    world.registry().access = access;
    let server = slipway_sim::registry::serve(&world, 0).await.unwrap();
    let base = Url::parse(server.base_url()).unwrap();
    (world, server, base)
}

fn robot() -> (String, String) {
    ("robot".to_owned(), "secret".to_owned())
}

#[tokio::test]
async fn the_simulator_holds_the_contract() {
    let (user, password) = robot();
    for access in [Access::Anonymous, Access::Basic { user, password }] {
        let login = matches!(access, Access::Basic { .. }).then(robot);
        let (world, _server, base) = simulated(access).await;
        let target = Target::new(base, login);
        hold(behaviours(&target)).await;
        world.transcript().check().unwrap();
    }
}

#[tokio::test]
async fn a_real_registry_holds_the_contract() {
    let base = url_setting("SLIPWAY_CONTRACT_REGISTRY_URL");
    let user = setting("SLIPWAY_CONTRACT_REGISTRY_USER");
    let login = user.zip(setting("SLIPWAY_CONTRACT_REGISTRY_PASSWORD"));
    match base {
        Some(base) => hold(behaviours(&Target::new(base, login))).await,
        None => {
            let nobody = Target::new(Url::parse("http://127.0.0.1:9").unwrap(), None);
            unconfirmed("registry", &behaviours(&nobody));
        }
    }
}

#[tokio::test]
async fn the_client_answers_a_token_challenge_once_and_renews() {
    let (user, password) = robot();
    let (world, _server, base) = simulated(Access::Token { user, password }).await;
    let digest = world
        .registry()
        .put_image("apps/shop", "one", &[("a", "b")]);
    let shop = Repository::parse("apps/shop").unwrap();
    let login = robot();
    let client = Registry::new(base.clone(), Some((login.0, login.1.into()))).unwrap();
    let found = client.digest(&shop, &tag("one")).await.unwrap().unwrap();
    assert_eq!(found.as_str(), digest);
    let image = client.image(&shop, &found).await.unwrap().unwrap();
    assert_eq!(image.labels["a"], "b");
    let asked = |world: &World| {
        let transcript = world.transcript();
        transcript.count(&slipway_sim::System::REGISTRY, &Method::GET, "/token?*")
    };
    assert_eq!(asked(&world), 1);
    // The token ends on the world's clock sooner than on ours: a new challenge, a new token.
    world.advance(std::time::Duration::from_secs(61)).await;
    assert!(client.exists(&shop, &found).await.unwrap());
    assert_eq!(asked(&world), 2);

    let stranger = Registry::new(base, None).unwrap();
    let denied = stranger.digest(&shop, &tag("one")).await.unwrap_err();
    assert!(matches!(denied, CallError::Denied { .. }), "{denied}");
    assert_eq!(asked(&world), 3);
}

#[tokio::test]
async fn a_digest_is_computed_where_head_does_not_tell_it() {
    let (world, _server, base) = simulated(Access::Anonymous).await;
    let digest = world.registry().put_image("apps/shop", "one", &[]);
    world.registry().hides_digest_on_head = true;
    let client = Registry::new(base, None).unwrap();
    let shop = Repository::parse("apps/shop").unwrap();
    let found = client.digest(&shop, &tag("one")).await.unwrap().unwrap();
    assert_eq!(found.as_str(), digest);
}

#[tokio::test]
async fn skopeo_copies_and_inspects() {
    let (world, server, _) = simulated(Access::Anonymous).await;
    let digest = world
        .registry()
        .put_image("apps/shop", "one", &[("a", "b")]);
    let host = server.base_url().trim_start_matches("http://");
    let (from, to) = (
        format!("docker://{host}/apps/shop:one"),
        format!("docker://{host}/copies/shop:one"),
    );
    let copy = [
        "copy",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
        &from,
        &to,
    ];
    let Some(_) = skopeo(&copy).await else { return };
    let inspected = skopeo(&["inspect", "--tls-verify=false", &to])
        .await
        .unwrap();
    let inspected: serde_json::Value = serde_json::from_str(&inspected).unwrap();
    assert_eq!(inspected["Digest"], digest);
    assert_eq!(inspected["Labels"]["a"], "b");
    assert_eq!(world.registry().digest("copies/shop", "one"), Some(digest));
    world.transcript().check().unwrap();
}

#[tokio::test]
async fn skopeo_signs_in_by_token_and_by_password() {
    let (user, password) = robot();
    let (name, secret) = robot();
    let token = Access::Token { user, password };
    let basic = Access::Basic {
        user: name,
        password: secret,
    };
    for access in [token, basic] {
        let (world, server, _) = simulated(access).await;
        let digest = world.registry().put_image("apps/shop", "one", &[]);
        let host = server.base_url().trim_start_matches("http://");
        let image = format!("docker://{host}/apps/shop:one");
        let inspect = [
            "inspect",
            "--tls-verify=false",
            "--creds=robot:secret",
            &image,
        ];
        let Some(inspected) = skopeo(&inspect).await else {
            return;
        };
        assert!(inspected.contains(&digest), "{inspected}");
        world.transcript().check().unwrap();
    }
}

/// What skopeo printed, or `None` where this machine has none.
async fn skopeo(arguments: &[&str]) -> Option<String> {
    let output = tokio::process::Command::new("skopeo")
        .args(arguments)
        .output()
        .await;
    match output {
        Ok(output) => {
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{errors}");
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(_) => {
            println!("cannot run here: skopeo is not installed");
            None
        }
    }
}
