//! The real program, as another replica of a stage's portal.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use super::stage::{Knock, Stage, Terminal, Way, open};
use crate::support::Browser;
use crate::support::portal::PASSWORD;

/// How soon the program is up.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Takes as many files for this process as it may have; the usual 1,024 are too few for a crowd.
pub fn take_all_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("one's own limit");
}

/// The real program beside the stage's portal, over the same database.
pub struct Program {
    pub child: Child,
    pub lin: Browser,
}

impl Program {
    pub async fn start(stage: &Stage, key: &str) -> Self {
        Self::start_with(stage, key, &[]).await
    }

    /// The same with settings of its own.
    pub async fn start_with(stage: &Stage, key: &str, settings: &[(&str, &str)]) -> Self {
        let command = Command::new(env!("CARGO_BIN_EXE_slipway"));
        Self::run(stage, command, key, settings).await
    }

    /// The same with so many files that it may open.
    pub async fn start_among(stage: &Stage, key: &str, files: usize) -> Self {
        let mut command = Command::new("sh");
        let limited = format!("ulimit -n {files} && exec \"$0\" \"$@\"");
        command.args(["-c", &limited, env!("CARGO_BIN_EXE_slipway")]);
        Self::run(stage, command, key, &[]).await
    }

    async fn run(
        stage: &Stage,
        mut command: Command,
        key: &str,
        settings: &[(&str, &str)],
    ) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let database = &stage.company.portal.db.app_url;
        let settings = settings
            .iter()
            .map(|(name, value)| (format!("SLIPWAY_{name}"), *value));
        let child = command
            .args(["serve", "--no-work"])
            .env_clear()
            .env("SLIPWAY_DATABASE_URL", database.expose_secret())
            .env("SLIPWAY_SECRET_KEYS", key)
            .env("SLIPWAY_LISTEN", &address)
            .env("SLIPWAY_LOG", "error")
            .envs(settings)
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

    pub async fn enter(&mut self, stage: &Stage) -> (Way, Terminal) {
        let way = open(&mut self.lin, &stage.asked()).await;
        let terminal = Knock::of(&self.lin, &way).enter().await.unwrap();
        (way, terminal)
    }
}
