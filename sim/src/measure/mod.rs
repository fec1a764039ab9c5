//! Benchmarks: what the product promises in numbers, measured on the program as it is shipped.

mod figures;
mod readers;
mod start;
mod terminal;

use clap::ValueEnum;
use serde::Serialize;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Benchmark {
    /// From the process's start to readiness, memory when idle, size of the program.
    Start,
    /// Pages for fifty people while ten releases run, beside the same pages for one.
    Readers,
    /// A flood through a terminal, beside `kubectl exec`.
    TerminalThroughput,
    /// A key through a terminal and back, beside `kubectl exec`.
    TerminalEcho,
    /// A thousand terminals at once.
    TerminalScale,
    /// Floods on slow screens.
    TerminalSlowViewer,
}

/// The last line that a benchmark prints.
#[derive(Debug, Serialize)]
pub struct Verdict {
    pub name: &'static str,
    /// What was measured, with units in the names.
    pub ours: serde_json::Value,
    /// What it is compared with in the same run; `None` where the bar is absolute.
    pub peer: Option<serde_json::Value>,
    pub ratio: Option<f64>,
    pub bar: serde_json::Value,
    pub holds: bool,
}

/// Runs one benchmark and prints its verdict.
///
/// # Errors
/// What could not be built or started.
pub async fn run(benchmark: Benchmark) -> anyhow::Result<()> {
    let verdict = match benchmark {
        Benchmark::Start => start::start().await?,
        Benchmark::Readers => readers::readers().await?,
        Benchmark::TerminalThroughput => terminal::throughput().await?,
        Benchmark::TerminalEcho => terminal::echo().await?,
        Benchmark::TerminalScale => terminal::scale().await?,
        Benchmark::TerminalSlowViewer => terminal::slow().await?,
    };
    println!("{}", serde_json::to_string(&verdict)?);
    Ok(())
}
