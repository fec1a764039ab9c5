//! `cargo mile`: goes the whole mile over a portal's public API.

use std::process::ExitCode;

use clap::Parser;
use slipway_sim::mile::{Options, Route, go};

#[derive(Parser)]
#[command(about = "From a form to production and back with a fresh project, a line a step.")]
struct Cli {
    #[command(flatten)]
    options: Options,
}

#[tokio::main]
async fn main() -> ExitCode {
    let route = match Route::new(Cli::parse().options) {
        Ok(route) => route,
        Err(error) => {
            println!("FAIL  the way there: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = go(&route).await;
    if outcome.whole {
        println!("the whole mile: {} steps", outcome.passed);
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
