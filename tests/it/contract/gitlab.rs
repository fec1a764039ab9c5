//! GitLab's REST API: projects, branches, commits, tags, and its odd errors.

use futures_util::FutureExt as _;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::json;
use slipway::integrations::CallError;
use slipway::integrations::gitlab::{CreateTagError, GitLab, Project};
use slipway_sim::gitlab::{Delivery, Scope};
use slipway_sim::{Fault, System, World};
use url::Url;

use super::{Behaviour, fresh, header, hold, json, raw, setting, unconfirmed, url_setting};

const TOKEN: &str = "sim-token";

struct Target {
    base: Url,
    raw: Client,
    token: String,
    /// A project in which tags may be made, with two commits on its default branch at least.
    path: String,
    client: GitLab,
}

impl Target {
    fn new(base: Url, token: String, path: String) -> Self {
        Self {
            client: GitLab::new(base.clone(), &token.clone().into()).unwrap(),
            raw: raw(),
            base,
            token,
            path,
        }
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let url = self.base.join(&format!("api/v4/{path}")).unwrap();
        self.raw
            .request(method, url)
            .header("private-token", &self.token)
    }

    async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path).send().await.unwrap()
    }

    /// A path inside of the project's repository.
    fn repository(&self, path: &str) -> String {
        format!(
            "projects/{}/repository/{path}",
            self.path.replace('/', "%2F")
        )
    }

    async fn project(&self) -> Project {
        self.client.project(&self.path).await.unwrap().unwrap()
    }

    /// The newest commit of the default branch and the one before it.
    async fn two_commits(&self) -> (u64, String, String) {
        let project = self.project().await;
        let branch = project.default_branch.unwrap();
        let commits = self.client.commits(project.id, &branch, 2).await.unwrap();
        (project.id, commits[0].id.clone(), commits[1].id.clone())
    }
}

fn behaviours(target: &Target) -> Vec<Behaviour<'_>> {
    vec![
        ("GET /version, /user", identity(target).boxed_local()),
        (
            "any route without a good token",
            denied(target).boxed_local(),
        ),
        ("GET /projects/:id", projects(target).boxed_local()),
        ("GET /projects", listing(target).boxed_local()),
        ("GET branches", branches(target).boxed_local()),
        ("GET commits", commits(target).boxed_local()),
        ("GET compare", compare(target).boxed_local()),
        ("POST tags", creating_tags(target).boxed_local()),
        ("POST tags, refused", refused_tags(target).boxed_local()),
        ("GET, DELETE tags/:name", tags(target).boxed_local()),
    ]
}

async fn identity(target: &Target) {
    assert!(!target.client.version().await.unwrap().version.is_empty());
    let user = json(target.get("user").await).await;
    assert_eq!(
        user["username"],
        target.client.user().await.unwrap().username
    );
}

async fn denied(target: &Target) {
    let url = target.base.join("api/v4/user").unwrap();
    let answer = target.raw.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(json(answer).await["message"], "401 Unauthorized");
    let stranger = GitLab::new(target.base.clone(), &"not-a-token".to_owned().into()).unwrap();
    let error = stranger.user().await.unwrap_err();
    assert!(matches!(error, CallError::Denied { .. }), "{error}");
}

async fn projects(target: &Target) {
    let encoded = target.path.replace('/', "%2F");
    let answer = json(target.get(&format!("projects/{encoded}")).await).await;
    assert_eq!(answer["path_with_namespace"], target.path.as_str());
    let project = target.project().await;
    assert_eq!(answer["id"], project.id);
    assert!(
        project
            .http_url_to_repo
            .ends_with(&format!("{}.git", target.path))
    );
    let by_id = target
        .client
        .project(&project.id.to_string())
        .await
        .unwrap();
    assert_eq!(by_id.unwrap().path_with_namespace, target.path);
    let missing = target.get("projects/none%2Fnone").await;
    assert_eq!(missing.status(), 404);
    assert_eq!(json(missing).await["message"], "404 Project Not Found");
    assert!(target.client.project("none/none").await.unwrap().is_none());
}

/// Only what the role Developer is in, with few fields and a count of pages.
async fn listing(target: &Target) {
    let wanted = "simple=true&archived=false&min_access_level=30&order_by=id&sort=asc";
    let page = target.get(&format!("projects?{wanted}&per_page=1")).await;
    assert_eq!(header(&page, "x-page"), Some("1"));
    assert!(header(&page, "x-next-page").is_some());
    let pages = header(&page, "x-total-pages").map(str::parse::<usize>);
    assert!(pages.is_some_and(|pages| pages.unwrap() > 0));
    let listed = json(page).await;
    assert!(
        listed[0]["path_with_namespace"]
            .as_str()
            .unwrap()
            .contains('/')
    );
    assert!(listed[0].get("permissions").is_none(), "{listed:#}");
    let found = target.client.repositories().await.unwrap();
    assert!(found.paths.contains(&target.path), "{:?}", found.paths);
    let wrong = target
        .get(&format!("projects?{}", wanted.replace("30", "31")))
        .await;
    assert_eq!(wrong.status(), 400);
}

