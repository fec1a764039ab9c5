//! `cargo demo`: everything on this machine, until Ctrl-C.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use slipway_sim::demo::{Options, start};
use slipway_sim::portal::Build;
use slipway_sim::postgres::Durability;
use slipway_sim::workspace;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
#[command(about = "Starts PostgreSQL, simulated outside systems and the portal with a company.")]
struct Cli {
    /// The portal's port [the last one, or 8080].
    #[arg(long)]
    port: Option<u16>,
    /// Where everything is kept [target/demo].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A company without projects.
    #[arg(long)]
    empty: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let options = Options {
        port: cli.port,
        data: cli
            .data
            .unwrap_or_else(|| workspace::root().join("target/demo")),
        empty: cli.empty,
        durability: Durability::Kept,
        build: Build::Debug,
        settings: Vec::new(),
    };
    let mut demo = tokio::select! {
        started = start(&options) => started?,
        _ = terminated.recv() => return Ok(()),
        _ = interrupted.recv() => return Ok(()),
    };
    let died = tokio::select! {
        _ = terminated.recv() => None,
        _ = interrupted.recv() => None,
        words = demo.portal.ended() => Some(words),
    };
    println!("\nStopping.");
    demo.stop().await;
    match died {
        Some(words) => anyhow::bail!(words),
        None => Ok(()),
    }
}
