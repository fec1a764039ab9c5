//! Drafts: what was typed into a form stays until it is filed, thrown away, or old.

use slipway::{app, jobs};

use crate::support::browser::Answer;
use crate::support::company::Company;
use crate::support::{Browser, Portal};

use super::company;

const NEW: &str = "/projects/new";
const REMOVAL: &str = "/requests/drafts/removal";

/// The fields that a form shows, without its own address.
fn asked(page: &Answer) -> Vec<(String, String)> {
    let mut fields = page.fields();
    fields.retain(|(name, _)| name != "draft");
    fields
}

/// Changes some fields of a form as it came and presses the button that keeps it.
async fn keep(browser: &mut Browser, at: &str, changes: &[(&str, &str)]) -> Answer {
    let mut fields = browser.get(at).await.fields();
    fields.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let mut form: Vec<(&str, &str)> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    form.extend(changes);
    form.push(("draft.keep", "true"));
    let path = at.split('?').next().unwrap();
    browser.post(path, &form).await
}

async fn count(portal: &Portal, sql: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .fetch_one(&portal.db.owner)
        .await
        .unwrap()
}

const WHOLE: &[(&str, &str)] = &[
    ("key", "search-api"),
    ("description", "查找商品"),
    ("language", "java"),
    ("repository", "shop/search-api"),
    ("owners", "dev"),
    ("testers", "tess"),
    ("deploy_path", "/opt/search"),
    ("log_path", "/var/log/search"),
    ("start_command", "bin/start"),
    ("stop_command", "bin/stop"),
    ("health_path", "/healthz"),
    ("port", "8080"),
    ("note", "双十一之前上线 & \"soon\""),
];

#[tokio::test]
async fn a_draft_is_kept_listed_filled_in_again_and_ends_when_it_is_filed() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    assert_eq!(dev.get("/requests").await.text("#drafts"), "");
    let trail = "SELECT count(*) FROM audit_entry";
    let before = count(&portal, trail).await;

    // Half a form with what would be refused is kept as it is.
    let half = [
        ("key", "Search API!"),
        ("port", "none"),
        ("note", WHOLE[12].1),
    ];
    let answer = keep(&mut dev, NEW, &half).await;
    assert_eq!((answer.status, answer.header("location")), (303, NEW));
    let page = dev.get(NEW).await;
    assert!(page.text("#draft").contains("This is your draft. Kept"));
    for (name, value) in half {
        assert!(
            asked(&page).contains(&(name.to_owned(), value.to_owned())),
            "{name}"
        );
    }
    assert_eq!(count(&portal, "SELECT count(*) FROM request").await, 0);
    assert_eq!(count(&portal, trail).await, before, "a draft is no effect");

    // Kept again, it replaces what was there.
    assert_eq!(keep(&mut dev, NEW, WHOLE).await.status, 303);
    let list = dev.get("/requests").await;
    let listed = list.text("#drafts tbody");
    assert!(
        listed.starts_with("New project: search-api /projects/new"),
        "{listed}"
    );
    let page = dev.get(NEW).await;
    for (name, value) in WHOLE {
        let there = asked(&page).contains(&((*name).to_owned(), (*value).to_owned()));
        assert!(there, "{name}: {:?}", asked(&page));
    }

    // Others neither see it nor reach it.
    let mut tess = portal.signed_in("tess").await;
    assert!(!tess.get(NEW).await.body.contains("search-api"));
    assert_eq!(tess.get("/requests").await.text("#drafts"), "");
    assert_eq!(tess.post(REMOVAL, &[("draft", NEW)]).await.status, 404);

    // What is refused leaves it, what is filed ends it.
    let fields = page.fields();
    let mut form: Vec<(&str, &str)> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let mut wrong = form.clone();
    wrong.retain(|(name, _)| *name != "port");
    assert_eq!(dev.post(NEW, &wrong).await.status, 400);
    assert_eq!(
        count(&portal, "SELECT count(*) FROM request_draft").await,
        1
    );
    form.retain(|(name, _)| *name != "gitlab" && *name != "registry");
    let filed = dev.post(NEW, &form).await;
    assert_eq!(filed.status, 303, "{}", filed.body);
    assert_eq!(filed.header("location"), "/requests/1");
    assert_eq!(dev.get(NEW).await.text("#draft"), "");
    assert_eq!(dev.get("/requests").await.text("#drafts"), "");
}

#[tokio::test]
async fn a_draft_is_of_the_address_that_its_form_was_opened_at() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let base = "/projects/pay-gateway/resources/new";
    let (server, cache) = (format!("{base}?kind=server"), format!("{base}?kind=cache"));
    for (at, name) in [(&server, "one"), (&cache, "two")] {
        let answer = keep(&mut dev, at, &[("name", name)]).await;
        assert_eq!(answer.header("location"), at, "{}", answer.body);
        let has = (String::from("name"), name.to_owned());
        assert!(asked(&dev.get(at).await).contains(&has));
    }
    // An address of another form is not believed.
    let lie = [
        ("kind", "server"),
        ("draft", "//evil.example/"),
        ("draft.keep", "true"),
    ];
    let answer = dev.post(base, &lie).await;
    assert_eq!(answer.header("location"), base);
    assert_eq!(
        dev.get("/requests")
            .await
            .text("#drafts")
            .matches("Resource: pay-gateway")
            .count(),
        3
    );

    // Thrown away from the list, and begun anew from the form.
    let gone = dev.post(REMOVAL, &[("draft", &cache)]).await;
    assert_eq!((gone.status, gone.header("location")), (303, "/requests"));
    let anew = dev.post(REMOVAL, &[("anew", &server)]).await;
    assert_eq!(
        (anew.status, anew.header("location")),
        (303, server.as_str())
    );
    assert_eq!(dev.get(&server).await.text("#draft"), "");
    assert_eq!(
        dev.post(REMOVAL, &[("anew", "//evil.example/")])
            .await
            .status,
        404
    );

    // It gives no right: who left the project may neither keep, nor open what they kept.
    sqlx::query("DELETE FROM membership")
        .execute(&portal.db.owner)
        .await
        .unwrap();
    assert_eq!(dev.get(base).await.status, 404);
    assert_eq!(dev.post(base, &lie).await.status, 404);
}