async fn branches(target: &Target) {
    let project = target.project().await;
    let default = project.default_branch.unwrap();
    let answer = target.get(&target.repository("branches?per_page=1")).await;
    assert_eq!(header(&answer, "x-page"), Some("1"));
    assert_eq!(header(&answer, "x-per-page"), Some("1"));
    assert!(header(&answer, "x-next-page").is_some());
    let found = target.client.branches(project.id, &default).await.unwrap();
    let found = found.iter().find(|branch| branch.name == default).unwrap();
    assert!(found.default);
    let none = target
        .client
        .branches(project.id, "no-such-branch")
        .await
        .unwrap();
    assert!(none.is_empty());
    let past = target
        .get(&target.repository("branches?per_page=100"))
        .await;
    assert_eq!(header(&past, "x-next-page"), Some(""));
}

async fn commits(target: &Target) {
    let (project, newest, older) = target.two_commits().await;
    assert_ne!(newest, older);
    let short = target
        .client
        .commit(project, &newest[..8])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(short.id, newest);
    assert_eq!(short.short_id, newest[..8]);
    let missing = target.get(&target.repository("commits/0000000000")).await;
    assert_eq!(missing.status(), 404);
    assert_eq!(json(missing).await["message"], "404 Commit Not Found");
    assert!(
        target
            .client
            .commit(project, "no-such-branch")
            .await
            .unwrap()
            .is_none()
    );
    let page = target.get(&target.repository("commits?per_page=1")).await;
    assert_eq!(header(&page, "x-total"), None);
    assert_eq!(header(&page, "x-next-page"), Some("2"));
    assert!(header(&page, "link").unwrap().contains("rel=\"next\""));
}

async fn compare(target: &Target) {
    let (project, newest, older) = target.two_commits().await;
    let found = target
        .client
        .compare(project, &older, &newest)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.commits.last().unwrap().id, newest);
    assert!(!found.compare_same_ref);
    let same = target
        .client
        .compare(project, &newest, &newest)
        .await
        .unwrap()
        .unwrap();
    assert!(same.commits.is_empty() && same.compare_same_ref);
    let unknown = target
        .client
        .compare(project, "no-such-branch", &newest)
        .await
        .unwrap();
    assert!(unknown.is_none());
}

async fn creating_tags(target: &Target) {
    let (project, newest, older) = target.two_commits().await;
    let create = |name: String, message| {
        let client = target.client.clone();
        let commit = newest.clone();
        async move { client.create_tag(project, &name, &commit, message).await }
    };
    let light = create(fresh("light"), "").await.unwrap();
    assert_eq!(light.commit_id, newest);
    let noted = create(fresh("noted"), "why").await.unwrap();
    assert_eq!(noted.commit_id, newest);
    // An annotated tag's target is its own object; a lightweight one's is the commit.
    let path = |name| target.repository(&format!("tags/{name}"));
    let light = json(target.get(&path(light.name)).await).await;
    assert_eq!(light["target"], newest.as_str());
    assert!(light["message"].as_str().unwrap_or_default().is_empty());
    let raw = json(target.get(&path(noted.name.clone())).await).await;
    assert_ne!(raw["target"], newest.as_str());
    assert_eq!(raw["commit"]["id"], newest.as_str());
    assert_eq!(raw["message"], "why");

    let again = target
        .client
        .create_tag(project, &noted.name, &older, "")
        .await;
    assert!(matches!(again, Err(CreateTagError::Exists)), "{again:?}");
    let kept = target
        .client
        .tag(project, &noted.name)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.commit_id, newest);
}

async fn refused_tags(target: &Target) {
    let (project, newest, _) = target.two_commits().await;
    let post = |body: serde_json::Value| {
        target
            .ask(Method::POST, &target.repository("tags"))
            .json(&body)
            .send()
    };
    let name = fresh("refused");
    let missing = post(json!({ "ref": newest })).await.unwrap();
    assert_eq!(missing.status(), 400);
    assert!(
        json(missing).await["error"]
            .as_str()
            .unwrap()
            .contains("tag_name is missing")
    );
    let unknown = post(json!({ "tag_name": name, "ref": "no-such-branch" }))
        .await
        .unwrap();
    assert_eq!(unknown.status(), 400);
    assert_eq!(
        json(unknown).await["message"],
        "Target no-such-branch is invalid"
    );
    let bad = post(json!({ "tag_name": "a b", "ref": newest }))
        .await
        .unwrap();
    assert_eq!(bad.status(), 400);
    let refused = target
        .client
        .create_tag(project, &name, "no-such-branch", "")
        .await;
    assert!(
        matches!(refused, Err(CreateTagError::Target(_))),
        "{refused:?}"
    );
    assert!(target.client.tag(project, &name).await.unwrap().is_none());
}

