//! The portal's process dies, or is told to stop, while somebody is in a terminal.

use std::process::Stdio;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use slipway_sim::kubernetes::Exec;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use super::stage::{Knock, Stage, Terminal, Way, open};
use crate::support::Browser;
use crate::support::portal::{PASSWORD, random_key};

/// How soon the program is up.
const START_LIMIT: Duration = Duration::from_secs(30);

/// The real program beside the stage's portal, over the same database.
struct Program {
    child: Child,
    lin: Browser,
}

impl Program {
    async fn start(stage: &Stage, key: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let database = &stage.company.portal.db.app_url;
        let child = Command::new(env!("CARGO_BIN_EXE_slipway"))
            .args(["serve", "--no-work"])
            .env_clear()
            .env("SLIPWAY_DATABASE_URL", database.expose_secret())
            .env("SLIPWAY_SECRET_KEYS", key)
            .env("SLIPWAY_LISTEN", &address)
            .env("SLIPWAY_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lin = Browser::new(&format!("http://{address}"));
        let up = async {
            let mut looks = tokio::time::interval(Duration::from_millis(20));
            while lin.try_get("/readyz").await.is_none_or(|a| a.status != 200) {
                looks.tick().await;
            }
        };
        tokio::time::timeout(START_LIMIT, up).await.unwrap();
        let form = [("name", "lin"), ("password", PASSWORD)];
        assert_eq!(lin.post("/login", &form).await.status, 303);
        Self { child, lin }
    }

    async fn enter(&mut self, stage: &Stage) -> (Way, Terminal) {
        let way = open(&mut self.lin, &stage.asked()).await;
        let terminal = Knock::of(&self.lin, &way).enter().await.unwrap();
        (way, terminal)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_that_is_killed_leaves_a_recording_that_plays() {
    let key = random_key();
    let mut stage = Stage::start_with(&[("SECRET_KEYS", &key)]).await;
    stage.containers("sh-test", Exec::Echoes);
    let mut program = Program::start(&stage, &key).await;
    let (way, mut terminal) = program.enter(&stage).await;
    for n in 0..20 {
        let text = format!("line {n}\n");
        terminal.type_in(&text).await;
        terminal.until(&text).await;
        // All but what came within the last second is kept, whenever it dies.
        if n == 10 {
            stage.recorded(&way.id, &text).await;
        }
    }
    program.child.kill().await.unwrap();
    assert!(terminal.is_closed().await);
    let recorded = stage.recorded(&way.id, "line 10\n").await;
    assert!(terminal.text().starts_with(&recorded), "{recorded:?}");

    stage.company.advance(Duration::from_secs(60)).await;
    let (_, mut another) = stage.enter().await;
    another.type_in("again").await;
    another.until("again").await;
    assert_eq!(stage.ending(&way.id).await, "portal-lost");
    let ends = stage.trail("terminal.end").await;
    assert_eq!(ends[0]["target_id"], way.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_that_stops_says_so_and_keeps_everything() {
    let key = random_key();
    let mut stage = Stage::start_with(&[("SECRET_KEYS", &key)]).await;
    let mut program = Program::start(&stage, &key).await;
    let (way, mut terminal) = program.enter(&stage).await;
    terminal.type_in("echo la''st\n").await;
    terminal.until("last").await;
    let id = program.child.id().unwrap().to_string();
    let told = Command::new("kill").arg(&id).status().await.unwrap();
    assert!(told.success());
    assert_eq!(terminal.hear("ended").await["ending"], "portal-stopped");
    assert!(program.child.wait().await.unwrap().success());
    assert_eq!(stage.ending(&way.id).await, "portal-stopped");
    assert!(stage.recorded(&way.id, "last").await.contains("last"));
}
