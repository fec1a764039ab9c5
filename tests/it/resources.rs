//! Resources: whose an address is, asking for one, making it, retiring it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Browser;
use crate::support::company::{Company, approve};

async fn register(company: &mut Company, project: &str, name: &str, addresses: &[&str]) -> Value {
    let body = json!({
        "kind": "database", "name": name, "project": project, "environment": "prod",
        "site": "shanghai", "size": { "engine": "mysql", "storage_gib": 200 },
        "addresses": addresses, "labels": ["core"], "keeper": "DBA", "note": "Read in the night",
    });
    let answer = company.ops.api(Method::POST, "/resources", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

/// Names and what matched, of a search.
async fn found(browser: &mut Browser, query: &str) -> Vec<(String, String)> {
    let answer = browser.api_get(&format!("/resources?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let answer = answer.json();
    let items = answer["items"].as_array().unwrap().iter();
    items
        .map(|r| (text(&r["name"]), text(&r["matched"])))
        .collect()
}

fn pairs(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    wanted.iter().map(own).collect()
}

#[tokio::test]
async fn an_address_finds_whose_it_is_the_nearest_first() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.project("shop").await;
    register(
        &mut company,
        "pay",
        "net",
        &["10.2.0.0/16", "2001:db8::/32"],
    )
    .await;
    register(&mut company, "pay", "subnet", &["10.2.3.0/24"]).await;
    register(
        &mut company,
        "pay",
        "db",
        &["10.2.3.4:3306", "db.pay.example.com"],
    )
    .await;
    register(
        &mut company,
        "shop",
        "site",
        &["*.shop.example.com:443", "10.9.0.1"],
    )
    .await;

    let ops = &mut company.ops;
    let whose = [
        ("db", "10.2.3.4:3306"),
        ("subnet", "10.2.3.0/24"),
        ("net", "10.2.0.0/16"),
    ];
    assert_eq!(found(ops, "address=10.2.3.4").await, pairs(&whose));
    assert_eq!(found(ops, "q=10.2.3.4:8080").await, pairs(&whose));
    let six = [("net", "2001:db8::/32")];
    assert_eq!(found(ops, "address=2001:db8:7::1").await, pairs(&six));
    assert_eq!(found(ops, "address=[2001:db8:7::1]:80").await, pairs(&six));
    assert_eq!(found(ops, "address=2001:db9::1").await, []);
    let within = [
        ("subnet", "10.2.3.0/24"),
        ("db", "10.2.3.4:3306"),
        ("net", "10.2.0.0/16"),
    ];
    let mut all = found(ops, "address=10.2.3.0/24").await;
    all.sort();
    let mut wanted = pairs(&within);
    wanted.sort();
    assert_eq!(all, wanted);
    let name = [("db", "db.pay.example.com")];
    assert_eq!(found(ops, "q=pay.example.com").await, pairs(&name));
    assert_eq!(found(ops, "q=DB.pay.example.com").await, pairs(&name));
    assert_eq!(found(ops, "q=y.example.com").await, pairs(&[("db", "")]));
    assert_eq!(found(ops, "address=y.example.com").await, []);
    let wild = [("site", "*.shop.example.com:443")];
    assert_eq!(found(ops, "q=www.shop.example.com").await, pairs(&wild));

    let wrong = ops.api_get("/resources?address=10.2.3").await;
    assert_eq!(
        (
            wrong.status,
            wrong.json()["fields"][0]["field"].as_str().unwrap()
        ),
        (400, "address")
    );
    let filtered = found(ops, "kind=database&project=pay&label=core&q=su").await;
    assert_eq!(filtered, pairs(&[("subnet", "")]));
    assert_eq!(found(ops, "kind=cache").await, []);

    // The box in the header leads to projects, and finds there what is sought.
    let page = ops.get("/projects?q=10.2.3.4").await;
    assert!(page.text("main").contains("10.2.3.4:3306"), "{}", page.body);
    let page = ops.get("/resources?q=10.2.3.4").await;
    assert!(
        page.text("main")
            .contains("Whose is 10.2.3.4? The nearest first.")
    );
    assert!(!page.body.contains('⟦'), "{}", page.body);
    company.check().await;
}

#[tokio::test]
async fn strangers_to_a_project_learn_nothing_and_those_who_use_it_do() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let made = register(&mut company, "pay", "db", &["10.2.3.4"]).await;
    let (id, number) = (
        made["id"].as_str().unwrap(),
        made["number"].as_i64().unwrap(),
    );
    let mut stranger = company.portal.signed_in("stranger").await;
    assert_eq!(found(&mut stranger, "address=10.2.3.4").await, []);
    assert_eq!(found(&mut stranger, "").await, []);
    assert_eq!(
        stranger.api_get(&format!("/resources/{id}")).await.status,
        404
    );
    assert_eq!(
        stranger.get(&format!("/resources/{number}")).await.status,
        404
    );
    let csv = stranger.get("/resources.csv").await;
    assert_eq!(csv.body.lines().count(), 1, "{}", csv.body);
    let page = stranger.get("/projects?q=10.2.3.4").await;
    assert!(!page.text("main").contains("DBA"));

    // Another project that uses it may see it.
    let body = crate::support::company::onboarding("till");
    let mut body = body;
    body["owners"] = json!(["stranger"]);
    body["repository"] = json!("apps/pay");
    let asked = stranger.api(Method::POST, "/projects", &body).await;
    assert_eq!(asked.status, 201, "{}", asked.body);
    approve(&mut company.ops, asked.json()["request"].as_i64().unwrap()).await;
    company.settle().await;
    let draft = json!({ "kind": "database", "name": "db", "project": "pay",
        "size": { "engine": "mysql", "storage_gib": 400 }, "addresses": ["10.2.3.4", "10.2.3.5"],
        "used_by": ["till", "pay"] });
    let path = format!("/resources/{id}");
    let changed = company.ops.api(Method::PUT, &path, &draft).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(
        changed.json()["used_by"],
        json!(["till"]),
        "its owner is no guest"
    );
    let seen = found(&mut stranger, "address=10.2.3.5").await;
    assert_eq!(seen, pairs(&[("db", "10.2.3.5")]));
    let page = stranger.get("/projects/till/resources").await;
    assert!(page.text("main").contains("Used here, owned by others"));
    let csv = company.ops.get("/resources.csv?q=10.2.3.5").await;
    assert!(csv.body.contains("db,pay,till"), "{}", csv.body);
    company.check().await;
}

#[tokio::test]
async fn what_is_asked_for_is_approved_made_seen_and_retired() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let form = [
        ("kind", "cache"),
        ("name", "sessions"),
        ("environment", "prod"),
        ("purpose", ""),
        ("size.engine", "redis"),
        ("size.memory_gib", "eight"),
    ];
    let ask = "/projects/pay/resources/new";
    let refused = company.developer.post(ask, &form).await;
    assert_eq!(refused.status, 400);
    let said = refused.text("[role=alert]");
    assert!(
        said.contains("Purpose") && said.contains("Memory"),
        "{said}"
    );
    let mut form = form;
    form[3].1 = "Sessions of the till";
    form[5].1 = "8";
    let filed = company.developer.post(ask, &form).await;
    assert_eq!(filed.status, 303, "{}", filed.body);
    let number: i64 = filed
        .header("location")
        .rsplit('/')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let page = company.ops.get(&format!("/requests/{number}")).await;
    assert_eq!(page.text("h1"), "pay: resource sessions");
    assert!(
        page.text("table").contains("Cache sessions"),
        "{}",
        page.text("table")
    );
    approve(&mut company.ops, number).await;
    let request = company
        .ops
        .api_get(&format!("/requests/{number}"))
        .await
        .json();
    assert_eq!(request["state"], "approved", "nothing is made yet");

    // It waits for operations, and for nobody else.
    let home = company.ops.get("/").await;
    assert!(
        home.text(".inbox").contains("pay: make sessions"),
        "{}",
        home.text("main")
    );
    let home = company.developer.get("/").await;
    assert!(!home.text("main").contains("make sessions"));
    let asked = company
        .developer
        .api_get("/projects/pay/resources")
        .await
        .json();
    assert_eq!(asked["items"][0]["state"], "asked");
    let resource = asked["items"][0]["number"].as_i64().unwrap();

    let making = format!("/resources/{resource}/making");
    let wrong = company
        .ops
        .post(&making, &[("addresses", "10.2.3, a b")])
        .await;
    assert_eq!(wrong.status, 400);
    assert!(
        wrong.text(".error").contains("10.2.3 is no address"),
        "{}",
        wrong.text(".error")
    );
    let form = [
        ("addresses", "10.4.0.7:6379"),
        ("site", "shanghai"),
        ("keeper", "Platform"),
    ];
    assert_eq!(company.ops.post(&making, &form).await.status, 303);
    assert_eq!(
        company.ops.post(&making, &form).await.status,
        409,
        "made once"
    );
    let request = company
        .ops
        .api_get(&format!("/requests/{number}"))
        .await
        .json();
    assert_eq!(request["state"], "done");
    let seen = found(&mut company.developer, "address=10.4.0.7").await;
    assert_eq!(seen, pairs(&[("sessions", "10.4.0.7:6379")]));
    let page = company
        .developer
        .get(&format!("/resources/{resource}"))
        .await;
    let history = page.text("table.rows-stack");
    assert!(
        history.contains("Made zhao") && history.contains("Approved zhao"),
        "{history}"
    );
    assert!(!page.body.contains('⟦'), "{}", page.body);

    // Its owners ask that it go; what they were shown must still be so.
    let form = [("reason", "Sessions moved into the database")];
    let path = format!("/resources/{resource}/retirement-request");
    let filed = company.developer.post(&path, &form).await;
    assert_eq!(filed.status, 303, "{}", filed.body);
    let number: i64 = filed
        .header("location")
        .rsplit('/')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    approve(&mut company.ops, number).await;
    assert_eq!(found(&mut company.developer, "address=10.4.0.7").await, []);
    let gone = found(&mut company.developer, "address=10.4.0.7&state=retired").await;
    assert_eq!(gone, pairs(&[("sessions", "10.4.0.7:6379")]));
    let path = format!("/resources/{resource}/retirement");
    let again = company.ops.post(&path, &[("reason", "x")]).await;
    assert_eq!(again.status, 409);
    company.check().await;
}

#[tokio::test]
async fn operations_give_up_what_was_not_made_and_say_why() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let body = json!({ "kind": "resource", "project": "pay", "parameters": {
        "kind": "server", "name": "batch-1", "purpose": "Night run",
        "size": { "cores": 8, "memory_gib": 32, "disk_gib": 500 } } });
    let asked = company
        .developer
        .api(Method::POST, "/requests", &body)
        .await;
    assert_eq!(asked.status, 201, "{}", asked.body);
    let number = asked.json()["number"].as_i64().unwrap();
    approve(&mut company.ops, number).await;
    let all = company.ops.api_get("/resources").await.json();
    let id = all["items"][0]["id"].as_str().unwrap();
    let path = format!("/resources/{id}/retirement");
    let bare = company
        .ops
        .api(Method::POST, &path, &json!({ "reason": " " }))
        .await;
    assert_eq!(bare.status, 400);
    let why = json!({ "reason": "No rack is free before May" });
    let given_up = company.ops.api(Method::POST, &path, &why).await;
    assert_eq!(given_up.json()["state"], "retired", "{}", given_up.body);
    let request = company
        .ops
        .api_get(&format!("/requests/{number}"))
        .await
        .json();
    assert_eq!(request["state"], "failed");
    let home = company.ops.get("/").await;
    assert!(!home.text("main").contains("batch-1"));
    company.check().await;
}

