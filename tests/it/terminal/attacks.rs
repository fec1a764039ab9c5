//! Ways in that must stay shut: other sites, borrowed passes, other people's pods.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{Knock, Stage, open};
use crate::support::{Browser, seed};

/// A browser that was lured elsewhere still sends its cookie, and must say where it is.
#[tokio::test]
async fn another_sites_page_gets_no_terminal() {
    let mut stage = Stage::start().await;
    let way = stage.open().await;
    let own = stage.company.portal.url.clone();
    let port: u16 = own.rsplit(':').next().unwrap().parse().unwrap();
    let origins = [
        Some("https://evil.example".to_owned()),
        Some("null".to_owned()),
        Some(format!("{own}.evil.example")),
        Some(format!("http://127.0.0.1:{}", port.wrapping_add(1))),
        Some(own.replace("http", "https")),
        Some("http://rebound.example".to_owned()),
        None,
    ];
    for origin in &origins {
        let lin = &stage.company.developer;
        let mut knock = Knock::of(lin, &way);
        knock.origin = origin.clone();
        assert_eq!(knock.enter().await.err(), Some(403), "{origin:?}");
    }
    let trail = stage.trail("terminal.attach").await;
    assert_eq!(trail.len(), origins.len());
    assert!(
        trail
            .iter()
            .all(|e| e["result"] == "refused" && e["account"] == "lin")
    );
    // The pass was not used up by any of them.
    stage.come(&way).await;
}

/// The name under which an attacker's name server points at us counts for nothing.
#[tokio::test]
async fn the_host_that_a_request_names_is_not_believed() {
    let mut stage = Stage::start().await;
    let way = stage.open().await;
    let lin = &mut stage.company.developer;
    let cookies: Vec<_> = lin
        .cookies
        .iter()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    let mut rebound = Browser::new(&stage.company.portal.url);
    rebound.headers = vec![
        ("cookie", cookies.join("; ")),
        ("host", "rebound.example".to_owned()),
        ("origin", "http://rebound.example".to_owned()),
        ("connection", "upgrade".to_owned()),
        ("upgrade", "websocket".to_owned()),
        ("sec-websocket-version", "13".to_owned()),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==".to_owned()),
        (
            "sec-websocket-protocol",
            format!("slipway.terminal.v1, pass.{}", way.pass),
        ),
    ];
    let path = format!("/api/v1/terminals/{}/stream", way.id);
    assert_eq!(rebound.get(&path).await.status, 403);
}

#[tokio::test]
async fn a_pass_is_good_once_for_one_person_and_one_terminal_and_not_for_long() {
    let mut stage = Stage::start().await;
    seed::member(&stage.company.portal, "pay", "stranger", "developer").await;
    let other = stage.company.portal.signed_in("stranger").await;
    let (one, two) = (stage.open().await, stage.open().await);
    let status = async |knock: Knock| knock.enter().await.err();
    let lin = |way| Knock::of(&stage.company.developer, way);
    assert!(one.pass.len() >= 22, "at least 128 bits");

    let mut crossed = one.clone();
    crossed.pass.clone_from(&two.pass);
    assert_eq!(status(lin(&crossed)).await, Some(401), "another terminal's");
    assert_eq!(
        status(Knock::of(&other, &one)).await,
        Some(401),
        "another's"
    );
    let mut nobody = lin(&one);
    nobody.cookie = None;
    assert_eq!(status(nobody).await, Some(401), "without a session");
    for protocols in [
        "slipway.terminal.v1",
        "pass.",
        "slipway.terminal.v1, pass.x",
    ] {
        let mut knock = lin(&one);
        knock.protocols = protocols.to_owned();
        assert_eq!(status(knock).await, Some(401), "{protocols}");
    }
    let mut bare = lin(&one);
    bare.url = format!("{}?pass={}", bare.url, one.pass);
    assert_eq!(status(bare).await, Some(400), "never in an address");

    let terminal = lin(&one).enter().await.unwrap();
    assert_eq!(status(lin(&one)).await, Some(401), "used");
    drop(terminal);
    stage
        .company
        .advance(std::time::Duration::from_secs(31))
        .await;
    let lin = Knock::of(&stage.company.developer, &two);
    assert_eq!(status(lin).await, Some(401), "too late");
}

