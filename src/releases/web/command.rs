//! The command that ran before a deployment, as its wave tells it.

use serde_json::Value;

use crate::releases::Deployment;
use crate::web::layout::Chrome;

/// How it stands, and the last lines that it wrote.
pub struct Command {
    pub id: String,
    pub said: String,
    pub log: Vec<String>,
    /// Open where it failed.
    pub open: bool,
}

#[must_use]
pub fn command(c: &Chrome, deployment: &Deployment) -> Option<Command> {
    let seen = deployment.before_run.as_ref()?;
    let state = seen["state"].as_str()?;
    let state_said = match state {
        "succeeded" => c.t("before-state-succeeded"),
        "failed" => c.t("before-state-failed"),
        _ => c.t("before-state-running"),
    };
    let code = seen["exit_code"].as_i64();
    let code = code.map(|code| c.t1("before-exit", "code", &code));
    let parts = [Some(state_said), code];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let lines = seen["log"].as_array().into_iter().flatten();
    Some(Command {
        id: format!("before-{}", deployment.id),
        said: parts.join(" · "),
        log: lines.filter_map(Value::as_str).map(str::to_owned).collect(),
        open: state == "failed",
    })
}
