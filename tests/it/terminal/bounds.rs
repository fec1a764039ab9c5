//! What a person's program may make the portal hold, and what it holds while nobody looks.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use slipway_sim::portal::wait::{self, Look};
use tempfile::TempDir;

use super::program::Program;
use super::stage::{Knock, Stage, Terminal, Way};
use crate::support::portal::random_key;

/// A folder that programs in containers, who are nobody, may write into.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    folder
}

/// Lin's terminal again, from the byte where the page was.
async fn come_back(stage: &mut Stage, way: &Way, offset: u64) -> Terminal {
    let again = stage.again(&way.id).await;
    let mut knock = Knock::of(&stage.company.developer, &again);
    knock.url = format!("{}?from={offset}", knock.url);
    knock.enter().await.unwrap()
}

/// Begins a shell that does `then` once the page is away, and goes away.
async fn leave(stage: &mut Stage, folder: &TempDir, then: &str) -> (Way, u64) {
    let (way, mut terminal) = stage.enter().await;
    let go = folder.path().join("go");
    let line = format!(
        "stty -echo; until [ -e '{}' ]; do sleep 0.05; done; {then}; echo o''ver\n",
        go.display(),
    );
    terminal.type_in(&line).await;
    terminal.until("o''ver").await;
    let offset = terminal.offset;
    drop(terminal);
    let id = way.id.parse().unwrap();
    let session = stage.company.portal.app.terminals.find(id).unwrap();
    let is_alone = async || match session.is_alone() {
        true => Ok(Look::Found(())),
        false => Ok(Look::NotYet("the page is still there".to_owned())),
    };
    wait::until(is_alone).await.unwrap();
    std::fs::write(&go, "").unwrap();
    (way, offset)
}

/// Until a shell that nobody looks at has shown so many bytes: what its programs wrote may still be
/// on its way to us when they have ended.
async fn until_shown(stage: &Stage, way: &Way, bytes: u64) {
    let id = way.id.parse().unwrap();
    let session = stage.company.portal.app.terminals.find(id).unwrap();
    let look = async || match session.shown_to_nobody() {
        Some(shown) if shown >= bytes => Ok(Look::Found(())),
        shown => Ok(Look::NotYet(format!("{shown:?} of {bytes} were shown"))),
    };
    wait::until(look).await.unwrap();
}

#[tokio::test]
async fn a_shell_that_nobody_looks_at_goes_on_and_its_end_is_kept() {
    let (mut stage, folder) = (Stage::start().await, folder());
    let then = "seq 1000000 1700000";
    let (way, offset) = leave(&mut stage, &folder, then).await;
    let lines = 700_001 * "1000000\r\n".len() as u64;
    until_shown(&stage, &way, offset + lines + "over\r\n".len() as u64).await;

    let mut page = come_back(&mut stage, &way, offset).await;
    assert_eq!(page.offset, offset, "the page keeps what it has");
    let said = page.hear("skipped").await;
    assert!(said["bytes"].as_u64() > Some(5_000_000), "{said}");
    page.until("over").await;
    let text = page.text();
    assert!(text.contains("1700000\r\nover"), "{}", text.len());
    assert!((50_000..100_000).contains(&text.len()), "{}", text.len());
    page.type_in("echo my-$((40 + 2)); exit\n").await;
    page.until("my-42").await;
    page.hear("ended").await;
    assert_eq!(stage.ending(&way.id).await, "exited");
    let row = stage.until(&way.id, |_| true).await;
    assert_eq!(row["output_bytes"], page.offset);
    let shown = super::stage::shown(&stage.cast(&way.id).await);
    assert_eq!(shown.len() as u64, page.offset, "all of it is recorded");
    let all: String = (1_000_000..=1_700_000)
        .map(|n| format!("{n}\r\n"))
        .collect();
    assert!(shown.contains(&all));
}

#[tokio::test]
async fn a_screen_is_switched_as_it_was_by_what_is_gone() {
    let (mut stage, folder) = (Stage::start().await, folder());
    let then = "printf '\\033[?1049h\\033[?2004h'; yes 你好 | head -n 100000";
    let (way, offset) = leave(&mut stage, &folder, then).await;
    let lines = 100_000 * "你好\r\n".len() as u64;
    until_shown(&stage, &way, offset + lines + "over\r\n".len() as u64).await;

    let mut page = come_back(&mut stage, &way, offset).await;
    page.hear("skipped").await;
    page.until("over").await;
    let text = String::from_utf8(page.shown.clone()).expect("no character is cut");
    assert!(text.starts_with("\x1b[?1049;2004h"), "{:?}", &text[..40]);
    let again = stage.again(&way.id).await;
    let mut new = stage.come(&again).await;
    new.until("over").await;
    assert_eq!(String::from_utf8(new.shown.clone()).as_ref(), Ok(&text));
    assert_eq!(new.offset, page.offset);
}

#[tokio::test]
async fn of_many_sizes_the_last_one_arrives() {
    let mut stage = Stage::start().await;
    let (way, mut terminal) = stage.enter().await;
    for rows in 1..=60 {
        let size = json!({ "kind": "resize", "columns": 90, "rows": rows });
        terminal.tell(&size).await.unwrap();
    }
    let wait = "until [ \"$(stty size)\" = '60 90' ]; do sleep 0.05; done; echo si''zed; exit\n";
    terminal.type_in(wait).await;
    terminal.until("sized").await;
    stage.ending(&way.id).await;
    let cast = stage.cast(&way.id).await;
    let sizes: Vec<_> = cast.iter().filter(|e| e[1] == "r").map(|e| &e[2]).collect();
    assert_eq!(sizes.last(), Some(&&json!("90x60")));
    assert!(sizes.len() < 60, "{sizes:?}");
}

#[tokio::test]
async fn keys_that_are_not_taken_are_bounded_and_said() {
    let mut stage = Stage::start().await;
    let (_, mut terminal) = stage.enter().await;
    // A shell that reads nothing, behind a terminal that holds little.
    terminal
        .type_in("stty -echo; echo re''ady; sleep 1000\n")
        .await;
    terminal.until("ready").await;
    for _ in 0..10_000 {
        terminal.type_in("").await;
    }
    // More than the buffers of every connection on its way hold.
    let text = "x".repeat(512 * 1024);
    for _ in 0..48 {
        terminal.type_in(&text).await;
    }
    let said = terminal.hear("not-taken").await;
    assert_eq!(said["bytes"], text.len());
}

/// Whoever says that a message will be very long is not waited for, wherever the shell is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_too_long_is_refused_by_its_head() {
    let key = random_key();
    let mut stage = Stage::start_with(&[("SECRET_KEYS", &key)]).await;
    let mut program = Program::start(&stage, &key).await;
    let (mut here, mut page) = (stage.enter().await.1, program.enter(&stage).await);
    let again = stage.again(&page.0.id).await;
    let mut there = stage.come(&again).await;
    page.1.hear("replaced").await;
    for terminal in [&mut here, &mut there] {
        terminal.type_in("echo he''re\n").await;
        terminal.until("here").await;
        terminal.begin_long(2 * 1024 * 1024).await;
        terminal.until_closed().await;
    }
}
