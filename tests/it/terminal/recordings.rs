//! What is kept of a terminal, for whom, and what happens where it cannot be kept.

use reqwest::Method;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use slipway::{app, jobs};
use slipway_sim::kubernetes::Exec;
use sqlx::{AssertSqlSafe, Executor as _};

use super::stage::{Stage, shown};
use crate::support::seed;

#[tokio::test]
async fn a_recording_shows_what_was_on_the_screen_and_nothing_that_was_not() {
    let mut stage = Stage::start().await;
    let (way, mut terminal) = stage.enter().await;
    terminal
        .type_in("stty -echo; printf '\\033]52;c;aGk=\\a'; echo sil''ent\n")
        .await;
    terminal.until("silent").await;
    terminal
        .type_in("printf as''k; read secret; echo g''ot\n")
        .await;
    terminal.until("ask").await;
    terminal.type_in("swordfish\n").await;
    terminal.until("got").await;
    let size = json!({ "kind": "resize", "columns": 120, "rows": 40 });
    terminal.tell(&size).await.unwrap();
    terminal
        .type_in("printf '\\344\\275'; printf '\\240好\\n'; exit\n")
        .await;
    terminal.hear("ended").await;
    assert_eq!(stage.ending(&way.id).await, "exited");

    let cast = stage.cast(&way.id).await;
    let head = &cast[0];
    assert_eq!(
        (&head["version"], &head["term"]["cols"]),
        (&json!(3), &json!(80))
    );
    assert!(
        head["title"]
            .as_str()
            .unwrap()
            .contains("sh-test/pay-test/"),
        "{head}"
    );
    let events = &cast[1..];
    assert_eq!(shown(events), terminal.text());
    assert!(shown(events).contains("你好") && !shown(events).contains("swordfish"));
    assert!(
        shown(events).contains("\u{1b}]52;c;"),
        "bytes are kept as they came"
    );
    assert!(
        events.iter().any(|e| e[1] == "r" && e[2] == "120x40"),
        "{events:?}"
    );
    assert_eq!(events.last().unwrap()[1], "x");
    let trail = stage.trail("recording.download").await;
    assert_eq!(trail[0]["target_id"], way.id);
    stage.company.check().await;
}

#[tokio::test]
async fn it_is_kept_while_the_shell_runs() {
    let mut stage = Stage::start().await;
    let (way, mut terminal) = stage.enter().await;
    terminal.type_in("echo ne''arly\n").await;
    terminal.until("nearly").await;
    stage.recorded(&way.id, "nearly").await;
    let row = stage.until(&way.id, |_| true).await;
    assert!(
        row["ended_at"].is_null() && row["recorded_ms"].as_i64() > Some(0),
        "{row}"
    );
}

#[tokio::test]
async fn a_flood_is_kept_in_part_and_says_so() {
    let mut stage = Stage::start().await;
    let flood = Exec::Floods {
        frames: 3000,
        bytes: 16 * 1024,
    };
    stage.containers("sh-test", flood);
    let (way, mut terminal) = stage.enter().await;
    terminal.hear("ended").await;
    assert_eq!(terminal.shown.len(), 3000 * 16 * 1024);
    stage.ending(&way.id).await;
    let cast = stage.cast(&way.id).await;
    let notes = cast.iter().filter(|e| e[1] == "m");
    let notes: Vec<_> = notes.filter_map(|e| e[2].as_str()).collect();
    let omitted = notes
        .iter()
        .filter_map(|note| note.strip_prefix("omitted "));
    let missing = omitted.map(|note| note.split(' ').next().unwrap().parse::<usize>().unwrap());
    assert_eq!(
        shown(&cast).len() + missing.sum::<usize>(),
        terminal.shown.len()
    );
    let head = 1024 * 1024;
    assert_eq!(shown(&cast).as_bytes()[..head], terminal.shown[..head]);
}

#[tokio::test]
async fn who_may_see_which() {
    let mut stage = Stage::start().await;
    seed::member(&stage.company.portal, "pay", "stranger", "developer").await;
    let mut other = stage.company.portal.signed_in("stranger").await;
    let asked = stage.asked();
    let theirs = super::stage::open(&mut other, &asked).await;
    let mine = stage.open().await;
    // Lin owns the project and sees all; the other developer sees their own alone.
    let list = stage.company.developer.api_get("/recordings").await.json();
    let ids: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| &t["id"])
        .collect();
    assert_eq!(ids, [&mine.id, &theirs.id]);
    let list = other
        .api_get("/recordings?project=pay&environment=test&state=open")
        .await
        .json();
    let ids: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| &t["id"])
        .collect();
    assert_eq!(ids, [&theirs.id]);
    let cast = other
        .api_get(&format!("/recordings/{}/cast", mine.id))
        .await;
    assert_eq!(
        (cast.status, &cast.json()["code"]),
        (403, &json!("may-not-view-recordings"))
    );
    let page = stage
        .company
        .ops
        .api_get("/recordings?limit=1")
        .await
        .json();
    let path = format!(
        "/recordings?limit=1&after={}",
        page["next"].as_str().unwrap()
    );
    let page = stage.company.ops.api_get(&path).await.json();
    assert_eq!(
        (&page["items"][0]["id"], &page["next"]),
        (&json!(theirs.id), &json!(null))
    );
    for wrong in ["state=x", "after=1", "from=yesterday", "limit=0", "pods=x"] {
        let answer = stage
            .company
            .ops
            .api_get(&format!("/recordings?{wrong}"))
            .await;
        assert_eq!(answer.status, 400, "{wrong}: {}", answer.body);
    }
}

