//! A container that is put beside those of a running pod, for what their images lack.
//!
//! Kubernetes never takes one away again, so each is made to end by itself.

use std::time::Duration;

use k8s_openapi::api::core::v1::{
    Capabilities, ContainerStatus, EphemeralContainer, Pod, SeccompProfile, SecurityContext,
};
use kube::api::{Patch, PatchParams};

use super::diagnose::{Trouble, container_trouble};
use super::{CREATING_MANAGER, Kubernetes, Place, called, name};
use crate::integrations::CallError;

/// Nobody in particular, and not root; what many images without a shell run as too.
const USER: i64 = 65532;
/// What is put beside which container, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    pub image: &'a str,
    /// An ordinary container of the pod, whose processes are seen from this one.
    pub target: &'a str,
    pub lives: Duration,
}

/// How one stands that was put beside others. Details are for operators and logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Coming,
    Runs,
    /// Its image cannot be pulled.
    NoImage {
        detail: String,
    },
    /// It could not be started, or has ended.
    Ended {
        detail: String,
    },
}

impl Kubernetes {
    /// Puts a container of this name into a pod, where there is none yet, and tells how it stands.
    ///
    /// # Errors
    /// `NotFound` where the pod is gone, `Denied` without the right and where the cluster does
    /// not admit such a container, `Refused` where it cannot be as it is wanted.
    pub async fn put_beside(
        &self,
        place: Place<'_>,
        beside: &Beside<'_>,
    ) -> Result<Standing, CallError> {
        let found = self.get::<Pod>(place.namespace, place.pod).await?;
        let pod = found.ok_or_else(|| CallError::NotFound {
            detail: format!("no pod {}", place.pod),
        })?;
        if is_there(&pod, place.container) {
            return Ok(standing(&pod, place.container));
        }
        let container = container(&pod, name(place.container)?, beside);
        let patch = serde_json::json!({ "spec": { "ephemeralContainers": [container] } });
        let params = PatchParams {
            field_manager: Some(CREATING_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let params = params.validation_strict();
        let api = self.api::<Pod>(place.namespace)?;
        let patch = Patch::Strategic(&patch);
        let sent = api.patch_ephemeral_containers(name(place.pod)?, &params, &patch);
        Ok(standing(&called(sent).await?, place.container))
    }
}

fn is_there(pod: &Pod, container: &str) -> bool {
    let spec = pod.spec.as_ref();
    let all = spec.and_then(|spec| spec.ephemeral_containers.as_ref());
    all.into_iter().flatten().any(|one| one.name == container)
}

/// Holds what the strictest profile of Pod Security asks for.
fn container(pod: &Pod, container: &str, beside: &Beside<'_>) -> EphemeralContainer {
    let rules = SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities {
            add: None,
            drop: Some(vec!["ALL".to_owned()]),
        }),
        run_as_non_root: Some(true),
        run_as_user: Some(user(pod, beside.target)),
        seccomp_profile: Some(SeccompProfile {
            type_: "RuntimeDefault".to_owned(),
            localhost_profile: None,
        }),
        ..SecurityContext::default()
    };
    EphemeralContainer {
        name: container.to_owned(),
        image: Some(beside.image.to_owned()),
        command: Some(vec!["sleep".to_owned(), beside.lives.as_secs().to_string()]),
        target_container_name: Some(beside.target.to_owned()),
        security_context: Some(rules),
        stdin: Some(false),
        ..EphemeralContainer::default()
    }
}

/// The target's own user, because the kernel keeps its files and processes from every other one;
/// where that is root or the image's secret, somebody who is not root.
fn user(pod: &Pod, target: &str) -> i64 {
    let Some(spec) = &pod.spec else { return USER };
    let own = spec.containers.iter().find(|one| one.name == target);
    let own = own.and_then(|one| one.security_context.as_ref()?.run_as_user);
    let shared = || spec.security_context.as_ref()?.run_as_user;
    own.or_else(shared).filter(|user| *user > 0).unwrap_or(USER)
}

fn standing(pod: &Pod, container: &str) -> Standing {
    let status = pod.status.as_ref();
    let all = status.and_then(|status| status.ephemeral_container_statuses.as_ref());
    let mut mine = all.into_iter().flatten().filter(|s| s.name == container);
    mine.next().map_or(Standing::Coming, of)
}

fn of(status: &ContainerStatus) -> Standing {
    let state = status.state.as_ref();
    if state.is_some_and(|state| state.running.is_some()) {
        return Standing::Runs;
    }
    let has_ended = state.is_some_and(|state| state.terminated.is_some());
    match container_trouble("", status) {
        Some(Trouble::ImagePull { reason, detail, .. }) => Standing::NoImage {
            detail: format!("{reason}: {detail}"),
        },
        Some(other) => Standing::Ended {
            detail: format!("{other:?}"),
        },
        None if has_ended => Standing::Ended {
            detail: "it ended by itself".to_owned(),
        },
        None => Standing::Coming,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(shared: &Value, own: &Value, state: &Value) -> Pod {
        let pod = json!({
            "spec": { "securityContext": shared, "containers": [
                { "name": "proxy", "securityContext": { "runAsUser": 7 } },
                { "name": "app", "securityContext": own },
            ] },
            "status": { "ephemeralContainerStatuses": [
                { "name": "debug", "image": "", "imageID": "", "ready": false,
                  "restartCount": 0, "state": state },
            ] },
        });
        serde_json::from_value(pod).expect("a pod")
    }

    #[test]
    fn it_runs_as_its_target_but_never_as_root() {
        for (shared, own, expected) in [
            (json!({}), json!({}), USER),
            (json!({ "runAsUser": 1000 }), json!({}), 1000),
            (
                json!({ "runAsUser": 1000 }),
                json!({ "runAsUser": 2000 }),
                2000,
            ),
            (
                json!({ "runAsUser": 1000 }),
                json!({ "runAsUser": 0 }),
                USER,
            ),
        ] {
            let found = user(&pod(&shared, &own, &json!({})), "app");
            assert_eq!(found, expected, "{shared} {own}");
        }
    }

    #[test]
    fn it_stands_as_its_state_says() {
        let none = json!({});
        let stands = |state: Value| standing(&pod(&none, &none, &state), "debug");
        assert_eq!(stands(json!({ "running": {} })), Standing::Runs);
        assert_eq!(stands(none.clone()), Standing::Coming);
        let waits = |reason: &str| stands(json!({ "waiting": { "reason": reason } }));
        assert_eq!(waits("ContainerCreating"), Standing::Coming);
        let missing = waits("ImagePullBackOff");
        assert!(matches!(missing, Standing::NoImage { .. }), "{missing:?}");
        let broken = waits("CreateContainerConfigError");
        assert!(matches!(broken, Standing::Ended { .. }), "{broken:?}");
        for code in [0, 128] {
            let ended = stands(json!({ "terminated": { "exitCode": code } }));
            assert!(matches!(ended, Standing::Ended { .. }), "{ended:?}");
        }
        let other = standing(&pod(&none, &none, &none), "other");
        assert_eq!(other, Standing::Coming);
    }
}
