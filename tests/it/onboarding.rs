//! The place of a project outside of the portal: made once, looked after, taken away.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::company::{Company, approve};
use slipway_sim::gitlab::{Hook, Scope};
use slipway_sim::outside::{PORTAL, TOKEN};

const COMMIT: &str = "4be19f02ac31d0c7b8e6a5f4030201c0ffee1234";

fn push(reference: &str, commit: &str) -> Value {
    json!({ "object_kind": "push", "ref": reference, "before": "0".repeat(40), "after": commit,
        "project_id": 1, "commits": [{ "id": commit, "title": "x" }] })
}

/// What GitLab sends, to the path that it was given.
#[expect(
    clippy::disallowed_methods,
    reason = "what GitLab sends is no part of the product's calls"
)]
async fn deliver(company: &Company, hook: &Hook, word: &str, name: &str, body: &Value) -> u16 {
    let path = hook.url.split_once("/hooks/").unwrap().1;
    let url = format!("{}/hooks/{path}", company.portal.url);
    let request = reqwest::Client::new()
        .post(url)
        .header("x-gitlab-token", word);
    let request = request.header("x-gitlab-event-uuid", name).json(body);
    request.send().await.unwrap().status().as_u16()
}

async fn pushes_heard(company: &Company) -> (i64, i64) {
    let heard = sqlx::query_scalar("SELECT count(*) FROM push_heard");
    let told = sqlx::query_scalar("SELECT count(*) FROM project_place WHERE pushed_at IS NOT NULL");
    let pool = &company.portal.db.owner;
    (
        heard.fetch_one(pool).await.unwrap(),
        told.fetch_one(pool).await.unwrap(),
    )
}

async fn setup(company: &mut Company) -> Value {
    let answer = company.developer.api_get("/projects/pay/setup").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn one_yes_makes_the_whole_place() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let hooks = company.hooks("pay");
    assert_eq!(hooks.len(), 1);
    assert!(hooks[0].pushes && hooks[0].tags && hooks[0].token.len() >= 43);
    assert!(company.world.jenkins().config("slipway/pay").is_some());
    let told = setup(&mut company).await;
    assert_eq!(told["job"], "slipway/pay");
    assert_eq!(
        (&told["job_state"], &told["image_writable"]),
        (&json!("ready"), &json!(true))
    );
    assert!(told["image"].as_str().unwrap().ends_with("/pay"), "{told}");
    assert_eq!(company.world.registry().uploads(), 0);
    // Nothing that GitLab shows us is to be read in the database.
    let bare: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM project_place WHERE position($1::bytea IN hook_token) > 0",
    )
    .bind(hooks[0].token.as_bytes())
    .fetch_one(&company.portal.db.owner)
    .await
    .unwrap();
    assert_eq!(bare, 0);
    let page = company.developer.get("/projects/pay/setup").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Can be built"), "{}", page.body);
    company.check().await;
}

