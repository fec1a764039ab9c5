//! Images that are there already: imported by name, kept by digest, let into production by a
//! tester's word, a waiver, or because production ran them before.

use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use slipway_sim::{Fault, System};
use sqlx::{Connection as _, PgConnection};

use crate::support::Browser;
use crate::support::browser::Answer;
use crate::support::company::{Company, approve};

const IMAGES: &str = "/projects/pay/images";

async fn company() -> (Company, String) {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    let mut registry = company.world.registry();
    let digest = registry.put_image("vendor/redis", "7.4", &[("by", "vendor")]);
    drop(registry);
    (company, digest)
}

async fn import(browser: &mut Browser, image: &str) -> Answer {
    let body = json!({ "image": image, "note": "The vendor's cache, scanned on Monday" });
    browser.api(Method::POST, IMAGES, &body).await
}

async fn imported(company: &mut Company, image: &str) -> Value {
    let answer = import(&mut company.ops, image).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    company.settle().await;
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    company.release(&id).await
}

fn id(story: &Value) -> String {
    story["id"].as_str().unwrap().to_owned()
}

async fn deploy(company: &mut Company, id: &str) -> Answer {
    let path = format!("/releases/{id}/deployments");
    let body = json!({ "environment": "prod" });
    company.developer.api(Method::POST, &path, &body).await
}

#[tokio::test]
async fn a_tag_becomes_its_digest_and_goes_the_whole_way() {
    let (mut company, digest) = company().await;
    let host = company.outside.image_host().to_owned();
    let story = imported(&mut company, &format!("{host}/vendor/redis:7.4")).await;
    assert_eq!(story["state"], "awaiting_confirmation", "{story}");
    assert_eq!(story["origin"], "imported");
    assert_eq!(story["artifact"]["digest"], digest.as_str());
    assert_eq!(story["builds"], json!([]), "nothing is built");
    let runs = |company: &Company, cluster: &str, namespace: &str| {
        company.image(cluster, namespace, "pay")
    };
    let wanted = format!("{host}/vendor/redis:7.4@{digest}");
    assert_eq!(runs(&company, "sh-test", "pay-test"), wanted);

    // The vendor moves the tag; nothing of ours moves.
    let moved = company
        .world
        .registry()
        .put_image("vendor/redis", "7.4", &[("by", "other")]);
    assert_ne!(moved, digest);
    let id = id(&story);
    let refused = deploy(&mut company, &id).await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str().unwrap()),
        (409, "production-not-confirmed")
    );
    let page = company.developer.get("/projects/pay/releases/1").await;
    let said = page.text("main");
    assert!(
        said.contains("imported, not built here") && said.contains("scanned on Monday"),
        "{said}"
    );
    assert!(!page.body.contains('⟦'), "{}", page.body);
    let by_page = [("environment", "prod")];
    let refused = company
        .developer
        .post("/projects/pay/releases/1/deployments", &by_page)
        .await;
    assert_eq!(refused.status, 409);

    company.confirm(&id).await;
    company.send_to_production(&id).await;
    assert_eq!(
        company.release(&id).await["state"],
        "released",
        "{}",
        company.runs().await
    );
    assert_eq!(runs(&company, "sh-prod", "pay-prod"), wanted);

    // The moved tag is another image, and the first is known.
    let again = import(&mut company.ops, &format!("vendor/redis@{digest}")).await;
    assert_eq!(
        again.status, 201,
        "by its digest it has another name: {}",
        again.body
    );
    let twice = import(&mut company.ops, &format!("vendor/redis@{digest}")).await;
    assert_eq!(
        (twice.status, twice.json()["code"].as_str().unwrap()),
        (409, "import-twice")
    );
    let story = imported(&mut company, "vendor/redis:7.4").await;
    assert_eq!(story["artifact"]["digest"], moved.as_str());
    company.check().await;
}

