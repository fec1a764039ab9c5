//! Revisions: what was approved is what is done, or the approval is worth nothing.

use reqwest::Method;
use serde_json::{Value, json};

use super::{approve, company, decide, filed, filing};
use crate::support::browser::Answer;
use crate::support::company::{Company, parameters};
use crate::support::{Browser, Portal, seed};

async fn two_are_asked(portal: &Portal) {
    portal
        .account("root", &[slipway::identity::PlatformRole::Admin])
        .await;
    let mut root = portal.signed_in("root").await;
    let policy = json!({ "kind": "onboarding", "note": "Two pairs of eyes",
        "quorum": [{ "permission": "handle-requests", "needed": 2 }] });
    let answer = root.api(Method::POST, "/policies", &policy).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

async fn revise(browser: &mut Browser, number: i64, body: &Value) -> (u16, Value) {
    let answer = browser
        .api(Method::PUT, &format!("/requests/{number}"), body)
        .await;
    (answer.status, answer.json())
}

/// The issue's own proof: approve, change one field, and nothing can be applied on that approval.
#[tokio::test]
async fn an_approval_is_void_when_one_field_changes() {
    let portal = company().await;
    two_are_asked(&portal).await;
    let mut dev = portal.signed_in("dev").await;
    let mut ops = portal.signed_in("ops").await;
    let mut ops2 = portal.signed_in("ops2").await;
    let (number, first) = filed(&mut dev, "search-api").await;
    assert_eq!(decide(&mut ops, number, &approve(&first)).await.0, 201);

    let mut changed = seed::onboarding("search-api");
    changed["port"] = json!(9090);
    let body = json!({ "parameters": changed, "note": "Another port", "hash": first });
    let (status, problem) = revise(&mut ops, number, &body).await;
    assert_eq!(
        (status, &problem["code"]),
        (403, &json!("request-revise-own"))
    );
    let (status, request) = revise(&mut dev, number, &body).await;
    assert_eq!(
        (status, &request["revision"]),
        (200, &json!(2)),
        "{request}"
    );
    let second = request["hash"].as_str().unwrap().to_owned();
    assert_ne!(first, second);

    // The yes of before counts no longer, and a new one on the old content is refused.
    let (status, problem) = decide(&mut ops2, number, &approve(&first)).await;
    assert_eq!((status, &problem["code"]), (409, &json!("request-changed")));
    let form = [
        ("verdict", "approve"),
        ("hash", first.as_str()),
        ("comment", ""),
    ];
    let answer = ops2
        .post(&format!("/requests/{number}/decisions"), &form)
        .await;
    assert_eq!(answer.status, 409, "by the page as well");
    let (status, request) = decide(&mut ops2, number, &approve(&second)).await;
    assert_eq!(
        (status, &request["state"]),
        (201, &json!("open")),
        "one of two"
    );
    let page = ops.get(&format!("/requests/{number}")).await;
    assert!(
        page.text(".voters").contains("which no longer counts"),
        "{}",
        page.text(".voters")
    );
    assert!(page.text(".meta").contains("Revision 2"));
    // Whoever said yes sees what is otherwise now, and what they had before their eyes.
    let changed = page.text("section[aria-labelledby=changed-h]");
    assert!(changed.contains("Changed since revision 1"), "{changed}");
    assert!(changed.contains("parameters.port"), "{changed}");
    assert!(changed.contains("9090"), "{changed}");
    let path = format!("/requests/{number}/revisions/1");
    let was = ops.get(&path).await;
    let text = was.text("main");
    assert!(text.contains("revision 2"), "{text}");
    assert!(text.contains("ops the tester"), "{text}");
    assert!(!was.body.contains('⟦'), "{}", was.body);
    let was = ops.api_get(&path).await.json();
    assert_eq!(was["hash"], first);
    assert_eq!(was["parameters"]["port"], seed::onboarding("x")["port"]);
    let port = was["changes"].as_array().expect("the changes");
    assert!(
        port.iter()
            .any(|c| c["field"] == "parameters.port" && c["to"] == 9090)
    );
    let none = ops.get(&format!("/requests/{number}/revisions/3")).await;
    assert_eq!(none.status, 404);
    let (status, request) = decide(&mut ops, number, &approve(&second)).await;
    assert_eq!((status, &request["state"]), (201, &json!("approved")));

    let (status, problem) = revise(&mut dev, number, &body).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("request-is-approved"))
    );
}

