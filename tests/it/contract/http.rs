//! The shell around all clients: what it does when a target is slow, dead, large or elsewhere.

use std::time::Duration;

use reqwest::Method;
use slipway::integrations::CallError;
use slipway::integrations::gitlab::GitLab;
use slipway::integrations::http::{Http, Limits, join};
use slipway_sim::{Fault, Server, System, World};
use url::Url;

async fn gitlab(limits: Limits) -> (World, Server, GitLab) {
    let world = World::explicit();
    world
        .gitlab()
        .add_user("portal", "token", slipway_sim::gitlab::Scope::Api);
    let server = slipway_sim::gitlab::serve(&world, 0).await.unwrap();
    let base = Url::parse(server.base_url()).unwrap();
    let client = GitLab::with_limits(base, &"token".to_owned().into(), limits).unwrap();
    (world, server, client)
}

fn is_unavailable(outcome: &Result<impl Sized, CallError>) -> bool {
    matches!(outcome, Err(CallError::Unavailable { .. }))
}

#[tokio::test]
async fn a_target_that_fails_is_left_alone_and_then_tried_by_one_call() {
    let pause = Duration::from_millis(1);
    let limits = Limits {
        open_after: 2,
        pause: Duration::from_secs(600),
        ..Limits::default()
    };
    let down = || Fault::on(System::GITLAB).always().answer(503, "down");
    let (world, _server, client) = gitlab(limits.clone()).await;
    world.fault(down());
    for _ in 0..5 {
        assert!(is_unavailable(&client.version().await));
    }
    assert_eq!(world.transcript().all().len(), 2);
    world.faults().clear();
    assert!(is_unavailable(&client.version().await));

    let (world, _server, client) = gitlab(Limits { pause, ..limits }).await;
    world.fault(down());
    while world.transcript().all().len() < 3 {
        assert!(is_unavailable(&client.version().await));
    }
    world.faults().clear();
    while client.version().await.is_err() {}
}

#[tokio::test]
async fn a_slow_target_costs_no_more_than_the_limit() {
    let limits = Limits {
        total: Duration::from_millis(100),
        ..Limits::default()
    };
    let (world, _server, client) = gitlab(limits).await;
    world.fault(Fault::on(System::GITLAB).delay(Duration::from_secs(3600)));
    assert!(is_unavailable(&client.version().await));
    assert!(client.version().await.is_ok());
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_not_read() {
    let limits = Limits {
        body_max_bytes: 1000,
        ..Limits::default()
    };
    let (world, _server, client) = gitlab(limits).await;
    world.fault(Fault::on(System::GITLAB).answer(200, &"x".repeat(1001)));
    let error = client.version().await.unwrap_err();
    assert!(matches!(error, CallError::Unexpected { .. }), "{error}");
}

#[tokio::test]
async fn redirects_are_shown_and_dead_targets_named_without_their_address() {
    let (world, server, _) = gitlab(Limits::default()).await;
    let elsewhere = Fault::on(System::GITLAB).answer(302, "");
    world.fault(elsewhere.header("location", "http://other.example/"));
    let http = Http::new(Limits::default()).unwrap();
    let base = Url::parse(server.base_url()).unwrap();
    let mut url = join(&base, ["api", "a/b"]);
    assert_eq!(url.path(), "/api/a%2Fb");
    url.set_query(Some("token=secret"));
    let answer = http
        .send(http.request(Method::GET, url.clone()))
        .await
        .unwrap();
    assert_eq!(answer.status, 302);

    server.kill().await;
    let error = http.send(http.request(Method::GET, url)).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(is_unavailable(&Err::<(), _>(error)), "{text}");
    assert!(
        !text.contains("secret") && !text.contains("127.0.0.1"),
        "{text}"
    );
}
