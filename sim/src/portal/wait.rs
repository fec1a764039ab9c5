//! Waiting for what others do, for a bounded time.

use std::time::Duration;

use tokio::time::Instant;

/// How often is asked.
const EVERY: Duration = Duration::from_millis(250);
/// Nothing on a release's way may take longer on a demo's machine.
pub const LIMIT: Duration = Duration::from_secs(120);

/// What a look found.
pub enum Look<T> {
    Found(T),
    /// Not yet; the words say what was there instead.
    NotYet(String),
}

/// Looks until something is found.
///
/// # Errors
/// The look's own error at once, or what was there when the time was over.
pub async fn until<T>(mut look: impl AsyncFnMut() -> anyhow::Result<Look<T>>) -> anyhow::Result<T> {
    let end = Instant::now() + LIMIT;
    loop {
        match look().await? {
            Look::Found(found) => return Ok(found),
            Look::NotYet(words) if Instant::now() > end => {
                anyhow::bail!("not within {} s; at last {words}", LIMIT.as_secs())
            }
            Look::NotYet(_) => pause(EVERY).await,
        }
    }
}

/// Lets real time pass.
#[expect(
    clippy::disallowed_methods,
    reason = "a customer of the portal waits in real time"
)]
pub async fn pause(how_long: Duration) {
    tokio::time::sleep(how_long).await;
}
