//! What a yes made is taken back from the request's page: each kind leads to where that is done.

use reqwest::Method;
use serde_json::json;

use super::again::{ask, asked, company, first_artifact};
use crate::support::Browser;
use crate::support::browser::Answer;
use crate::support::company::{Company, approve};
use crate::support::legacy::{deploy_by_hand, legacy, namespace, row, take_over};

/// Where the page of a done request leads who takes it back.
fn link(page: &Answer) -> Option<String> {
    let (_, section) = page.body.split_once("<h2>Taking it back</h2>")?;
    let (_, rest) = section.split_once("href=\"")?;
    let (link, _) = rest.split_once('"')?;
    Some(link.to_owned())
}

/// The link of the newest done request of a kind, which leads this reader to a page that works.
async fn undo(who: &mut Browser, kind: &str) -> Option<String> {
    let all = who.api_get("/requests?for=all&state=done").await.json();
    let all = all["items"].as_array().expect("requests").clone();
    let done = all.into_iter().find(|r| r["kind"] == kind);
    let done = done.unwrap_or_else(|| panic!("no {kind} is done"));
    let page = who.get(&format!("/requests/{}", done["number"])).await;
    assert!(!page.body.contains('⟦'), "{}", page.body);
    let link = link(&page)?;
    let there = who.get(&link).await;
    assert_eq!(there.status, 200, "{kind}: {link}: {}", there.body);
    Some(link)
}

async fn done(company: &mut Company, number: i64) {
    approve(&mut company.ops, number).await;
    company.settle().await;
    let request = asked(company, number).await;
    assert_eq!(
        request["state"],
        "done",
        "{request} {}",
        company.runs().await
    );
}

/// A resource that was asked for and made, and its retirement.
async fn resource(company: &mut Company) -> i64 {
    let body = json!({ "kind": "resource", "project": "pay", "environment": "prod",
        "parameters": { "kind": "server", "name": "batch-1", "purpose": "Night run",
            "size": { "cores": 8, "memory_gib": 32, "disk_gib": 500 } } });
    let number = ask(company, &body).await;
    approve(&mut company.ops, number).await;
    let all = company.ops.api_get("/resources").await.json();
    let path = format!(
        "/resources/{}/making",
        all["items"][0]["id"].as_str().unwrap()
    );
    let where_it_is = json!({ "addresses": ["10.7.0.1"] });
    let made = company.ops.api(Method::POST, &path, &where_it_is).await;
    assert!(made.status < 300, "{}", made.body);
    number
}

