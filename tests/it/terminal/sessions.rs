//! A shell: opened, typed into, lost, resumed, ended.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use reqwest::Method;
use serde_json::json;
use slipway_sim::kubernetes::Exec;
use slipway_sim::portal::wait::{self, Look};

use super::stage::{Knock, Stage, WINDOW};

#[tokio::test]
async fn a_shell_opens_shows_what_is_typed_and_ends_with_its_code() {
    let mut stage = Stage::start().await;
    let (way, mut terminal) = stage.enter().await;
    terminal.type_in("stty size; echo my-$((40 + 2))\n").await;
    terminal.until("my-42").await;
    assert!(terminal.text().contains("24 80"), "{}", terminal.text());
    let size = json!({ "kind": "resize", "columns": 132, "rows": 43 });
    terminal.tell(&size).await.unwrap();
    terminal.type_in("stty size\n").await;
    terminal.until("43 132").await;
    terminal.type_in("exit 7\n").await;
    let ended = terminal.hear("ended").await;
    assert_eq!(
        (&ended["ending"], &ended["exit_code"]),
        (&json!("exited"), &json!(7))
    );
    assert!(terminal.is_closed().await);

    assert_eq!(stage.ending(&way.id).await, "exited");
    let row = stage.until(&way.id, |_| true).await;
    assert_eq!(
        (&row["exit_code"], &row["pod"]),
        (&json!(7), &json!(stage.pod))
    );
    assert_eq!(row["output_bytes"], terminal.shown.len());
    let trail = stage.trail("terminal").await;
    let mut actions: Vec<_> = trail
        .iter()
        .map(|e| e["action"].as_str().unwrap())
        .collect();
    actions.reverse();
    assert_eq!(
        actions,
        ["terminal.open", "terminal.attach", "terminal.end"]
    );
    assert_eq!(trail[2]["after"]["reason"], "killed for memory at 9");
    assert!(trail.iter().all(|e| e["account"] == "lin"), "{trail:?}");
    stage.company.check().await;
}

#[tokio::test]
async fn a_lost_page_goes_on_where_it_was_and_a_new_one_sees_what_came_before() {
    let mut stage = Stage::start().await;
    let (way, mut terminal) = stage.enter().await;
    terminal.type_in("echo be''fore\n").await;
    terminal.until("before").await;
    let (offset, shown) = (terminal.offset, terminal.text());
    drop(terminal);

    let mut again = stage.again(&way.id).await;
    let mut page = stage.come(&again).await;
    assert_eq!(page.offset, 0);
    page.type_in("echo af''ter\n").await;
    page.until("after").await;
    assert!(page.text().starts_with(&shown), "{}", page.text());

    again = stage.again(&way.id).await;
    let mut knock = Knock::of(&stage.company.developer, &again);
    knock.url = format!("{}?from={offset}&columns=100&rows=30", knock.url);
    let mut newer = knock.enter().await.unwrap();
    assert_eq!(newer.offset, offset);
    assert_eq!(page.hear("replaced").await["kind"], "replaced");
    newer.type_in("echo the''end\n").await;
    newer.until("theend").await;
    assert!(newer.text().contains("after") && !newer.text().contains("before"));
    stage.company.check().await;
}

#[tokio::test]
async fn a_flood_waits_for_its_viewer_and_ctrl_c_gets_through() {
    let mut stage = Stage::start().await;
    let flood = Exec::Floods {
        frames: 1_000_000,
        bytes: 16 * 1024,
    };
    stage.containers("sh-test", flood);
    let (way, mut terminal) = stage.enter().await;
    terminal.confirms = false;
    let window = WINDOW;
    terminal.until_bytes(window).await;
    // It stands still: what it may show beyond what was confirmed is one piece.
    let row = stage.until(&way.id, |_| true).await;
    assert!(row["ended_at"].is_null());
    let session = stage
        .company
        .portal
        .app
        .terminals
        .find(way.id.parse().unwrap());
    assert!(session.is_some());
    terminal.confirms = true;
    terminal.confirm().await;
    terminal.until_bytes(8 * window).await;
    terminal.type_in("\x03").await;
    let ended = terminal.hear("ended").await;
    assert_eq!(ended["exit_code"], 130);
    stage.company.check().await;
}

/// What every buffer on the way holds stands before the answer to Ctrl-C: it is recorded, and not
/// shown first.
#[tokio::test]
async fn what_was_held_back_is_passed_over_when_it_is_broken_off() {
    let mut stage = Stage::start().await;
    let flood = Exec::Floods {
        frames: usize::MAX,
        bytes: 16 * 1024,
    };
    stage.containers("sh-test", flood);
    let (way, mut terminal) = stage.enter().await;
    terminal.confirms = false;
    terminal.until_bytes(WINDOW).await;
    terminal.type_in("\x03").await;
    let said = terminal.hear("skipped").await;
    assert!(said["bytes"].as_u64() > Some(0), "{said}");
    let (from, before) = (terminal.offset, terminal.shown.len());
    assert_eq!(terminal.hear("ended").await["exit_code"], 130);

    let last = &terminal.shown[before..];
    assert!((1..=4096).contains(&last.len()), "{}", last.len());
    let whole = slipway_sim::kubernetes::flood();
    let at = usize::try_from(from).unwrap() % whole.len();
    let expected = whole.iter().cycle().skip(at);
    assert!(last.iter().eq(expected.take(last.len())));
    assert!(at.is_multiple_of(82), "it begins with a line");
    assert_eq!(stage.ending(&way.id).await, "exited");
    let row = stage.until(&way.id, |_| true).await;
    assert_eq!(row["output_bytes"], terminal.offset);
    let cast = stage.cast(&way.id).await;
    assert!(cast.iter().any(|e| e[1] == "m" && e[2] == "passed-over"));
    assert_eq!(accounted(&cast), terminal.offset);
}