async fn tags(target: &Target) {
    let (project, newest, _) = target.two_commits().await;
    let name = fresh("short-lived");
    target
        .client
        .create_tag(project, &name, &newest, "")
        .await
        .unwrap();
    let listed = json(
        target
            .get(&target.repository(&format!("tags?search=^{name}")))
            .await,
    )
    .await;
    assert_eq!(listed[0]["name"], name.as_str());
    let lines = target.client.tags(project, 100).await.unwrap();
    let mine = lines.iter().find(|line| line.name == name).unwrap();
    assert_eq!(mine.commit.id, newest);
    assert!(!mine.commit.title.is_empty());
    let one = target.client.tags(project, 1).await.unwrap();
    assert_eq!(one.len(), 1, "the limit is asked for");
    let path = target.repository(&format!("tags/{name}"));
    let deleted = target.ask(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    let missing = target.get(&path).await;
    assert_eq!(missing.status(), 404);
    assert_eq!(json(missing).await["message"], "404 Tag Not Found");
}

async fn simulated() -> (World, slipway_sim::Server, Target) {
    let world = World::explicit();
    let now = world.clock().now();
    {
        let mut gitlab = world.gitlab();
        gitlab.add_user("portal", TOKEN, Scope::Api);
        let shop = gitlab.add_project("apps/shop");
        for message in ["Begin", "Go on", "End"] {
            gitlab.commit(shop, "main", message, "Li Wei", now);
        }
        gitlab.commit(shop, "feature/cart", "Add a cart", "Li Wei", now);
    }
    let server = slipway_sim::gitlab::serve(&world, 0).await.unwrap();
    let base = Url::parse(server.base_url()).unwrap();
    let target = Target::new(base, TOKEN.to_owned(), "apps/shop".to_owned());
    (world, server, target)
}

#[tokio::test]
async fn the_simulator_holds_the_contract() {
    let (world, _server, target) = simulated().await;
    hold(behaviours(&target)).await;
    world.transcript().check().unwrap();
}

#[tokio::test]
async fn a_real_gitlab_holds_the_contract() {
    let token = setting("SLIPWAY_CONTRACT_GITLAB_TOKEN");
    let path = setting("SLIPWAY_CONTRACT_GITLAB_PROJECT");
    match (url_setting("SLIPWAY_CONTRACT_GITLAB_URL"), token, path) {
        (Some(base), Some(token), Some(path)) => {
            hold(behaviours(&Target::new(base, token, path))).await;
        }
        _ => {
            let nowhere = Url::parse("http://127.0.0.1:9").unwrap();
            let nobody = Target::new(nowhere, String::new(), String::new());
            unconfirmed("gitlab", &behaviours(&nobody));
        }
    }
}

#[tokio::test]
async fn a_moved_project_is_followed_by_its_number() {
    let (world, _server, target) = simulated().await;
    let id = target.project().await.id;
    world.gitlab().move_project(id, "store/shop");
    let moved = target.client.project("apps/shop").await.unwrap().unwrap();
    assert_eq!(
        (moved.id, moved.path_with_namespace.as_str()),
        (id, "store/shop")
    );
}

#[tokio::test]
async fn all_pages_of_a_list_are_read_up_to_a_bound() {
    let (world, _server, target) = simulated().await;
    let portal = target.client.user().await.unwrap().id;
    {
        let mut gitlab = world.gitlab();
        gitlab.add_user("reader", "read-token", Scope::Read);
        for n in 0..220 {
            gitlab.add_project(&format!("many/{n}"));
        }
        let archived = gitlab.add_project("old/archived");
        gitlab.project_mut(archived).unwrap().archived = true;
        let hidden = gitlab.add_project("private/hidden");
        gitlab.project_mut(hidden).unwrap().hidden_from.push(portal);
    }
    let found = target.client.repositories().await.unwrap();
    assert!(found.is_whole);
    assert_eq!(found.paths.len(), 221);
    assert_eq!(found.paths[..2], ["apps/shop", "many/0"]);
    let reader = GitLab::new(target.base.clone(), &"read-token".to_owned().into()).unwrap();
    let none = reader.repositories().await.unwrap();
    assert!(
        none.paths.is_empty() && none.is_whole,
        "a reader makes no tags"
    );
    for n in 220..5000 {
        world.gitlab().add_project(&format!("many/{n}"));
    }
    let cut = target.client.repositories().await.unwrap();
    assert_eq!((cut.paths.len(), cut.is_whole), (5000, false));
}

#[tokio::test]
async fn limits_and_rights_have_their_own_errors() {
    let (world, _server, target) = simulated().await;
    let (project, newest, _) = target.two_commits().await;
    let limit = Fault::on(System::GITLAB).answer(429, "Retry later");
    world.fault(limit.header("retry-after", "30"));
    let error = target.client.user().await.unwrap_err();
    let CallError::Unavailable { retry_after, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(retry_after, Some(std::time::Duration::from_secs(30)));

    world.gitlab().add_user("reader", "read-token", Scope::Read);
    let reader = GitLab::new(target.base.clone(), &"read-token".to_owned().into()).unwrap();
    let denied = reader.create_tag(project, "t", &newest, "").await;
    let Err(CreateTagError::Call(CallError::Denied { .. })) = denied else {
        panic!("{denied:?}");
    };
    let shop = world.gitlab().project_mut(project).map(|shop| {
        shop.protected_tags.push("release-*".to_owned());
    });
    assert!(shop.is_some());
    let refused = target
        .client
        .create_tag(project, "release-1", &newest, "")
        .await;
    assert!(
        matches!(refused, Err(CreateTagError::Target(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_tag_whose_answer_was_lost_is_found_again() {
    let (world, _server, target) = simulated().await;
    let (project, newest, _) = target.two_commits().await;
    let lost = Fault::on(System::GITLAB).post("*/repository/tags");
    world.fault(lost.cut_after());
    let answer = target.client.create_tag(project, "v1", &newest, "").await;
    let Err(CreateTagError::Call(CallError::Unavailable { .. })) = answer else {
        panic!("{answer:?}");
    };
    let found = target.client.tag(project, "v1").await.unwrap().unwrap();
    assert_eq!(found.commit_id, newest);
}

#[tokio::test]
async fn what_nobody_simulates_is_noticed() {
    let (world, _server, target) = simulated().await;
    assert_eq!(target.get("projects/1/issues").await.status(), 501);
    assert_eq!(
        target
            .get(&target.repository("commits?author=x"))
            .await
            .status(),
        501
    );
    assert_eq!(world.transcript().unexpected().len(), 2);
    assert!(world.transcript().check().unwrap_err().contains("author"));
}

/// A receiver of hooks that keeps what it was sent.
async fn receiver(world: &World) -> slipway_sim::Server {
    let system = System::named("receiver");
    let router = axum::Router::new().fallback(|| async { "thanks" });
    slipway_sim::Server::start(world, system, router, 0)
        .await
        .unwrap()
}

#[tokio::test]
async fn hooks_tell_of_tags_once_twice_or_never() {
    let (world, _server, target) = simulated().await;
    world.settle().await;
    let receiver = receiver(&world).await;
    let (project, newest, _) = target.two_commits().await;
    let hook = json!({
        "url": format!("{}/hooks", receiver.base_url()), "token": "secret",
        "push_events": false, "tag_push_events": true,
    });
    let post = target
        .ask(Method::POST, &format!("projects/{project}/hooks"))
        .json(&hook);
    let made = post.send().await.unwrap();
    assert_eq!(made.status(), 201);
    assert!(json(made).await.get("token").is_none());
    let received = || {
        world
            .transcript()
            .find(&System::named("receiver"), &Method::POST, "*")
    };
    let tag = async |name: &str| {
        target
            .client
            .create_tag(project, name, &newest, "")
            .await
            .unwrap();
    };
    for (name, delivery, count) in [
        ("one", Delivery::Once, 1),
        ("two", Delivery::Twice, 3),
        ("three", Delivery::Never, 3),
    ] {
        world.gitlab().delivery = delivery;
        tag(name).await;
        world.settle().await;
        assert_eq!(received().len(), count, "{name}");
    }
    world.gitlab().delivery = Delivery::Once;
    for name in ["a", "b", "c", "d"] {
        tag(name).await;
    }
    world.settle().await;
    assert_eq!(received().len(), 3, "four at once have no hook");
    let body: serde_json::Value = serde_json::from_str(&received()[0].body).unwrap();
    assert_eq!(body["ref"], "refs/tags/one");
    assert_eq!(body["object_kind"], "tag_push");
    assert_eq!(body["checkout_sha"], newest.as_str());
}