#[tokio::test]
async fn each_kind_that_is_done_leads_to_where_it_is_taken_back() {
    let mut company = company().await;
    let scale = json!({ "kind": "scale", "project": "pay", "environment": "prod", "note": "Sale",
        "parameters": { "min": 3, "max": 8 } });
    let member = json!({ "kind": "membership", "project": "pay",
        "parameters": { "user": "stranger", "role": "viewer" } });
    let back = json!({ "kind": "rollback", "project": "pay", "environment": "prod",
        "parameters": { "artifact": first_artifact(&mut company).await, "reason": "It fails" } });
    let lin = &mut company.developer;
    let back_of = "/projects/pay/releases/2#back-prod".to_owned();
    assert_eq!(undo(lin, "production").await, Some(back_of));
    let page = lin.get("/projects/pay/releases/2").await;
    assert!(page.body.contains(r#"id="back-prod""#), "{}", page.body);
    let number = ask(&mut company, &member).await;
    // Owners and administrators give roles.
    approve(&mut company.admin, number).await;
    for body in [scale, back] {
        let number = ask(&mut company, &body).await;
        done(&mut company, number).await;
    }
    let supplied = resource(&mut company).await;
    let number = ask(
        &mut company,
        &json!({ "kind": "removal", "project": "pay", "environment": "test", "note": "Moved",
            "parameters": { "component": "main" } }),
    )
    .await;
    done(&mut company, number).await;
    let lin = &mut company.developer;
    let asked = lin.api_get("/requests?for=all&state=done").await.json();
    let of_test = |r: &&serde_json::Value| r["kind"] == "containers" && r["environment"] == "test";
    let asked = asked["items"]
        .as_array()
        .expect("requests")
        .iter()
        .find(of_test);
    let containers = asked.expect("containers in test")["number"].clone();

    let scaled = undo(lin, "scale").await.expect("a way back");
    assert!(
        scaled.starts_with("/projects/pay/containers/change?before="),
        "{scaled}"
    );
    for (kind, wanted) in [
        ("membership", "/projects/pay/members".to_owned()),
        ("rollback", "/projects/pay/releases".to_owned()),
        ("resource", "/resources/1#retire".to_owned()),
        (
            "removal",
            format!("/projects/pay/containers/new?copy={containers}"),
        ),
        (
            "containers",
            "/projects/pay/containers?environment=prod".to_owned(),
        ),
    ] {
        assert_eq!(undo(lin, kind).await, Some(wanted), "{kind}");
    }
    assert!(
        lin.get("/resources/1")
            .await
            .body
            .contains(r#"id="retire""#)
    );
    // A tester does none of this.
    for kind in ["production", "rollback", "removal", "resource"] {
        assert_eq!(undo(&mut company.tester, kind).await, None, "{kind}");
    }
    // What is retired is not retired again, but asked for.
    let number = ask(
        &mut company,
        &json!({ "kind": "retirement", "parameters": { "resource": 1, "reason": "Idle" } }),
    )
    .await;
    done(&mut company, number).await;
    let lin = &mut company.developer;
    let wanted = format!("/projects/pay/resources/new?copy={supplied}");
    assert_eq!(undo(lin, "retirement").await, Some(wanted.clone()));
    assert!(lin.get(&wanted).await.body.contains(r#"value="batch-1""#));
    assert_eq!(undo(lin, "resource").await, None);
    company.check().await;
}

#[tokio::test]
async fn a_project_that_went_is_asked_for_again_by_the_form_it_began_with() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let sees_all = undo(&mut company.ops, "onboarding").await;
    assert_eq!(sees_all, Some("/projects/pay/offboarding".to_owned()));
    let all = company.ops.api_get("/requests?for=all&state=done").await;
    let onboarding = all.json()["items"][0]["number"].clone();
    let going = json!({ "kind": "offboarding", "project": "pay", "note": "Replaced",
        "parameters": { "key": "pay" } });
    let number = ask(&mut company, &going).await;
    approve(&mut company.ops, number).await;
    company.settle().await;
    // Operations see by which request it began; its owner, who did not ask, begins anew.
    let ops = &mut company.ops;
    let wanted = format!("/projects/new?copy={onboarding}");
    assert_eq!(undo(ops, "offboarding").await, Some(wanted.clone()));
    assert!(ops.get(&wanted).await.body.contains(r#"value="apps/pay""#));
    assert_eq!(undo(ops, "onboarding").await, None, "it has gone");
    let mine = company.developer.get(&format!("/requests/{number}")).await;
    assert_eq!(link(&mine), Some("/projects/new".to_owned()));
    assert_eq!(company.developer.get("/projects/new").await.status, 200);
    // Off-boarding it once more is refused in words.
    let path = format!("/requests/{number}/copy");
    let again = company.developer.get(&path).await;
    assert_eq!(again.status, 403, "who left is no owner any more");
}

#[tokio::test]
async fn what_was_taken_over_is_given_back_workload_by_workload() {
    let mut company = Company::start().await;
    company
        .world
        .registry()
        .put_image("legacy/pay", "1.0", &[("by", "hand")]);
    let image = format!("{}/legacy/pay:1.0", company.outside.image_host());
    namespace(&company, "legacy").await;
    deploy_by_hand(&company, &legacy("legacy-pay", "legacy", &image)).await;
    company.advance(std::time::Duration::from_secs(120)).await;
    let _ = company.outside.add_project(&company.world, "apps/pay");
    let row = row(&company, ("legacy", "legacy-pay"), "pay");
    let number = take_over(&mut company, &[row]).await;
    let wanted = format!("/intakes/{number}");
    assert_eq!(undo(&mut company.ops, "intake").await, Some(wanted.clone()));
    let page = company.ops.get(&wanted).await;
    let there = "/projects/pay/containers?environment=test";
    assert!(page.body.contains(there), "{}", page.body);
    let containers = company.ops.get(there).await;
    assert!(containers.body.contains("/removal"), "{}", containers.body);
}