#[tokio::test]
async fn pods_nodes_and_systems_are_found_by_what_is_on_record() {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    company.commit("pay", "Read a capture back after 409");
    let id = company.open("pay").await;
    company.settle().await;
    let story = company.release(&id).await;
    let pod = &story["deployments"][0]["observed"]["pods"][0];
    let ip = pod["ip"].as_str().unwrap().to_owned();
    let calls = company.world.transcript().all().len();

    let path = format!("/resources?address={ip}");
    let seen = company.developer.api_get(&path).await.json();
    assert_eq!(seen["elsewhere"][0]["kind"], "pod", "{seen}");
    assert_eq!(seen["elsewhere"][0]["name"], pod["name"]);
    assert_eq!(seen["elsewhere"][0]["of"], "pay test");
    let mut stranger = company.portal.signed_in("stranger").await;
    let nothing = stranger.api_get(&path).await.json();
    assert_eq!(nothing["elsewhere"], json!([]));

    // The simulators and the nodes are all on this machine.
    let path = "/resources?address=127.0.0.1";
    let seen = company.ops.api_get(path).await.json();
    let kinds: Vec<&str> = seen["elsewhere"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["kind"].as_str().unwrap())
        .collect();
    for kind in ["cluster", "connection", "node"] {
        assert!(kinds.contains(&kind), "{seen}");
    }
    let nothing = company.developer.api_get(path).await.json();
    assert_eq!(
        nothing["elsewhere"],
        json!([]),
        "systems are the platform's"
    );
    assert_eq!(
        company.world.transcript().all().len(),
        calls,
        "nothing outside was asked"
    );
    company.check().await;
}