/// What a recording holds and what it says that it left out.
fn accounted(cast: &[serde_json::Value]) -> u64 {
    let left_out = |event: &serde_json::Value| {
        let told = event[2].as_str()?.strip_prefix("omitted ")?;
        told.split(' ').next()?.parse::<u64>().ok()
    };
    let omitted: u64 = cast.iter().filter_map(left_out).sum();
    super::stage::shown(cast).len() as u64 + omitted
}

#[tokio::test]
async fn the_prompt_is_there_at_once_when_a_program_is_broken_off() {
    let mut stage = Stage::start().await;
    let (way, mut terminal) = stage.enter().await;
    terminal.confirms = false;
    let folder = tempfile::tempdir().unwrap();
    // Programs in containers are nobody's.
    let all = Permissions::from_mode(0o777);
    std::fs::set_permissions(folder.path(), all).unwrap();
    let written = folder.path().join("written");
    // More than a window with all that is read at once, and less than what the buffers on the way take.
    let flood = "yes abcdefgh | head -c 90000";
    let line = format!("{flood}; touch '{}'; cat\n", written.display());
    terminal.type_in(&line).await;
    terminal.until_bytes(WINDOW).await;
    let look = async || match written.exists() {
        true => Ok(Look::Found(())),
        false => Ok(Look::NotYet("not all of it is on its way".to_owned())),
    };
    wait::until(look).await.unwrap();
    terminal.type_in("\x03").await;
    terminal.hear("skipped").await;
    let before = terminal.shown.len();
    terminal.confirms = true;
    terminal.confirm().await;
    terminal.type_in("echo af''ter\n").await;
    terminal.until("after").await;
    let text = String::from_utf8_lossy(&terminal.shown[before..]);
    assert!(text.len() < 8 * 1024, "{}", text.len());
    // Whoever is lost goes on from there, not from what was passed over.
    let (offset, again) = (terminal.offset, stage.again(&way.id).await);
    let mut knock = Knock::of(&stage.company.developer, &again);
    knock.url = format!("{}?from={offset}", knock.url);
    let mut newer = knock.enter().await.unwrap();
    assert_eq!(newer.offset, offset);
    newer.type_in("echo go''on\n").await;
    newer.until("goon").await;
    assert!(!newer.text().contains("abcdefgh"), "{}", newer.text());
}

/// Keys that break off are only keys while nothing waits to be shown.
#[tokio::test]
async fn nothing_is_passed_over_where_nothing_was_held_back() {
    let mut stage = Stage::start().await;
    stage.containers("sh-test", Exec::Echoes);
    let (_, mut terminal) = stage.enter().await;
    terminal.type_in(&"x".repeat(32 * 1024)).await;
    terminal.until_bytes(32 * 1024).await;
    terminal.type_in("\x1a\x1c.").await;
    terminal.until("\x1a\x1c.").await;
}

#[tokio::test]
async fn a_megabyte_is_pasted_whole() {
    let mut stage = Stage::start().await;
    stage.containers("sh-test", Exec::Echoes);
    let (_, mut terminal) = stage.enter().await;
    let line: String = "你好🚢 0123456789abcdef\n".to_owned();
    let text = line.repeat(1_000_000 / line.len());
    terminal.type_in(&text).await;
    terminal.until_bytes(text.len()).await;
    assert_eq!(terminal.text(), text);
}

#[tokio::test]
async fn an_image_without_a_shell_says_so() {
    let mut stage = Stage::start().await;
    stage.containers("sh-test", Exec::HoldsNothing);
    let (way, mut terminal) = stage.enter().await;
    assert_eq!(terminal.hear("ended").await["ending"], "no-shell");
    assert_eq!(stage.ending(&way.id).await, "no-shell");
    let path = format!("/terminals/{}/passes", way.id);
    let lin = &mut stage.company.developer;
    let refused = lin.api(Method::POST, &path, &json!(null)).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (409, &json!("terminal-over"))
    );
}

#[tokio::test]
async fn somebody_who_may_ends_it_with_a_word() {
    let mut stage = Stage::start().await;
    let (way, mut terminal) = stage.enter().await;
    terminal.type_in("echo re''ady\n").await;
    terminal.until("ready").await;
    let path = format!("/terminals/{}", way.id);
    let nothing = json!(null);
    let refused = stage
        .company
        .tester
        .api(Method::DELETE, &path, &nothing)
        .await;
    assert_eq!(refused.status, 403);
    let done = stage.company.ops.api(Method::DELETE, &path, &nothing).await;
    assert_eq!(done.status, 204);
    assert_eq!(terminal.hear("ended").await["ending"], "closed");
    assert_eq!(stage.ending(&way.id).await, "closed");
    let done = stage.company.ops.api(Method::DELETE, &path, &nothing).await;
    assert_eq!(done.status, 204);
    stage.company.check().await;
}
