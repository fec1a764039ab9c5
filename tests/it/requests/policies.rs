//! Whose yes is needed: policies, groups of people, who is left out.

use reqwest::Method;
use serde_json::{Value, json};
use slipway::identity::PlatformRole;

use super::{approve, company, decide, filed};
use crate::support::company::Company;
use crate::support::{Browser, Portal};

/// The usual people, an administrator, and two who answer for the databases.
async fn with_groups() -> Portal {
    let portal = company().await;
    portal.account("root", &[PlatformRole::Admin]).await;
    portal.account("dana", &[]).await;
    portal.account("dora", &[]).await;
    let mut root = portal.signed_in("root").await;
    let group = json!({ "key": "dba", "name": "Databases", "members": ["dana", "dora"] });
    let answer = root.api(Method::POST, "/groups", &group).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    portal
}

async fn put_policy(portal: &Portal, policy: &Value) -> Value {
    let mut root = portal.signed_in("root").await;
    let answer = root.api(Method::POST, "/policies", policy).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

fn of_onboarding(quorum: &Value) -> Value {
    json!({ "kind": "onboarding", "quorum": quorum, "note": "New projects need storage" })
}

#[tokio::test]
async fn each_group_gives_its_own_yeses() {
    let portal = with_groups().await;
    let quorum = json!([
        { "permission": "handle-requests", "needed": 1 }, { "group": "dba", "needed": 1 },
    ]);
    put_policy(&portal, &of_onboarding(&quorum)).await;
    let mut dev = portal.signed_in("dev").await;
    let (number, hash) = filed(&mut dev, "search-api").await;
    let page = dev.get(&format!("/requests/{number}")).await;
    let voters = page.text(".voters");
    assert!(
        voters.contains("Waits for one person from operations. ops"),
        "{voters}"
    );
    assert!(
        voters.contains("Waits for one person from the group dba. dana"),
        "{voters}"
    );

    let mut ops = portal.signed_in("ops").await;
    let (status, request) = decide(&mut ops, number, &approve(&hash)).await;
    assert_eq!(
        (status, &request["state"]),
        (201, &json!("open")),
        "a database yes is missing"
    );
    let mut second = portal.signed_in("ops2").await;
    assert_eq!(
        second.get("/requests").await.text(".bar nav.wide .count"),
        ""
    );
    let (status, request) = decide(&mut second, number, &approve(&hash)).await;
    assert_eq!(
        (status, &request["state"]),
        (201, &json!("open")),
        "two of one are not one of each"
    );

    let mut dana = portal.signed_in("dana").await;
    assert_eq!(dana.get("/requests").await.status, 200);
    let path = format!("/requests/{number}");
    assert_eq!(
        dana.api_get(&path).await.status,
        200,
        "who is asked may see what"
    );
    assert_eq!(
        dana.get("/requests").await.text(".bar nav.wide .count"),
        "1"
    );
    let (status, request) = decide(&mut dana, number, &approve(&hash)).await;
    assert_eq!(
        (status, &request["state"]),
        (201, &json!("approved")),
        "{request}"
    );
    let mut stranger = portal.signed_in("stranger").await;
    assert_eq!(stranger.api_get(&path).await.status, 404);
}

#[tokio::test]
async fn the_narrowest_policy_counts_and_the_preview_says_so() {
    let portal = with_groups().await;
    let one = json!([{ "group": "dba", "needed": 2 }]);
    let wide = put_policy(
        &portal,
        &json!({ "kind": "containers", "quorum": one,
        "note": "Everything" }),
    )
    .await;
    let narrow = put_policy(
        &portal,
        &json!({ "kind": "containers", "project": "pay-gateway",
        "quorum": [{ "permission": "handle-requests", "needed": 1 }], "note": "Known well" }),
    )
    .await;
    let mut root = portal.signed_in("root").await;
    let preview = async |root: &mut Browser, query: &str| {
        let answer = root
            .api_get(&format!("/policies/preview?kind=containers{query}"))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    let found = preview(&mut root, "&project=pay-gateway").await;
    assert_eq!(found["policy"], narrow["id"]);
    let found = preview(&mut root, "").await;
    assert_eq!(found["policy"], wide["id"]);
    assert_eq!(found["asked"][0]["count"], 2);
    assert_eq!(found["asked"][0]["people"][0]["user"], "dana");
    let answer = root
        .api_get("/policies/preview?kind=onboarding")
        .await
        .json();
    assert_eq!(answer["policy"], Value::Null);
    assert_eq!(answer["asked"][0]["permission"], "handle-requests");

    let page = root.get("/policies?kind=containers").await;
    assert!(
        page.text("dl").contains("2 people from the group dba dana"),
        "{}",
        page.text("dl")
    );
    let again = json!({ "kind": "containers", "quorum": one, "note": "Again" });
    let answer = root.api(Method::POST, "/policies", &again).await;
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (409, json!("policy-place-taken"))
    );
    let answer = root.api(Method::DELETE, "/groups/dba", &Value::Null).await;
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (409, json!("group-in-use"))
    );
    let path = format!("/policies/{}", wide["id"].as_str().unwrap());
    assert_eq!(
        root.api(Method::DELETE, &path, &Value::Null).await.status,
        204
    );
    assert_eq!(
        root.api(Method::DELETE, "/groups/dba", &Value::Null)
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn a_policy_that_makes_no_sense_is_refused_by_field() {
    let portal = with_groups().await;
    let mut root = portal.signed_in("root").await;
    let wrong = json!({ "kind": "magic", "quorum": [
        { "permission": "view-audit", "needed": 1 }, { "group": "nobody", "needed": 1 },
        { "group": "dba", "needed": 10 } ], "expires_hours": 0, "note": " " });
    let answer = root.api(Method::POST, "/policies", &wrong).await;
    assert_eq!(answer.status, 400);
    let fields = answer.json()["fields"].clone();
    let named: Vec<_> = fields
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        named,
        [
            "kind",
            "expires_hours",
            "note",
            "quorum.0.permission",
            "quorum.1.group",
            "quorum.2.needed"
        ]
    );
    let nobody = json!({ "kind": "onboarding", "note": "x", "excludes": ["builder"],
        "quorum": [{ "group": "dba", "needed": 1 }] });
    let answer = root.api(Method::POST, "/policies", &nobody).await;
    assert_eq!(
        answer.json()["fields"][0]["field"],
        "excludes",
        "{}",
        answer.body
    );
    // The same by the form, which keeps what was typed.
    let form = [
        ("kind", "onboarding"),
        ("who_0", ""),
        ("needed_0", "1"),
        ("note", "Because"),
        ("expires_hours", "24"),
        ("remind_hours", "12"),
    ];
    let answer = root.post("/policies", &form).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer
            .text("[role=alert]")
            .contains("Ask one to six groups"),
        "{}",
        answer.body
    );
    assert_eq!(answer.text("#f-note"), "Because");
    let form = [
        ("kind", "onboarding"),
        ("who_0", "group:dba"),
        ("needed_0", "2"),
        ("note", "Because"),
        ("expires_hours", "24"),
        ("remind_hours", "12"),
    ];
    assert_eq!(root.post("/policies", &form).await.status, 303);
    let listed = root.get("/policies").await.text("table");
    assert!(listed.contains("New project"), "{listed}");
    assert!(listed.contains("2 people from the group dba"), "{listed}");
    assert!(listed.contains("1 day"), "{listed}");
}

