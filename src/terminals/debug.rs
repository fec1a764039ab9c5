//! A debug container: put beside one whose image has no shell, so that a shell runs next to it.
//!
//! Invariant: its image is one of those that operations allow, and a person chose it.

use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, timeout};

use super::outside::Found;
use super::{Ending, TerminalId};
use crate::app::App;
use crate::error::AppError;
use crate::integrations::CallError;
use crate::integrations::kubernetes::{Beside, Kubernetes, Place, Standing};

/// From being asked for until it runs, its image pulled.
const STARTS_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How much longer it lives than any shell in it may.
const SPARE: Duration = Duration::from_secs(120);
/// How many letters of a terminal's id name it; its last ones are those left to chance.
const NAME_LETTERS: usize = 8;

/// What was put beside which container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DebugContainer {
    pub image: String,
    /// The container of the pod that it looks at.
    pub target: String,
}

/// Where a shell is to run: in a container of the pod, or in one that is put beside it.
#[derive(Debug)]
pub struct Chosen {
    pub container: String,
    pub pod_uid: Option<String>,
    pub debug: Option<DebugContainer>,
}

impl Chosen {
    pub fn new(id: TerminalId, found: Found, image: Option<&str>) -> Self {
        let Found { container, pod_uid } = found;
        let Some(image) = image else {
            return Self {
                container,
                pod_uid,
                debug: None,
            };
        };
        let id = id.0.simple().to_string();
        let letters = id.get(id.len() - NAME_LETTERS..).unwrap_or_default();
        Self {
            container: format!("slipway-debug-{letters}"),
            pod_uid,
            debug: Some(DebugContainer {
                image: image.to_owned(),
                target: container,
            }),
        }
    }
}

/// Only an image that operations allow.
///
/// # Errors
/// 400 for any other, and where they allow none.
pub fn check(app: &App, image: Option<&str>) -> Result<(), AppError> {
    let allowed = &app.settings.terminals.debug_images;
    match image {
        None => Ok(()),
        Some(_) if allowed.is_empty() => Err(AppError::field("debug_image", "debug-images-none")),
        Some(image) if allowed.iter().any(|one| one == image) => Ok(()),
        Some(_) => Err(AppError::field("debug_image", "debug-image-unknown")),
    }
}

/// Puts it there, unless it is there already, and waits until it runs.
///
/// # Errors
/// How a terminal ends that gets none.
pub async fn start(
    app: &App,
    kubernetes: &Kubernetes,
    place: Place<'_>,
    debug: &DebugContainer,
) -> Result<(), Ending> {
    let beside = Beside {
        image: &debug.image,
        target: &debug.target,
        lives: app.settings.terminals.length + SPARE,
    };
    let end = Instant::now() + STARTS_WITHIN;
    loop {
        // What is there already is only looked at, so this may be said again and again.
        match kubernetes.put_beside(place, &beside).await {
            Ok(Standing::Runs) => return Ok(()),
            Ok(Standing::Coming) | Err(CallError::Unavailable { .. }) if Instant::now() < end => {}
            other => return Err(ending(&other)),
        }
        let _ = timeout(LOOK_EVERY, std::future::pending::<()>()).await;
    }
}

fn ending(standing: &Result<Standing, CallError>) -> Ending {
    tracing::warn!(?standing, "a debug container could not be started");
    match standing {
        Ok(Standing::NoImage { .. }) => Ending::DebugNoImage,
        Ok(Standing::Runs | Standing::Coming | Standing::Ended { .. }) => Ending::DebugNotStarted,
        Err(CallError::Denied { .. } | CallError::Refused { .. }) => Ending::DebugRefused,
        Err(CallError::NotFound { .. }) => Ending::Gone,
        Err(CallError::Unavailable { .. }) => Ending::Unreachable,
        Err(_) => Ending::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_a_name_of_its_own() {
        let id: TerminalId = "01933f2a-1111-7222-8333-4444abcdef09"
            .parse()
            .expect("an id");
        let found = || Found {
            container: "pay".to_owned(),
            pod_uid: Some("a".to_owned()),
        };
        let chosen = Chosen::new(id, found(), Some("r.example/tools:1"));
        assert_eq!(chosen.container, "slipway-debug-abcdef09");
        let target = chosen.debug.map(|debug| debug.target);
        assert_eq!(target.as_deref(), Some("pay"));
        let plain = Chosen::new(id, found(), None);
        assert_eq!((plain.container.as_str(), plain.debug), ("pay", None));
    }
}
