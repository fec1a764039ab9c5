//! One record per event, to standard error: text for people, JSON for collectors.

use tracing_subscriber::EnvFilter;

use crate::config::Settings;

/// # Errors
/// A filter that does not parse, or a subscriber that was there already.
pub fn start(settings: &Settings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.log)?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = if settings.log_json {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
    started.map_err(|e| anyhow::anyhow!("cannot start the log: {e}"))
}