/// By every door: the author, whoever answers for a program, whoever built or confirmed it.
#[tokio::test]
async fn who_built_or_confirmed_a_release_does_not_decide_on_it_where_policy_says_so() {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    let policy = json!({ "kind": "production", "environment": "prod", "note": "Four eyes",
        "excludes": ["builder", "confirmer"],
        "quorum": [{ "permission": "approve-production", "needed": 1 }] });
    let answer = company.admin.api(Method::POST, "/policies", &policy).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    company.commit("pay", "Retry captures");
    let id = company.open("pay").await;
    company.settle().await;
    company.confirm(&id).await;
    let number = company.release(&id).await["number"].clone();
    let page = company
        .developer
        .get(&format!("/projects/pay/releases/{number}"))
        .await;
    let main = page.text("main");
    assert!(
        main.contains("one approval first, as the policy here asks"),
        "{main}"
    );
    // Another presses the button than who opened it; the one who opened it is an owner.
    let path = format!("/releases/{id}/deployments");
    let body = json!({ "environment": "prod" });
    let answer = company.ops.api(Method::POST, &path, &body).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let number = answer.json()["request"].as_i64().unwrap();
    let request = company
        .ops
        .api_get(&format!("/requests/{number}"))
        .await
        .json();
    let hash = request["hash"].as_str().unwrap().to_owned();
    let because: Vec<_> = request["excluded"]
        .as_array()
        .unwrap()
        .iter()
        .map(|x| (x["user"].as_str().unwrap(), x["because"].as_str().unwrap()))
        .collect();
    assert_eq!(because.len(), 2, "{request}");
    let (status, problem) = decide(&mut company.ops, number, &approve(&hash)).await;
    assert_eq!((status, &problem["code"]), (403, &json!("request-own")));
    let (status, problem) = decide(&mut company.developer, number, &approve(&hash)).await;
    assert_eq!(
        (status, &problem["code"]),
        (403, &json!("request-excluded-builder"))
    );
    // PostgreSQL refuses it too, whichever code asks.
    let refused = sqlx::query(
        "INSERT INTO decision (id, request_id, revision, hash, author_id, decider_id, verdict,
            comment)
         SELECT gen_random_uuid(), r.id, 1, v.hash, r.author_id, x.account_id, 'approve', ''
         FROM request r JOIN request_revision v ON v.request_id = r.id
         JOIN request_excluded x ON x.request_id = r.id AND x.because = 'builder'
         WHERE r.number = $1",
    )
    .bind(number)
    .execute(&company.portal.db.owner)
    .await
    .unwrap_err();
    let constraint = refused.as_database_error().unwrap().constraint();
    assert_eq!(constraint, Some("decision_not_by_excluded"));
    let mut sun = company.portal.signed_in("sun").await;
    let (status, _) = decide(&mut sun, number, &approve(&hash)).await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn a_preview_says_who_could_not_ask() {
    let portal = with_groups().await;
    let alone = json!({ "key": "net", "name": "Network", "members": ["dana"] });
    let mut root = portal.signed_in("root").await;
    let answer = root.api(Method::POST, "/groups", &alone).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    for (kind, group, needed) in [("onboarding", "net", 1), ("resource", "dba", 2)] {
        let quorum = json!([{ "group": group, "needed": needed }]);
        let policy = json!({ "kind": kind, "quorum": quorum, "note": "They know" });
        put_policy(&portal, &policy).await;
    }
    let page = root.get("/policies?kind=onboarding").await;
    let said = page.text("dl");
    assert!(
        said.contains("If dana the tester asks, nobody else can say yes."),
        "{said}"
    );
    let page = root.get("/policies?kind=resource").await;
    let said = page.text("dl");
    let two = "If one of dana the tester, dora the tester asks, too few are left to say yes.";
    assert!(said.contains(two), "{said}");
    // Of two of operations one may ask.
    let page = root.get("/policies?kind=containers").await;
    let said = page.text("dl");
    assert!(!said.contains("say yes"), "{said}");
}
