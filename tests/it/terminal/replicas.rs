//! Two replicas over one database: a browser may come to either.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use slipway::identity::{Door, Presence};
use slipway::terminals::inner::call::{self, Call};
use slipway_sim::kubernetes::Exec;
use uuid::Uuid;

use super::program::Program;
use super::stage::{Knock, Stage, Terminal, WINDOW, Way};
use crate::support::portal::random_key;

/// Lin's terminal at one replica, and Lin's browser at the other.
async fn two() -> (Stage, Program, String) {
    let key = random_key();
    let stage = Stage::start_with(&[("SECRET_KEYS", &key)]).await;
    let program = Program::start(&stage, &key).await;
    (stage, program, key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_is_reached_through_any_replica() {
    let (mut stage, mut program, _) = two().await;
    let (way, mut page) = program.enter(&stage).await;
    page.type_in("echo be''fore\n").await;
    page.until("before").await;
    let way = stage.again(&way.id).await;
    let mut newer = stage.come(&way).await;
    assert_eq!(page.hear("replaced").await["kind"], "replaced");
    newer.until("before").await;
    newer.type_in("echo af''ter; stty size\n").await;
    newer.until("after").await;
    let size = json!({ "kind": "resize", "columns": 101, "rows": 31 });
    newer.tell(&size).await.unwrap();
    newer.type_in("stty size\n").await;
    newer.until("31 101").await;
    newer.type_in("exit 3\n").await;
    let ended = newer.hear("ended").await;
    assert_eq!(
        (&ended["ending"], &ended["exit_code"]),
        (&json!("exited"), &json!(3))
    );
    assert_eq!(stage.ending(&way.id).await, "exited");
    assert!(stage.recorded(&way.id, "after").await.contains("before"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_comes_whole_through_another_replica_and_ctrl_c_gets_back() {
    let (mut stage, mut program, _) = two().await;
    let frames = 1000;
    let flood = |frames| Exec::Floods {
        frames,
        bytes: 16 * 1024,
    };
    stage.containers("sh-test", flood(usize::MAX));
    let (way, page) = program.enter(&stage).await;
    drop(page);
    let way = stage.again(&way.id).await;
    let mut newer = stage.come(&way).await;
    newer.until_bytes(frames * 16 * 1024).await;
    let whole = slipway_sim::kubernetes::flood();
    let at = whole
        .windows(64)
        .position(|w| w == &newer.shown[..64])
        .unwrap();
    let expected = whole.iter().cycle().skip(at);
    assert!(newer.shown.iter().eq(expected.take(newer.shown.len())));
    newer.confirms = false;
    newer.until_bytes(newer.shown.len() + WINDOW).await;
    newer.type_in("\x03").await;
    newer.hear("skipped").await;
    assert_eq!(newer.hear("ended").await["exit_code"], 130);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_at_one_replica_ends_a_terminal_at_the_other() {
    let (mut stage, mut program, _) = two().await;
    let (way, _page) = program.enter(&stage).await;
    let way = stage.again(&way.id).await;
    let mut newer = stage.come(&way).await;
    let lin = &mut stage.company.developer;
    assert_eq!(
        lin.bare(Method::DELETE, "/api/v1/session").await.status,
        204
    );
    assert_eq!(newer.hear("ended").await["ending"], "signed-out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_dies_is_told_of_and_a_new_terminal_opens() {
    let (mut stage, mut program, _) = two().await;
    stage.containers("sh-test", Exec::Echoes);
    let (way, _page) = program.enter(&stage).await;
    let way = stage.again(&way.id).await;
    let mut newer = stage.come(&way).await;
    program.child.kill().await.unwrap();
    newer.until_closed().await;
    // Nobody knows yet whether it is dead or only out of reach.
    let way = stage.again(&way.id).await;
    let knock = Knock::of(&stage.company.developer, &way);
    assert_eq!(knock.enter().await.err(), Some(503));
    stage.company.advance(Duration::from_secs(31)).await;
    let path = format!("/terminals/{}/passes", way.id);
    let lin = &mut stage.company.developer;
    let over = lin.api(Method::POST, &path, &json!(null)).await;
    assert_eq!(
        (over.status, &over.json()["code"]),
        (409, &json!("terminal-over"))
    );
    assert_eq!(stage.ending(&way.id).await, "portal-lost");
    let (_, mut another) = stage.enter().await;
    another.type_in("new").await;
    another.until("new").await;
}

/// A call that this replica would take from another one.
fn call(stage: &Stage, person: &str) -> Call {
    Call {
        id: Uuid::now_v7(),
        replica: stage.company.portal.app.terminals.replica,
        presence: Presence {
            account: person.parse().unwrap(),
            door: Door::Session("nobody's".to_owned()),
        },
        from: None,
        until: slipway::clock::now() + call::GOOD_FOR,
    }
}

async fn knock(stage: &Stage, way: &Way, authorization: Option<&str>) -> Result<Terminal, u16> {
    let mut knock = Knock::of(&stage.company.developer, way);
    knock.url = knock
        .url
        .replace("/api/v1/", "/inner/")
        .replace("/stream", "");
    knock.protocols = "slipway.terminal.v1".to_owned();
    knock.authorization = authorization.map(ToOwned::to_owned);
    knock.enter().await
}

/// The inner door is on the same address as all others: a cookie or a pass opens nothing there,
/// and a call of our own opens it once, for somebody who is then asked after like everybody.
#[tokio::test]
async fn the_inner_door_opens_for_the_portal_alone() {
    let mut stage = Stage::start().await;
    let (way, mut page) = stage.enter().await;
    let (app, id) = (stage.company.portal.app.clone(), way.id.parse().unwrap());
    let account = app.terminals.find(id).unwrap().presence().account;
    let account = account.to_string();
    let seal = |call: &Call| call::seal(&app.settings.keys, id, call).unwrap();
    let good = seal(&call(&stage, &account));
    let mut late = call(&stage, &account);
    late.until = slipway::clock::now() - jiff::SignedDuration::from_secs(1);
    let mut elsewhere = call(&stage, &account);
    elsewhere.replica = Uuid::now_v7();
    let pass = format!("Bearer {}", way.pass);
    let (late, elsewhere) = (seal(&late), seal(&elsewhere));
    for wrong in [
        None,
        Some("Slipway k1.AAAA"),
        Some(&*pass),
        Some(&*late),
        Some(&*elsewhere),
    ] {
        assert_eq!(
            knock(&stage, &way, wrong).await.err(),
            Some(401),
            "{wrong:?}"
        );
    }
    let other = stage.open().await;
    assert_eq!(knock(&stage, &other, Some(&good)).await.err(), Some(401));
    let mut there = knock(&stage, &way, Some(&good)).await.expect("the shell");
    assert_eq!(page.hear("replaced").await["kind"], "replaced");
    assert_eq!(there.hear("ended").await["ending"], "signed-out");
    assert_eq!(knock(&stage, &way, Some(&good)).await.err(), Some(401));
    let (way, mut page) = stage.enter().await;
    let id = way.id.parse().unwrap();
    let stranger = call(&stage, &Uuid::now_v7().to_string());
    let stranger = call::seal(&app.settings.keys, id, &stranger).unwrap();
    let mut there = knock(&stage, &way, Some(&stranger)).await.expect("a word");
    assert_eq!(there.hear("dismissed").await["kind"], "dismissed");
    page.type_in("echo go''on\n").await;
    page.until("goon").await;
}
