//! `cargo measure`: one benchmark; the last line is JSON.

use std::process::ExitCode;

use clap::Parser;
use slipway_sim::measure::{Benchmark, run};

#[derive(Parser)]
#[command(about = "Measures one thing. A bar that does not hold is told, and is no failure.")]
struct Cli {
    name: Benchmark,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().name).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("measure: {error:#}");
            ExitCode::FAILURE
        }
    }
}