#[tokio::test]
async fn what_cannot_be_imported_is_said_in_words() {
    let (mut company, _) = company().await;
    let cases = [
        ("redis", "import-name-wrong"),
        ("vendor/redis:7.9", "import-image-missing"),
        ("docker.io/library/redis:7.4", "import-other-registry"),
    ];
    for (image, code) in cases {
        let answer = import(&mut company.ops, image).await;
        assert_eq!(answer.status, 400, "{image}: {}", answer.body);
        let field = answer.json()["fields"][0].clone();
        assert_eq!(
            (&field["field"], &field["code"]),
            (&json!("image"), &json!(code)),
            "{field}"
        );
    }
    company.world.fault(Fault::on(System::REGISTRY).always());
    let answer = import(&mut company.ops, "vendor/redis:7.4").await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    let form = [
        ("image", "vendor/redis:7.4"),
        ("note", "Cache"),
        ("baseline", ""),
    ];
    let page = company.ops.post("/projects/pay/images/new", &form).await;
    assert_eq!(page.status, 503);
    assert!(
        page.text("[role=alert]")
            .contains("registry does not answer"),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("vendor/redis:7.4"),
        "what was typed is kept"
    );
    company.world.faults().clear();
    let bare = json!({ "image": "vendor/redis:7.4", "note": " " });
    let bare = company.ops.api(Method::POST, IMAGES, &bare).await;
    assert_eq!(bare.json()["fields"][0]["field"], "note");
    let theirs = import(&mut company.developer, "vendor/redis:7.4").await;
    assert_eq!(
        theirs.status, 403,
        "an image's name is taken from operations alone"
    );
    company.check().await;
}

#[tokio::test]
async fn a_waiver_needs_somebody_else_of_operations_and_a_reason() {
    let (mut company, digest) = company().await;
    let story = imported(&mut company, "vendor/redis:7.4").await;
    let id = id(&story);
    let path = format!("/releases/{id}/waiver");
    let asked = json!({ "digest": digest, "note": "The vendor tests it; we have no till in test" });
    let own = company.ops.api(Method::POST, &path, &asked).await;
    assert_eq!(
        (own.status, own.json()["code"].as_str().unwrap()),
        (403, "waive-own")
    );
    let theirs = company.tester.api(Method::POST, &path, &asked).await;
    assert_eq!(theirs.status, 403);
    let mut sun = company.portal.signed_in("sun").await;
    let bare = sun
        .api(Method::POST, &path, &json!({ "digest": digest }))
        .await;
    assert_eq!(bare.status, 400, "{}", bare.body);
    let page = sun.get("/projects/pay/releases/1").await;
    assert!(
        page.text("aside").contains("Waive the test of release 1"),
        "{}",
        page.text("aside")
    );
    let form = [("digest", digest.as_str()), ("note", "The vendor tests it")];
    let done = sun.post("/projects/pay/releases/1/waiver", &form).await;
    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(
        sun.api(Method::POST, &path, &asked).await.status,
        409,
        "once"
    );

    // It shows wherever the image does, and whoever approves reads it.
    let page = company.developer.get("/projects/pay/releases/1").await;
    let said = page.text("main");
    assert!(
        said.contains("Let through without a test") && said.contains("The vendor tests it"),
        "{said}"
    );
    let pressed = deploy(&mut company, &id).await;
    assert_eq!(pressed.status, 202, "{}", pressed.body);
    let number = pressed.json()["request"].as_i64().unwrap();
    let page = company.ops.get(&format!("/requests/{number}")).await;
    assert!(
        page.text("table")
            .contains("Without a test sun the tester: The vendor tests it"),
        "{}",
        page.text("table")
    );
    approve(&mut company.ops, number).await;
    company.settle().await;
    assert_eq!(company.release(&id).await["confirmation"]["kind"], "waiver");
    let overview = company.developer.get("/projects/pay").await;
    let lanes = overview.text(".lanes");
    assert!(lanes.contains("let through without a test"), "{lanes}");
    company.check().await;
}