/// Reasons are judged as well: a yes to one is none to another.
#[tokio::test]
async fn an_approval_is_void_when_the_reason_changes() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let mut ops = portal.signed_in("ops").await;
    let (number, first) = filed(&mut dev, "search-api").await;
    let body = json!({ "parameters": filing("search-api")["parameters"],
        "note": "For everybody outside", "hash": first });
    let (status, request) = revise(&mut dev, number, &body).await;
    assert_eq!((status, &request["revision"]), (200, &json!(2)));
    let second = request["hash"].as_str().expect("a hash").to_owned();
    let (status, problem) = decide(&mut ops, number, &approve(&first)).await;
    assert_eq!((status, &problem["code"]), (409, &json!("request-changed")));
    let (status, request) = decide(&mut ops, number, &approve(&second)).await;
    assert_eq!((status, &request["state"]), (201, &json!("approved")));
}

#[tokio::test]
async fn a_change_of_what_somebody_else_changed_meanwhile_is_refused() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let (number, hash) = filed(&mut dev, "search-api").await;
    let body = json!({ "parameters": filing("search-api")["parameters"], "note": "Same",
        "hash": "0".repeat(64) });
    let (status, problem) = revise(&mut dev, number, &body).await;
    assert_eq!((status, &problem["code"]), (409, &json!("request-changed")));
    let same = json!({ "parameters": filing("search-api")["parameters"], "note": "Spring sale",
        "hash": hash });
    let (status, request) = revise(&mut dev, number, &same).await;
    assert_eq!(
        (status, &request["revision"]),
        (200, &json!(1)),
        "nothing differs"
    );
    let wrong = json!({ "parameters": { "key": "search-api" }, "hash": hash });
    let (status, problem) = revise(&mut dev, number, &wrong).await;
    assert_eq!(status, 400, "{problem}");
}

/// A layer, a template, a desired revision that moved: deciders are shown what is true now.
#[tokio::test]
async fn what_moved_meanwhile_becomes_a_revision_that_is_decided_anew() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let mut ops = portal.signed_in("ops").await;
    let (number, hash) = filed(&mut dev, "search-api").await;
    let page = ops.get(&format!("/requests/{number}")).await;
    assert_eq!(page.text("main .notice"), "", "nothing has moved");
    // Its registry is another one now.
    for sql in [
        "INSERT INTO connection SELECT (jsonb_populate_record(c,
            jsonb_build_object('id', gen_random_uuid(), 'key', 'newer'))).*
         FROM connection c WHERE kind = 'registry'",
        "UPDATE connection SET kind = 'gitlab' WHERE kind = 'registry' AND key <> 'newer'",
        "UPDATE connection SET kind = 'jenkins' WHERE kind = 'gitlab' AND key <> 'gitlab'",
    ] {
        sqlx::query(sql).execute(&portal.db.owner).await.unwrap();
    }
    let page = ops.get(&format!("/requests/{number}")).await;
    let said = page.text("main .notice");
    assert!(said.contains("has changed since it was filed"), "{said}");

    let (status, problem) = decide(&mut ops, number, &approve(&hash)).await;
    assert_eq!((status, &problem["code"]), (409, &json!("request-moved")));
    let request = ops.api_get(&format!("/requests/{number}")).await.json();
    assert_eq!(
        (&request["revision"], &request["because"]),
        (&json!(2), &json!("moved"))
    );
    let fresh = request["hash"].as_str().unwrap().to_owned();
    assert_ne!(fresh, hash);
    let (status, request) = decide(&mut ops, number, &approve(&fresh)).await;
    assert_eq!((status, &request["state"]), (201, &json!("approved")));
}

