//! The offline data of checked SQL: compile once against a migrated database, keep what sqlx
//! writes.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::postgres::{Durability, Postgres};
use crate::workspace;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Write,
    Check,
}

/// Makes `.sqlx/` anew, or says how it differs.
///
/// # Errors
/// SQL that does not hold, or (when checking) committed data that is not current.
pub async fn run(mode: Mode) -> anyhow::Result<()> {
    let root = workspace::root();
    let scratch = tempfile::tempdir()?;
    let server = Postgres::start(&scratch.path().join("pg"), Durability::ThrownAway).await?;
    server.make_database("prepare").await?;
    migrate(&root.join("migrations"), &server.url("prepare")).await?;
    let fresh = scratch.path().join("sqlx");
    std::fs::create_dir(&fresh)?;
    compile(&server.url("prepare"), &fresh)?;
    let committed = root.join(".sqlx");
    match mode {
        Mode::Write => replace(&fresh, &committed),
        Mode::Check => compare(&fresh, &committed),
    }
}

/// Runs the migrations of a folder as the owner.
///
/// # Errors
/// A migration that fails.
pub async fn migrate(folder: &Path, url: &str) -> anyhow::Result<()> {
    let pool = sqlx::PgPool::connect(url).await?;
    sqlx::migrate::Migrator::new(folder.to_path_buf())
        .await?
        .run(&pool)
        .await?;
    pool.close().await;
    Ok(())
}

/// The library is checked under a setting that no other build has: the compiler does not know that
/// its result depends on where sqlx looked, and would take an earlier one for current. What other
/// builds made of the same source stays as it is.
fn compile(url: &str, folder: &Path) -> anyhow::Result<()> {
    let output = workspace::cargo()
        .args([
            "rustc",
            "--quiet",
            "--locked",
            "--package",
            "slipway",
            "--lib",
        ])
        .args(["--profile", "check", "--", "--cfg"])
        .arg(format!("prepared={:?}", folder.display().to_string()))
        .env("DATABASE_URL", url)
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", folder)
        .output()
        .context("cannot run cargo")?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    bail!("the product does not compile: {}", first_lines(&said))
}

/// The first of what a compiler says: the rest follows from it.
fn first_lines(said: &str) -> String {
    const LINES: usize = 20;
    said.lines().take(LINES).collect::<Vec<_>>().join("\n")
}

fn contents(folder: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        files.insert(name, std::fs::read(entry.path())?);
    }
    Ok(files)
}

fn replace(fresh: &Path, committed: &Path) -> anyhow::Result<()> {
    if committed.exists() {
        std::fs::remove_dir_all(committed)?;
    }
    std::fs::create_dir(committed)?;
    let files = contents(fresh)?;
    for (name, bytes) in &files {
        std::fs::write(committed.join(name), bytes)?;
    }
    println!("{} queries prepared", files.len());
    Ok(())
}

fn compare(fresh: &Path, committed: &Path) -> anyhow::Result<()> {
    let (fresh, committed) = (contents(fresh)?, contents(committed)?);
    let missing = fresh.keys().filter(|k| !committed.contains_key(*k)).count();
    let stale = committed.keys().filter(|k| !fresh.contains_key(*k)).count();
    let changed = fresh
        .iter()
        .filter(|(k, v)| committed.get(*k).is_some_and(|c| c != *v))
        .count();
    if missing + stale + changed > 0 {
        bail!(
            ".sqlx is not current ({missing} missing, {stale} stale, {changed} changed): \
             run `cargo prepare` and commit"
        );
    }
    println!("{} queries are current", fresh.len());
    Ok(())
}
