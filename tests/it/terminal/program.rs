//! The real program, as another replica of a stage's portal.

use std::process::Stdio;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use super::stage::{Knock, Stage, Terminal, Way, open};
use crate::support::Browser;
use crate::support::portal::PASSWORD;

/// How soon the program is up.
const START_LIMIT: Duration = Duration::from_secs(30);

/// The real program beside the stage's portal, over the same database.
pub struct Program {
    pub child: Child,
    pub lin: Browser,
}

impl Program {
    pub async fn start(stage: &Stage, key: &str) -> Self {
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

    pub async fn enter(&mut self, stage: &Stage) -> (Way, Terminal) {
        let way = open(&mut self.lin, &stage.asked()).await;
        let terminal = Knock::of(&self.lin, &way).enter().await.unwrap();
        (way, terminal)
    }
}