/// What a request asked for once may be asked again, secrets and all, by its own author alone.
#[tokio::test]
async fn secrets_stay_what_they_were_when_a_request_changes() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let mut document = parameters();
    document["env"] = json!([{ "name": "TOKEN", "secret_value": "s3cret" }]);
    let body = json!({ "kind": "containers", "project": "pay", "environment": "test",
        "parameters": { "parameters": document }, "note": "" });
    let answer = company
        .developer
        .api(Method::POST, "/requests", &body)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let request = answer.json();
    let number = request["number"].as_i64().unwrap();
    let mut asked = request["parameters"].clone();
    assert!(
        asked["parameters"]["env"][0]["secret"]["id"].is_string(),
        "{asked}"
    );
    asked["parameters"]["port"] = json!(9090);
    let body = json!({ "parameters": asked, "note": "", "hash": request["hash"] });
    let (status, changed) = revise(&mut company.developer, number, &body).await;
    assert_eq!(
        (status, &changed["revision"]),
        (200, &json!(2)),
        "{changed}"
    );
    let secret = &changed["parameters"]["parameters"]["env"][0]["secret"];
    assert_eq!(
        secret,
        &request["parameters"]["parameters"]["env"][0]["secret"]
    );
    // A secret that this request never held is not to be had by naming it.
    let mut stolen = asked.clone();
    stolen["parameters"]["env"][0]["secret"]["id"] = json!(uuid::Uuid::nil());
    let body = json!({ "parameters": stolen, "note": "", "hash": changed["hash"] });
    let (status, problem) = revise(&mut company.developer, number, &body).await;
    assert_eq!(status, 400, "{problem}");
    assert!(
        problem["fields"][0]["field"]
            .as_str()
            .unwrap()
            .ends_with(".env"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_form_changes_an_open_request_and_starts_a_copy_of_one_that_is_decided() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let mut ops = portal.signed_in("ops").await;
    let (number, hash) = filed(&mut dev, "search-api").await;
    let page = dev.get(&format!("/requests/{number}")).await;
    let change = format!("/projects/new?revise={number}");
    assert!(page.body.contains(&change), "the author may change it");
    assert!(
        !ops.get(&format!("/requests/{number}"))
            .await
            .body
            .contains(&change)
    );
    assert_eq!(ops.get(&change).await.status, 403);
    let form = dev.get(&change).await;
    assert!(
        form.body
            .contains(&format!(r#"name="seen" value="{hash}""#))
    );
    assert!(
        form.body.contains(r#"value="shop/search-api""#),
        "what was asked is there"
    );
    let revises = number.to_string();
    let mut typed = vec![
        ("revises", revises.as_str()),
        ("seen", hash.as_str()),
        ("key", "search-api"),
        ("description", "Finds things"),
        ("language", "java"),
        ("repository", "shop/search-api"),
        ("owners", "dev"),
        ("testers", "tess"),
        ("deploy_path", "/opt/search"),
        ("log_path", "/var/log/search"),
        ("start_command", "bin/start"),
        ("stop_command", "bin/stop"),
        ("health_path", "/healthz"),
        ("port", "9090"),
        ("note", "Another port"),
    ];
    assert_eq!(dev.post("/projects/new", &typed).await.status, 303);
    let request = dev.api_get(&format!("/requests/{number}")).await.json();
    assert_eq!(
        (&request["revision"], &request["parameters"]["port"]),
        (&json!(2), &json!(9090))
    );
    // A second tab that still shows the first revision loses nothing, and overwrites nothing.
    typed[13] = ("port", "7070");
    let answer = dev.post("/projects/new", &typed).await;
    assert_eq!(answer.status, 409);
    assert!(
        answer.body.contains(r#"value="7070""#),
        "what was typed is kept"
    );

    let (status, _) = decide(
        &mut ops,
        number,
        &json!({ "verdict": "reject", "comment": "No",
        "hash": request["hash"] }),
    )
    .await;
    assert_eq!(status, 201);
    assert_eq!(dev.get(&change).await.status, 409);
    let copy = format!("/projects/new?copy={number}");
    assert!(
        dev.get(&format!("/requests/{number}"))
            .await
            .body
            .contains(&copy)
    );
    let form = dev.get(&copy).await;
    assert!(form.body.contains(r#"value="9090""#) && !form.body.contains(r#"name="revises""#));
}

#[tokio::test]
async fn the_long_form_changes_a_request_and_keeps_what_nobody_touched() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let mut asked = parameters();
    asked["env"] = json!([{ "name": "MODE", "value": "fast" },
        { "name": "TOKEN", "secret_value": "s3cr3t-of-pay" }]);
    asked["nodes"] = json!([{ "label": "disk", "value": "ssd" }]);
    asked["files"] = json!([{ "path": "/etc/pay/key", "secret_value": "s3cr3t-in-a-file" },
        { "path": "/etc/pay/conf", "text": "a=1" }]);
    let body = json!({ "kind": "containers", "project": "pay", "environment": "test",
        "note": "First place", "parameters": { "parameters": asked,
            "per_cluster": { "sh-test": { "grace_seconds": 50 } } } });
    let lin = &mut company.developer;
    let filed = lin.api(Method::POST, "/requests", &body).await;
    assert_eq!(filed.status, 201, "{}", filed.body);
    let number = filed.json()["number"].as_i64().unwrap();
    let before = lin.api_get(&format!("/requests/{number}")).await.json();
    let form = format!("/projects/pay/containers/new?revise={number}");
    assert_eq!(company.ops.get(&form).await.status, 403);
    let lin = &mut company.developer;
    let page = lin.get(&form).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(!page.body.contains("s3cr3t"));
    let sent = |page: &Answer, changes: &[(&str, &str)]| {
        let mut fields = page.fields();
        for (name, value) in changes {
            let field = fields.iter_mut().find(|(n, _)| n == name);
            field.unwrap_or_else(|| panic!("no {name}")).1 = (*value).to_owned();
        }
        fields
    };
    let path = "/projects/pay/containers/new";
    let changed = sent(&page, &[("parameters.replicas.max", "7")]);
    let pairs: Vec<_> = changed
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let done = lin.post(path, &pairs).await;
    assert_eq!(done.status, 303, "{}", done.body);
    let after = lin.api_get(&format!("/requests/{number}")).await.json();
    let mut wanted = before["parameters"].clone();
    wanted["parameters"]["replicas"]["max"] = json!(7);
    let kept = |told: &Value| {
        let own = &told["parameters"];
        (
            own["replicas"].clone(),
            own["env"].clone(),
            own["nodes"].clone(),
            own["files"].clone(),
        )
    };
    assert_eq!(kept(&after["parameters"]), kept(&wanted));
    let file = &after["parameters"]["parameters"]["files"][0];
    assert!(file["stored"]["id"].is_string(), "{file}");
    let patches = |told: &Value| told["parameters"]["per_cluster"].clone();
    assert_eq!(patches(&after), patches(&before));
    assert_eq!(patches(&before)["sh-test"]["grace_seconds"], 50);
    assert_eq!(
        (&after["revision"], &after["note"]),
        (&json!(2), &json!("First place"))
    );
    // A copy is a request of its own: what it keeps secret is typed again.
    let copy = lin.get(&format!("{path}?copy={number}")).await;
    let copied = sent(&copy, &[]);
    let pairs: Vec<_> = copied
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let refused = lin.post(path, &pairs).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(refused.body.contains("env"), "{}", refused.body);
}

/// What no object shows is on the page nevertheless: how many there are without an autoscaler, what
/// runs before a deployment, where the service registers.
#[tokio::test]
async fn whoever_decides_is_shown_what_stands_in_no_object() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let mut document = parameters();
    document["replicas"] = json!({ "min": 3, "max": 3 });
    document["discovery"] = json!("nacos");
    document["before_deploy"] =
        json!({ "kind": "exec", "command": ["/app/migrate", "up"], "timeout_seconds": 60 });
    document["before_stop"] = json!({ "kind": "exec",
        "command": ["/bin/sh", "-c", "curl -X PUT localhost/leave && sleep 12"] });
    let body = json!({ "kind": "containers", "project": "pay", "environment": "test",
        "parameters": { "component": "main", "parameters": document }, "note": "A place" });
    let filed = company
        .developer
        .api(Method::POST, "/requests", &body)
        .await;
    assert_eq!(filed.status, 201, "{}", filed.body);
    let path = format!("/requests/{}", filed.json()["number"]);
    let page = company.ops.get(&path).await;
    let facts = page.text("table.facts");
    for said in ["Clusters sh-test", "3 to 3", "nacos", "/app/migrate up"] {
        assert!(facts.contains(said), "{said}: {facts}");
    }
    company.check().await;
}