#[tokio::test]
async fn they_are_found_by_pod_person_and_time() {
    let mut stage = Stage::start().await;
    seed::member(&stage.company.portal, "pay", "stranger", "developer").await;
    let mut other = stage.company.portal.signed_in("stranger").await;
    let asked = stage.asked();
    let theirs = super::stage::open(&mut other, &asked).await.id;
    let mine = stage.open().await.id;
    let owner = stage.company.portal.db.owner.clone();
    let earlier = format!(
        "UPDATE terminal SET opened_at = '2026-03-04T10:00Z', ends_at = '2026-03-04T11:00Z',
            pod = 'pay-old-1' WHERE id = '{theirs}'"
    );
    owner.execute(AssertSqlSafe(earlier)).await.unwrap();
    let beginning = stage.pod[..stage.pod.len() - 2].to_owned();
    let both = vec![mine.clone(), theirs.clone()];
    for (query, expected) in [
        (format!("pod={}", stage.pod), vec![mine.clone()]),
        (format!("pod={beginning}"), vec![mine.clone()]),
        ("pod=pay-old".to_owned(), vec![theirs.clone()]),
        ("pod=ay-old".to_owned(), vec![]),
        ("user=lin".to_owned(), vec![mine.clone()]),
        ("user=stranger".to_owned(), vec![theirs.clone()]),
        ("user=li".to_owned(), vec![]),
        ("to=2026-03-04".to_owned(), vec![theirs.clone()]),
        ("to=2026-03-03".to_owned(), vec![]),
        ("from=2026-03-04".to_owned(), both.clone()),
        ("from=2026-03-05".to_owned(), vec![mine.clone()]),
        ("from=2026-03-04T10:00:01Z".to_owned(), vec![mine.clone()]),
        (
            "from=2026-03-04T10:00:00Z&to=2026-03-04T10:00:01Z".to_owned(),
            vec![theirs.clone()],
        ),
        ("user=stranger&from=2026-03-05".to_owned(), vec![]),
        (String::new(), both.clone()),
    ] {
        let list = stage
            .company
            .ops
            .api_get(&format!("/recordings?{query}"))
            .await
            .json();
        let items = list["items"].as_array().unwrap();
        let ids: Vec<_> = items.iter().map(|t| t["id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{query}");
    }
}

/// Whoever has the recording can tell that its output is what the portal wrote at the end.
#[tokio::test]
async fn an_end_says_what_proves_the_recording() {
    let mut stage = Stage::start().await;
    let (way, mut terminal) = stage.enter().await;
    let row = stage.until(&way.id, |_| true).await;
    assert!(row["output_sha256"].is_null(), "it goes on: {row}");
    terminal.type_in("echo 你好; seq 10000; exit\n").await;
    terminal.hear("ended").await;
    stage.ending(&way.id).await;
    let hash = |output: &[u8]| hex::encode(Sha256::digest(output));
    let output = shown(&stage.cast(&way.id).await);
    assert!(output.contains("你好"));
    let row = stage.until(&way.id, |_| true).await;
    assert_eq!(row["output_sha256"], hash(output.as_bytes()));
    assert_eq!(row["output_sha256"], hash(&terminal.shown));
    let ends = stage.trail("terminal.end").await;
    assert_eq!(ends[0]["after"]["output_sha256"], row["output_sha256"]);
    let page = stage
        .company
        .ops
        .get(&format!("/recordings/{}", way.id))
        .await;
    let said = row["output_sha256"].as_str().unwrap();
    assert!(page.text("main").contains(said), "{}", page.body);
}

#[tokio::test]
async fn how_fast_is_recorded_whole_is_a_setting() {
    let rate = [
        ("RECORDING_BYTES_PER_SECOND", "65536"),
        ("RECORDING_BURST_BYTES", "1048576"),
    ];
    let mut stage = Stage::start_with(&rate).await;
    let flood = Exec::Floods {
        frames: 256,
        bytes: 16 * 1024,
    };
    stage.containers("sh-test", flood);
    let (way, mut terminal) = stage.enter().await;
    terminal.hear("ended").await;
    stage.ending(&way.id).await;
    let cast = stage.cast(&way.id).await;
    let notes = cast.iter().filter_map(|e| e[2].as_str());
    assert!(notes.filter(|note| note.starts_with("omitted ")).count() > 0);
    let kept = shown(&cast);
    assert!(
        (1024 * 1024..3 * 1024 * 1024).contains(&kept.len()),
        "{}",
        kept.len()
    );
    let row = stage.until(&way.id, |_| true).await;
    let hash = hex::encode(Sha256::digest(kept.as_bytes()));
    assert_eq!(row["output_sha256"], hash, "of what is kept");
}

#[tokio::test]
async fn where_it_is_always_strict_there_is_no_shell_without_a_recorder_in_test() {
    let mut stage = Stage::start_with(&[("STRICT_RECORDING", "always")]).await;
    recorder(&stage, false).await;
    let (way, mut terminal) = stage.enter().await;
    assert_eq!(terminal.hear("ended").await["ending"], "no-recorder");
    assert!(terminal.shown.is_empty());
    recorder(&stage, true).await;
    assert_eq!(stage.ending(&way.id).await, "no-recorder");
    let row = stage.until(&way.id, |_| true).await;
    assert_eq!(
        (&row["strict"], &row["tier"]),
        (&json!(true), &json!("test"))
    );
}

#[tokio::test]
async fn passes_that_are_over_go_and_nobody_asks_for_very_many() {
    let mut stage = Stage::start().await;
    let (way, _terminal) = stage.enter().await;
    for _ in 1..60 {
        stage.again(&way.id).await;
    }
    let path = format!("/terminals/{}/passes", way.id);
    let lin = &mut stage.company.developer;
    let refused = lin.api(Method::POST, &path, &json!(null)).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (429, &json!("error-too-many"))
    );
    let pool = stage.company.portal.app.db.pool().clone();
    let count = async || -> i64 {
        let passes = sqlx::query_scalar("SELECT count(*) FROM terminal_pass");
        passes.fetch_one(&pool).await.unwrap()
    };
    assert_eq!(count().await, 60);
    let old = "UPDATE terminal_pass SET created_at = created_at - interval '2 hours',
        expires_at = expires_at - interval '2 hours' WHERE terminal_id IN (
            SELECT terminal_id FROM terminal_pass)";
    stage.company.portal.db.owner.execute(old).await.unwrap();
    stage.again(&way.id).await;
    let app = &stage.company.portal.app;
    jobs::run_due(&app.db, &app::timers(app)).await.unwrap();
    assert_eq!(count().await, 1);
    let trail = stage.trail("terminal.attach").await;
    assert_eq!(trail.len(), 1, "who came stays on record");
}