#[tokio::test]
async fn a_push_is_heard_once_and_from_gitlab_alone() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.project("shop").await;
    let (pay, shop) = (
        company.hooks("pay")[0].clone(),
        company.hooks("shop")[0].clone(),
    );
    let body = push("refs/heads/main", COMMIT);
    for word in ["", "x", shop.token.as_str()] {
        assert_eq!(
            deliver(&company, &pay, word, "a", &body).await,
            401,
            "{word}"
        );
    }
    assert_eq!(pushes_heard(&company).await, (0, 0));
    let same = (0..100).map(|_| deliver(&company, &pay, &pay.token, "a", &body));
    let answers = futures_util::future::join_all(same).await;
    assert!(answers.iter().all(|status| *status == 202), "{answers:?}");
    assert_eq!(pushes_heard(&company).await, (1, 1));
    assert!(setup(&mut company).await["last_push"].is_string());
    // Whatever it says, a delivery of GitLab's is never refused.
    for odd in [
        json!([]),
        json!({ "ref": "a\u{0}b", "after": "x" }),
        json!({ "ref": 1 }),
    ] {
        assert_eq!(
            deliver(&company, &pay, &pay.token, "b", &odd).await,
            202,
            "{odd}"
        );
    }
    let big = json!({ "ref": "x".repeat(5 * 1024 * 1024), "after": COMMIT });
    assert_eq!(deliver(&company, &pay, &pay.token, "c", &big).await, 413);
    let page = company.developer.get("/projects/pay/setup").await;
    assert!(
        page.body.contains("GitLab tells us of pushes"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn gitlab_that_refuses_a_webhook_costs_nobody_their_place() {
    let mut company = Company::start().await;
    let portal = |scope| company.world.gitlab().add_user(PORTAL, TOKEN, scope);
    portal(Scope::Developer);
    company.project("pay").await;
    assert!(company.hooks("pay").is_empty());
    let told = setup(&mut company).await;
    assert_eq!(
        (&told["webhook"], &told["job_state"]),
        (&Value::Null, &json!("ready"))
    );
    let page = company.developer.get("/projects/pay/setup").await;
    assert!(page.body.contains("Maintainer"), "{}", page.body);
    // Operations mend it in GitLab, and have it gone through again.
    company.world.gitlab().add_user(PORTAL, TOKEN, Scope::Api);
    let again = company.ops.post("/projects/pay/setup", &[]).await;
    assert_eq!(again.status, 303, "{}", again.body);
    let twice = company.ops.post("/projects/pay/setup", &[]).await;
    assert_eq!(twice.status, 409);
    company.settle().await;
    assert_eq!(company.hooks("pay").len(), 1);
    assert!(setup(&mut company).await["webhook"].is_i64());
    company.check().await;
}

#[tokio::test]
async fn a_job_that_was_edited_is_shown_and_restored_by_operations() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let by_hand = |xml: &str| xml.replace("go build", "echo by hand; go build");
    company.world.jenkins().edit_config("slipway/pay", by_hand);
    let page = company.developer.get("/projects/pay/setup").await;
    assert!(
        page.body.contains("Somebody changed this job"),
        "{}",
        page.body
    );
    assert!(page.body.contains("echo by hand"), "{}", page.body);
    assert!(!page.body.contains("Restore from the template"));
    let path = "/projects/pay/setup";
    let why = company
        .ops
        .post(path, &[("restore", "true"), ("reason", " ")])
        .await;
    assert_eq!(why.status, 400);
    assert!(why.body.contains("Say why"), "{}", why.body);
    // Going through it again leaves somebody's work alone.
    for (restore, is_edited) in [(false, true), (true, false)] {
        let body = json!({ "restore": restore, "reason": "Nobody knows what it was for" });
        let begun = company.ops.api(Method::POST, path, &body).await;
        assert_eq!(begun.status, 202, "{}", begun.body);
        company.settle().await;
        let is = |xml: &str| xml.contains("echo by hand");
        let found = company
            .world
            .jenkins()
            .config("slipway/pay")
            .is_some_and(is);
        assert_eq!(found, is_edited);
    }
    let page = company.developer.get(path).await;
    assert!(
        page.body.contains("does what its template does"),
        "{}",
        page.body
    );
    company.check().await;
}

/// A project may stay with the version of its template that it has, and follow it again later.
#[tokio::test]
async fn a_job_whose_template_moved_on_stays_behind_where_operations_say_so() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    let path = "/projects/pay/setup";
    let found = company.ops.api_get(path).await.json();
    assert_eq!(found["job_drift"], "same", "{found}");
    assert_eq!(found["job_made_from"], found["template_version"], "{found}");
    let former = found["template_version"].clone();
    let newer = |xml: &str| xml.replace("go build", "go vet; go build");
    company.world.jenkins().edit_config("templates/go", newer);
    let found = company.ops.api_get(path).await.json();
    assert_eq!(found["job_drift"], "behind", "{found}");
    assert_eq!(found["job_made_from"], former, "{found}");
    assert_ne!(found["template_version"], former, "{found}");
    let page = company.ops.get(path).await;
    let versions = format!(
        "there is version {} now",
        found["template_version"].as_str().unwrap()
    );
    assert!(page.text("main").contains(&versions), "{}", page.body);
    assert!(page.body.contains("Keep it as it is"), "{}", page.body);
    let content = found["job_content_sha256"].as_str().unwrap();
    let reason = ("reason", "Vet finds what nobody mends this month");
    let kept = company.ops.post(path, &[("keep", content), reason]).await;
    assert_eq!(kept.status, 303, "{}", kept.body);
    let found = company.ops.api_get(path).await.json();
    assert_eq!(found["job_drift"], "kept", "{found}");
    let vets = |company: &Company| {
        let jenkins = company.world.jenkins();
        let config = jenkins.config("slipway/pay");
        config.is_some_and(|xml| xml.contains("go vet"))
    };
    company.commit("pay", "Read a capture back after 409");
    company.open("pay").await;
    company.settle().await;
    assert!(!vets(&company), "a release copies no template over it");
    let body = json!({ "restore": true, "reason": "It is mended" });
    let begun = company.ops.api(Method::POST, path, &body).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    company.settle().await;
    assert!(vets(&company));
    let found = company.ops.api_get(path).await.json();
    assert_eq!(found["job_drift"], "same", "{found}");
    company.check().await;
}

