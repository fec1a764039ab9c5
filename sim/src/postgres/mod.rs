//! A PostgreSQL server of our own on loopback: the machine's binaries if it has them, else
//! fetched ones. The server never runs as root: PostgreSQL refuses that.

mod binaries;

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};

/// Who runs the server when we are root: `nobody`, which owns nothing of worth.
const UNPRIVILEGED: u32 = 65534;
const OWNER: &str = "slipway_owner";
const START_LIMIT: Duration = Duration::from_secs(60);

/// Whether the data must survive a power cut, or is thrown away after the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    Kept,
    ThrownAway,
}

/// A running server. Dropped, it stops.
pub struct Postgres {
    binaries: PathBuf,
    data: PathBuf,
    port: u16,
    password: String,
    durability: Durability,
}

impl Postgres {
    /// Starts the server whose files are in `folder`, making it first if it is not there.
    ///
    /// # Errors
    /// No binaries to be had, or a server that does not start; its log's last lines tell why.
    pub async fn start(folder: &Path, durability: Durability) -> anyhow::Result<Self> {
        let binaries = binaries::find_or_fetch().await?;
        let data = place(folder)?;
        let password = password(folder)?;
        let mut server = Self {
            binaries,
            data,
            port: free_port()?,
            password,
            durability,
        };
        if !server.data.join("PG_VERSION").exists() {
            server.init()?;
        }
        if server.data.join("postmaster.pid").exists() {
            // It outlived whoever started it and was killed; the folder is ours alone.
            server.halt();
        }
        server.run()?;
        Ok(server)
    }

    /// The owner's URL of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://{OWNER}:{}@127.0.0.1:{}/{database}",
            self.password, self.port
        )
    }

    /// The application role's URL of a database.
    #[must_use]
    pub fn app_url(&self, database: &str) -> String {
        format!(
            "postgres://slipway_portal:{}@127.0.0.1:{}/{database}",
            self.password, self.port
        )
    }

    /// Makes a database, and the login role that the portal uses.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn make_database(&self, name: &str) -> anyhow::Result<()> {
        use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
        let mut owner = sqlx::PgConnection::connect(&self.url("postgres")).await?;
        let role = format!(
            "DO $$ BEGIN
                CREATE ROLE slipway_app NOLOGIN;
                CREATE ROLE slipway_portal LOGIN PASSWORD '{}' IN ROLE slipway_app;
             EXCEPTION WHEN duplicate_object THEN NULL; END $$",
            self.password
        );
        owner.execute(AssertSqlSafe(role)).await?;
        let known = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(name);
        if known.fetch_optional(&mut owner).await?.is_none() {
            owner
                .execute(AssertSqlSafe(format!("CREATE DATABASE {name}")))
                .await?;
        }
        owner.close().await?;
        Ok(())
    }

    /// Drops every database whose name begins like that, with the connections to it.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn drop_databases(&self, prefix: &str) -> anyhow::Result<()> {
        use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
        let mut owner = sqlx::PgConnection::connect(&self.url("postgres")).await?;
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT datname::text FROM pg_database WHERE starts_with(datname, $1)",
        )
        .bind(prefix)
        .fetch_all(&mut owner)
        .await?;
        for name in names {
            owner
                .execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)")))
                .await?;
        }
        owner.close().await?;
        Ok(())
    }

    fn init(&self) -> anyhow::Result<()> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), &self.password)?;
        give_away(file.path())?;
        let mut command = self.command("initdb");
        command.args([
            "--username",
            OWNER,
            "--auth",
            "scram-sha-256",
            "--encoding",
            "UTF8",
        ]);
        command.args(["--locale", "C.UTF-8", "--no-sync", "--no-instructions"]);
        command
            .arg("--pwfile")
            .arg(file.path())
            .arg("--pgdata")
            .arg(&self.data);
        let output = command.output().context("cannot run initdb")?;
        if !output.status.success() {
            bail!("initdb failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    fn run(&mut self) -> anyhow::Result<()> {
        let mut options = format!(
            "-c port={} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' \
             -c max_connections=300",
            self.port
        );
        if self.durability == Durability::ThrownAway {
            options.push_str(" -c fsync=off -c synchronous_commit=off -c full_page_writes=off");
        }
        let log = self.data.join("server.log");
        let mut command = self.command("pg_ctl");
        command.args(["start", "--wait", "--silent", "--timeout"]);
        command.arg(START_LIMIT.as_secs().to_string());
        command
            .arg("--pgdata")
            .arg(&self.data)
            .arg("--log")
            .arg(&log);
        command.arg("--options").arg(options);
        let status = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        if !status.success() {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            let last: Vec<&str> = text.lines().rev().take(5).collect();
            bail!("PostgreSQL did not start: {}", last.join(" | "));
        }
        Ok(())
    }

    /// A command of PostgreSQL's, as somebody who is not root.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.join(name));
        command
            .current_dir(&self.data)
            .env("LC_ALL", "C.UTF-8")
            .env_remove("PGDATA");
        if is_root() {
            command
                .uid(UNPRIVILEGED)
                .gid(UNPRIVILEGED)
                .env("HOME", &self.data);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.halt();
        if self.durability == Durability::ThrownAway {
            // As root's it lies outside of the folder that was asked for. What cannot be removed
            // is small, and the machine clears such places.
            let _ = std::fs::remove_dir_all(&self.data);
        }
    }
}

impl Postgres {
    fn halt(&self) {
        self.stop("fast");
    }

    /// Ends the server as a power cut does: every connection breaks, and it recovers when it is
    /// started [again](Self::start_again).
    pub fn crash(&self) {
        self.stop("immediate");
    }

    /// Starts the server that was stopped, at the same port.
    ///
    /// # Errors
    /// A server that does not start.
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        self.run()
    }

    fn stop(&self, mode: &str) {
        let mut stop = self.command("pg_ctl");
        stop.args(["stop", "--wait", "--silent", "--mode", mode])
            .arg("--pgdata")
            .arg(&self.data);
        // A server that is gone already is what was wanted.
        let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// The data's folder. Root's own folders may be closed to others, so as root it lies elsewhere,
/// under a name that belongs to the folder asked for.
fn place(folder: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    if !is_root() {
        let data = folder.join("postgres");
        std::fs::create_dir_all(&data)?;
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700))?;
        return Ok(data);
    }
    let link = folder.join("postgres-is-in");
    if let Ok(text) = std::fs::read_to_string(&link) {
        let data = PathBuf::from(text.trim());
        if data.join("PG_VERSION").exists() {
            return Ok(data);
        }
    }
    let data = tempfile::Builder::new()
        .prefix("slipway-pg-")
        .tempdir_in("/var/tmp")?
        .keep();
    give_away(&data)?;
    std::fs::write(&link, format!("{}\n", data.display()))?;
    Ok(data)
}

fn password(folder: &Path) -> anyhow::Result<String> {
    let file = folder.join("postgres-password");
    if let Ok(text) = std::fs::read_to_string(&file) {
        return Ok(text.trim().to_owned());
    }
    let password = uuid::Uuid::new_v4().simple().to_string();
    std::fs::write(&file, &password)?;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?;
    Ok(password)
}

fn give_away(path: &Path) -> anyhow::Result<()> {
    if is_root() {
        chown(path, Some(UNPRIVILEGED), Some(UNPRIVILEGED))?;
    }
    Ok(())
}

/// Whether this process is root's: it then owns its own entry in /proc.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}

/// A port that was free a moment ago.
///
/// # Errors
/// None is free.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port())
}