/// The database takes no recordings from now on, or does again.
async fn recorder(stage: &Stage, works: bool) {
    let sql = if works {
        "GRANT INSERT ON recording_chunk TO slipway_app"
    } else {
        "REVOKE INSERT ON recording_chunk FROM slipway_app"
    };
    let owner = &stage.company.portal.db.owner;
    owner.execute(AssertSqlSafe(sql)).await.unwrap();
}

#[tokio::test]
async fn in_production_there_is_no_shell_without_a_recorder() {
    let mut stage = Stage::start_in_production().await;
    let mut asked = stage.asked();
    let refused = stage
        .company
        .tester
        .api(Method::POST, "/terminals", &asked)
        .await;
    assert_eq!(refused.status, 403);
    asked["reason"] = json!(" ");
    let refused = stage
        .company
        .developer
        .api(Method::POST, "/terminals", &asked)
        .await;
    assert_eq!(
        (refused.status, &refused.json()["fields"][0]["field"]),
        (400, &json!("reason"))
    );

    recorder(&stage, false).await;
    let (way, mut terminal) = stage.enter().await;
    assert_eq!(terminal.hear("ended").await["ending"], "no-recorder");
    assert!(terminal.shown.is_empty());
    let exec = "/api/v1/namespaces/pay-prod/pods";
    let calls = stage.company.world.transcript();
    let production = slipway_sim::System::named("sh-prod");
    assert!(
        calls
            .find(&production, &Method::GET, exec)
            .iter()
            .all(|c| !c.path.contains("exec"))
    );
    assert_eq!(stage.ending(&way.id).await, "no-recorder");

    recorder(&stage, true).await;
    let (way, mut terminal) = stage.enter().await;
    terminal.type_in("echo re''ady\n").await;
    terminal.until("ready").await;
    recorder(&stage, false).await;
    terminal.type_in("echo unse''en\n").await;
    assert_eq!(terminal.hear("ended").await["ending"], "no-recorder");
    recorder(&stage, true).await;
    assert_eq!(stage.ending(&way.id).await, "no-recorder");
    let row = stage.until(&way.id, |_| true).await;
    assert_eq!(
        (&row["strict"], &row["tier"]),
        (&json!(true), &json!("production"))
    );
}