/// What somebody changed may stay: then no template is copied over it, it is asked about again when
/// it is edited again, and it goes with its project like any job that the portal made.
#[tokio::test]
async fn a_job_that_was_edited_is_kept_by_operations_as_they_saw_it() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let edit = |company: &Company, from: &'static str, to: &'static str| {
        let by_hand = move |xml: &str| xml.replace(from, to);
        company.world.jenkins().edit_config("slipway/pay", by_hand);
    };
    edit(&company, "go build", "echo by hand; go build");
    let path = "/projects/pay/setup";
    let found = company.ops.api_get(path).await.json();
    assert_eq!(found["job_drift"], "edited", "{found}");
    let content = found["job_content_sha256"].as_str().unwrap().to_owned();
    let page = company.ops.get(path).await;
    assert!(page.body.contains(&content), "{}", page.body);
    let told = company.developer.get(path).await;
    assert!(!told.body.contains("Keep it as it is"));
    let reason = ("reason", "A cache that the template lacks");
    let silent = company
        .ops
        .post(path, &[("keep", &content), ("reason", "")])
        .await;
    assert_eq!(silent.status, 400);
    assert!(silent.body.contains("leaves its template"));

    // A yes is to what was seen.
    edit(&company, "echo by hand", "echo by two hands");
    let stale = company.ops.post(path, &[("keep", &content), reason]).await;
    assert_eq!(stale.status, 409, "{}", stale.body);
    let found = company.ops.api_get(path).await.json();
    let content = found["job_content_sha256"].as_str().unwrap().to_owned();
    let body = json!({ "keep": content, "reason": reason.1 });
    let refused = company.developer.api(Method::POST, path, &body).await;
    assert_eq!(refused.status, 403);
    let kept = company.ops.api(Method::POST, path, &body).await;
    assert_eq!(kept.status, 202, "{}", kept.body);
    let found = company.ops.api_get(path).await.json();
    assert_eq!(found["job_drift"], "kept", "{found}");
    let page = company.ops.get(path).await;
    assert!(page.body.contains("is to stay so"), "{}", page.body);
    let again = company.ops.post(path, &[]).await;
    assert_eq!(again.status, 303);
    company.settle().await;
    let is_kept = |xml: &str| xml.contains("echo by two hands");
    let kept = company
        .world
        .jenkins()
        .config("slipway/pay")
        .is_some_and(is_kept);
    assert!(kept);
    edit(&company, "echo by two hands", "echo by three");
    let found = company.ops.api_get(path).await.json();
    assert_eq!(found["job_drift"], "edited", "{found}");

    let body = json!({ "kind": "offboarding", "project": "pay", "note": "Over",
        "parameters": { "key": "pay" } });
    let filed = company
        .developer
        .api(Method::POST, "/requests", &body)
        .await;
    approve(&mut company.ops, filed.json()["number"].as_i64().unwrap()).await;
    company.settle().await;
    assert!(company.world.jenkins().config("slipway/pay").is_none());
    company.check().await;
}

#[tokio::test]
async fn what_was_made_for_a_project_without_a_release_goes_with_it() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let body = json!({ "kind": "offboarding", "project": "pay", "note": "A mistake",
        "parameters": { "key": "pay" } });
    let filed = company
        .developer
        .api(Method::POST, "/requests", &body)
        .await;
    assert_eq!(filed.status, 201, "{}", filed.body);
    let number = filed.json()["number"].as_i64().unwrap();
    let page = company.developer.get(&format!("/requests/{number}")).await;
    assert!(page.body.contains("Webhook removed"), "{}", page.body);
    approve(&mut company.ops, number).await;
    company.settle().await;
    assert!(company.hooks("pay").is_empty());
    assert!(company.world.jenkins().config("slipway/pay").is_none());
    let again = company.ops.post("/projects/pay/setup", &[]).await;
    assert_eq!(again.status, 409, "{}", again.body);
    company.check().await;
}