#[tokio::test]
async fn what_is_too_much_is_refused_and_stays_in_the_form() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let long = "字".repeat(8000);
    let answer = keep(&mut dev, NEW, &[("description", &long)]).await;
    assert_eq!(answer.status, 400);
    let said = answer.text("[role=alert]");
    assert!(said.contains("Draft: Is longer than the 64 KiB"), "{said}");
    assert!(answer.body.contains(&long), "what was typed is still there");

    for n in 0..20 {
        let at = format!("{NEW}?copy={n}");
        let form = [("key", "x"), ("draft", at.as_str()), ("draft.keep", "true")];
        assert_eq!(dev.post(NEW, &form).await.status, 303);
    }
    let answer = keep(&mut dev, NEW, &[("note", "the one too many")]).await;
    assert_eq!(answer.status, 409);
    let said = answer.text("[role=alert]");
    assert!(said.contains("You have 20 drafts"), "{said}");
    assert_eq!(answer.text("#f-note"), "the one too many");
    // One that is there may still be kept again.
    let form = [
        ("key", "y"),
        ("draft", "/projects/new?copy=7"),
        ("draft.keep", "true"),
    ];
    assert_eq!(dev.post(NEW, &form).await.status, 303);
    assert_eq!(
        count(&portal, "SELECT count(*) FROM request_draft").await,
        20
    );
}

#[tokio::test]
async fn a_draft_goes_a_month_after_its_last_change() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let day = 86400.0;
    let timers = app::timers(&portal.app);
    let drafts = "SELECT count(*) FROM request_draft";
    keep(&mut dev, NEW, &[("key", "a")]).await;
    for (days, left) in [(29.0, 1), (31.0, 0)] {
        portal.db.set_clock_offset(days * day).await;
        jobs::run_due(&portal.app.db, &timers).await.unwrap();
        assert_eq!(count(&portal, drafts).await, left, "after {days} days");
    }
}

#[tokio::test]
async fn the_long_form_comes_back_whole_but_for_secrets() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let at = "/projects/pay/containers/new?environment=test";
    let typed = [
        ("parameters.replicas.min", "many"),
        ("parameters.args", "serve\r\n--名字=支付"),
        ("env.0.name", "MODE"),
        ("env.0.value", "直播"),
        ("env.1.name", "TOKEN"),
        ("env.1.value", "canary-of-a-draft"),
        ("env.1.secret", "true"),
        ("files.0.path", "/etc/pay/a.conf"),
        ("files.0.text", "a = 1\r\nb = 二"),
        ("note", "第一次"),
    ];
    let answer = keep(&mut company.developer, at, &typed).await;
    assert_eq!((answer.status, answer.header("location")), (303, at));
    let page = company.developer.get(at).await;
    let fields = asked(&page);
    for (name, value) in typed {
        let value = if name == "env.1.value" { "" } else { value };
        // A browser sends the line ends that a page cannot hold.
        let value = value.replace("\r\n", "\n");
        let is_there = |(n, v): &(String, String)| n == name && v.replace("\r\n", "\n") == value;
        assert!(fields.iter().any(is_there), "{name}: {fields:?}");
    }
    assert!(!page.body.contains("canary-of-a-draft"));
    let bodies = "SELECT count(*) FROM request_draft WHERE body LIKE '%canary%'";
    assert_eq!(count(&company.portal, bodies).await, 0);
    assert!(page.text(".seg [aria-current]").contains("test"));
    company.check().await;
}

#[tokio::test]
async fn every_form_of_a_request_keeps_drafts() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    let workloads = company.developer.api_get("/projects/pay/workloads").await;
    let workload = workloads.json()["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let removal = format!("/projects/pay/workloads/{workload}/removal");
    for at in [
        NEW,
        "/projects/pay/containers/new",
        "/projects/pay/containers/change?environment=test&component=main",
        "/projects/pay/resources/new",
        "/projects/pay/shell-access",
        "/projects/pay/offboarding",
        &removal,
    ] {
        let field = if at.ends_with("access") {
            "reason"
        } else {
            "note"
        };
        let field = if at.contains("resources") {
            "purpose"
        } else {
            field
        };
        let answer = keep(&mut company.developer, at, &[(field, "for later")]).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, at),
            "{at}"
        );
        let page = company.developer.get(at).await;
        assert!(page.text("#draft").contains("your draft"), "{at}");
        assert!(
            page.text("textarea").contains("for later"),
            "{at}: {}",
            page.text("textarea")
        );
    }
    let at = "/standards/platform/all";
    let half = [("document", "{ \"replicas\": "), ("note", "half of it")];
    let answer = keep(&mut company.ops, at, &half).await;
    assert_eq!((answer.status, answer.header("location")), (303, at));
    let page = company.ops.get(at).await;
    assert!(page.text("textarea").contains("{ \"replicas\":"));
    let listed = company.ops.get("/requests").await.text("#drafts tbody");
    assert!(listed.starts_with("Change of a standard"), "{listed}");
}