/// Letters that cannot be made much smaller.
fn noise(bytes: usize) -> String {
    let mut last = 1u32;
    let mut next = || {
        last ^= last << 13;
        last ^= last >> 17;
        last ^= last << 5;
        char::from(b'0' + (last >> 8) as u8 % 64)
    };
    (0..bytes).map(|_| next()).collect()
}

#[tokio::test]
async fn in_test_a_shell_goes_on_without_its_recorder() {
    let mut stage = Stage::start().await;
    stage.containers("sh-test", Exec::Echoes);
    let (way, mut terminal) = stage.enter().await;
    recorder(&stage, false).await;
    // More than may wait for a database and be on its way to it, so that some of it must go.
    let text = noise(256 * 1024);
    for n in 1..=17 {
        terminal.type_in(&text).await;
        terminal.until_bytes(n * text.len()).await;
    }
    recorder(&stage, true).await;
    terminal.type_in("again").await;
    stage.recorded(&way.id, "again").await;
    terminal.type_in("\x03").await;
    terminal.hear("ended").await;
    stage.ending(&way.id).await;
    let cast = stage.cast(&way.id).await;
    assert!(
        cast.iter().any(|e| e[2] == "recorder-away"),
        "{:?}",
        cast.len()
    );
}

#[tokio::test]
async fn nobody_changes_what_is_kept() {
    let mut stage = Stage::start().await;
    let (way, mut terminal) = stage.enter().await;
    terminal.type_in("exit\n").await;
    terminal.hear("ended").await;
    stage.ending(&way.id).await;
    let pool = stage.company.portal.app.db.pool().clone();
    for sql in [
        "UPDATE recording_chunk SET frames = ''",
        "DELETE FROM recording_chunk",
        "TRUNCATE recording_chunk",
        "DELETE FROM terminal",
        "UPDATE terminal_pass SET expires_at = slipway_now()",
        "DELETE FROM terminal_visit",
    ] {
        let done = pool.execute(AssertSqlSafe(sql)).await;
        let why = done.expect_err(sql).to_string();
        assert!(why.contains("permission denied"), "{sql}: {why}");
    }
}

#[tokio::test]
async fn recordings_go_when_they_were_kept_long_enough() {
    let mut stage = Stage::start_with(&[("RECORDING_DAYS", "30")]).await;
    let mut ways = Vec::new();
    for _ in 0..2 {
        let (way, mut terminal) = stage.enter().await;
        terminal.type_in("echo he''re; exit\n").await;
        terminal.hear("ended").await;
        stage.ending(&way.id).await;
        ways.push(way.id);
    }
    let owner = stage.company.portal.db.owner.clone();
    let old = &ways[0];
    let month = "CREATE TABLE recording_chunk_202001 PARTITION OF recording_chunk
        FOR VALUES FROM ('2020-01-01 00:00Z') TO ('2020-02-01 00:00Z')";
    owner.execute(month).await.unwrap();
    for sql in [
        format!("UPDATE recording_chunk SET at = '2020-01-09' WHERE terminal_id = '{old}'"),
        format!(
            "INSERT INTO recording_chunk (terminal_id, sequence, at, until_ms, frames)
             VALUES ('{old}', 99, '2019-05-05', 1, '')"
        ),
        format!(
            "UPDATE terminal SET opened_at = '2020-01-09', started_at = '2020-01-09'
             WHERE id = '{old}'"
        ),
    ] {
        owner.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    let app = &stage.company.portal.app;
    jobs::run_due(&app.db, &app::timers(app)).await.unwrap();

    assert_eq!(stage.cast(old).await.len(), 1, "its head alone");
    assert!(shown(&stage.cast(&ways[1]).await).contains("here"));
    let gone = stage.company.ops.get(&format!("/recordings/{old}")).await;
    assert!(gone.text("main").contains("30 days"), "{}", gone.body);
    let kept = stage
        .company
        .ops
        .get(&format!("/recordings/{}", ways[1]))
        .await;
    assert!(!kept.text("#replay").is_empty());
    let trail = stage.trail("recording.expire").await;
    assert_eq!(trail[0]["after"]["months"], json!(["202001", "default"]));
    let app = &stage.company.portal.app;
    let young = app
        .db
        .pool()
        .execute("SELECT slipway_let_recordings_go(29)");
    let refused = young.await.unwrap_err().to_string();
    assert!(refused.contains("younger than 30 days"), "{refused}");
}
