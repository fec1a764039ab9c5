//! `cargo verify`: all tests with all their set-up.

use std::process::ExitCode;

use clap::Parser;
use slipway_sim::verify::{Group, Plan, run};

#[derive(Parser)]
#[command(about = "Runs the tests. Without groups: those that this machine can run.")]
struct Cli {
    /// Of the groups that exist, nothing may be left out.
    #[arg(long)]
    all: bool,
    /// Which groups to run; all if none is named.
    groups: Vec<Group>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&Plan {
        all: cli.all,
        groups: cli.groups,
    })
    .await
    {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("verify: {error:#}");
            println!("0 passed, 1 failed, 0 skipped");
            ExitCode::FAILURE
        }
    }
}