#[tokio::test]
async fn what_was_built_here_is_never_waived() {
    let (mut company, _) = company().await;
    company.commit("pay", "Read a capture back after 409");
    let built = company.open("pay").await;
    company.settle().await;
    let digest = company.release(&built).await["artifact"]["digest"].clone();
    let asked = json!({ "digest": digest, "note": "In a hurry" });
    let path = format!("/releases/{built}/waiver");
    let refused = company.ops.api(Method::POST, &path, &asked).await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str().unwrap()),
        (409, "waive-built")
    );

    // Nor past the portal, as the application's own role.
    let url = company.portal.db.app_url.expose_secret().to_owned();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    for (origin, constraint) in [
        ("NULL", "confirmation_without_test_imported"),
        ("'built'", "confirmation_without_test_imported"),
        ("'imported'", "confirmation_origin_of_artifact"),
    ] {
        let sql = format!(
            "INSERT INTO confirmation (id, artifact_id, kind, account_id, note, origin)
             SELECT gen_random_uuid(), x.id, 'waiver', a.id, 'why', {origin}
             FROM artifact x, account a WHERE a.name = 'zhao'"
        );
        let error = sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(&mut connection)
            .await
            .unwrap_err();
        let found = error
            .as_database_error()
            .unwrap()
            .constraint()
            .map(str::to_owned);
        assert_eq!(found.as_deref(), Some(constraint), "{origin}");
    }
    let lie = "INSERT INTO artifact (id, project_id, release_id, repository, tag, digest, size_bytes,
            origin) SELECT gen_random_uuid(), project_id, id, 'a/b', 'c', 'sha256:' || repeat('a', 64),
            1, 'imported' FROM release WHERE origin = 'built' LIMIT 1";
    let error = sqlx::query(lie).execute(&mut connection).await.unwrap_err();
    let named = error
        .as_database_error()
        .unwrap()
        .constraint()
        .map(str::to_owned);
    assert!(
        ["artifact_origin_of_release", "artifact_release_key"].contains(&named.unwrap().as_str())
    );
    company.check().await;
}

#[tokio::test]
async fn what_production_ran_before_is_the_way_back() {
    let (mut company, digest) = company().await;
    let host = company.outside.image_host().to_owned();
    let body = json!({ "image": "vendor/redis:7.4", "note": "Ran here since 2019",
        "baseline": "prod" });
    let early = company.ops.api(Method::POST, IMAGES, &body).await;
    assert_eq!(
        (early.status, early.json()["code"].as_str().unwrap()),
        (409, "import-baseline-other")
    );

    // Production runs it before the portal has put anything there.
    let place = ("sh-prod", "pay-prod", "pay");
    company
        .run_by_hand(place, &format!("{host}/vendor/redis:7.4"), 2)
        .await;
    let made = company.ops.api(Method::POST, IMAGES, &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let story = made.json();
    assert_eq!(
        (&story["state"], &story["confirmation"]["kind"]),
        (&json!("released"), &json!("baseline"))
    );
    assert_eq!(story["deployments"], json!([]), "it goes nowhere");
    let page = company.developer.get("/projects/pay/releases/1").await;
    assert!(
        page.text("main").contains("It is the way back"),
        "{}",
        page.text("main")
    );
    let ways = company
        .developer
        .api_get("/projects/pay/environments/prod/rollbacks")
        .await
        .json();
    assert_eq!(
        ways["items"][0]["artifact"]["digest"],
        digest.as_str(),
        "{ways}"
    );

    company.commit("pay", "Read a capture back after 409");
    let id = company.open("pay").await;
    company.settle().await;
    company.confirm(&id).await;
    company.send_to_production(&id).await;
    let back = json!({ "artifact": ways["items"][0]["artifact"]["id"], "reason": "It loops" });
    let path = "/projects/pay/environments/prod/rollbacks";
    let pressed = company.developer.api(Method::POST, path, &back).await;
    assert_eq!(pressed.status, 201, "{}", pressed.body);
    company.settle().await;
    assert!(
        company
            .image("sh-prod", "pay-prod", "pay")
            .ends_with(&digest)
    );
    company.check().await;
}