#[tokio::test]
async fn of_two_who_come_with_one_pass_one_gets_in() {
    let mut stage = Stage::start().await;
    let way = stage.open().await;
    let knock = Knock::of(&stage.company.developer, &way);
    let all = futures_util::future::join_all((0..8).map(|_| knock.enter())).await;
    let refused: Vec<u16> = all
        .iter()
        .filter_map(|r| r.as_ref().err().copied())
        .collect();
    assert_eq!(refused, [401; 7]);
}

/// A program comes with a token that has the scope, and needs no page; it is out with its token.
#[tokio::test]
async fn a_token_opens_what_it_may_and_no_longer_than_it_lives() {
    let mut stage = Stage::start().await;
    let asked = stage.asked();
    let mut token = async |scopes: &[&str]| {
        let body = json!({ "name": "probe", "scopes": scopes, "days": 1 });
        let answer = stage
            .company
            .developer
            .api(Method::POST, "/tokens", &body)
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()
    };
    let (weak, strong) = (token(&["read", "release"]).await, token(&["operate"]).await);
    let program = |token: &Value| {
        let mut browser = stage.company.portal.browser();
        let text = token["token"].as_str().unwrap();
        browser.headers = vec![("authorization", format!("Bearer {text}"))];
        browser
    };
    let refused = program(&weak).api(Method::POST, "/terminals", &asked).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (403, &json!("token-scope-missing"))
    );
    let mut browser = program(&strong);
    let way = open(&mut browser, &asked).await;
    let mut knock = Knock::of(&browser, &way);
    (knock.origin, knock.cookie) = (None, None);
    let text = strong["token"].as_str().unwrap();
    knock.authorization = Some(format!("Bearer {text}"));
    let mut terminal = knock.enter().await.unwrap();
    let path = format!("/api/v1/tokens/{}", strong["id"].as_str().unwrap());
    let gone = stage.company.developer.bare(Method::DELETE, &path).await;
    assert_eq!(gone.status, 204);
    assert_eq!(terminal.hear("ended").await["ending"], "signed-out");
}

/// Only containers of the project's own pods, by names that are names, and no command at all.
#[tokio::test]
async fn nothing_opens_but_the_projects_own_containers() {
    let mut stage = Stage::start().await;
    let container = "/pod";
    let long = "a".repeat(10_000);
    let cases = [
        (container, json!("kube-proxy-x1"), 404),
        (container, json!("other-59b7c-k4vzn"), 404),
        (container, json!("../../kube-system/pods/x"), 400),
        (container, json!("pay%2fexec"), 400),
        (container, json!("pay x"), 400),
        (container, json!(long), 400),
        (container, json!(""), 400),
        ("/container", json!("istio-init"), 404),
        ("/container", json!("debugger-x1"), 404),
        ("/container", json!(".."), 400),
        ("/container", json!("a b"), 400),
        ("/container", json!("a%2fb"), 400),
        ("/shell", json!("/bin/zsh"), 400),
        ("/command", json!(["id"]), 400),
        ("/namespace", json!("kube-system"), 400),
        (
            "/workload",
            json!("00000000-0000-0000-0000-000000000000"),
            404,
        ),
        ("/reason", json!("x".repeat(2001)), 400),
    ];
    let before = stage.company.portal.db.row_counts().await;
    for (pointer, value, expected) in cases {
        let mut asked = stage.asked();
        asked[pointer.trim_start_matches('/')] = value.clone();
        let answer = stage
            .company
            .developer
            .api(Method::POST, "/terminals", &asked)
            .await;
        assert_eq!(
            answer.status, expected,
            "{pointer} {value}: {}",
            answer.body
        );
    }
    let mut stranger = stage.company.portal.signed_in("stranger").await;
    let asked = stage.asked();
    let answer = stranger.api(Method::POST, "/terminals", &asked).await;
    assert_eq!(answer.status, 404);
    let answer = stage
        .company
        .tester
        .api(Method::POST, "/terminals", &asked)
        .await;
    assert_eq!(answer.status, 403);
    assert_eq!(stage.company.portal.db.row_counts().await, before);
}
