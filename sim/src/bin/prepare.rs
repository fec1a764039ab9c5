//! `cargo prepare`: makes `.sqlx/` anew from the migrations, so that the product compiles without
//! a database. `--check` says whether what is committed is current.

use anyhow::bail;
use slipway_sim::prepare::{Mode, run};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mode = match std::env::args().nth(1).as_deref() {
        None => Mode::Write,
        Some("--check") => Mode::Check,
        Some(other) => bail!("unknown option {other}; there is --check"),
    };
    run(mode).await
}
