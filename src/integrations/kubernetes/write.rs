//! Creating and applying objects.
//!
//! Invariant: one manager, [`FIELD_MANAGER`], always applies the whole desired object by force;
//! only the creating POST has another name, so that what it set first (`replicas: 0`) is not
//! taken away by an apply that leaves it out.

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};

use serde_json::Value;

use super::error::{ApplyError, OwnedField, apply_error, call_error, owned_fields};
use super::path::Path;
use super::{Kind, Kubernetes, called, name, within};
use crate::integrations::CallError;

/// The manager of every apply.
pub const FIELD_MANAGER: &str = "slipway";
/// The manager of the POST that makes an object.
pub const CREATING_MANAGER: &str = "slipway-create";

const RECREATE: &str = "Recreate";

impl Kubernetes {
    /// Makes a Deployment that starts nothing: whatever it says of replicas, it is made with 0.
    /// `Conflict` where one of that name is there already.
    pub async fn create_deployment_placeholder(
        &self,
        deployment: &Deployment,
    ) -> Result<Deployment, ApplyError> {
        let mut idle = deployment.clone();
        idle.spec.get_or_insert_default().replicas = Some(0);
        self.create(&idle).await
    }

    /// Makes an object that must not be there yet; `Conflict` inside `Call` where it is.
    pub async fn create<K: Kind>(&self, object: &K) -> Result<K, ApplyError> {
        let (namespace, _) = place(object)?;
        let params = PostParams {
            field_manager: Some(CREATING_MANAGER.to_owned()),
            ..PostParams::default()
        };
        let api = self.api::<K>(namespace)?;
        within(api.create(&params, object))
            .await?
            .map_err(apply_error)
    }

    /// Makes or changes the object to be as given, taking fields from whoever owns them; what we
    /// applied before and is now left out is removed.
    ///
    /// With `metadata.resourceVersion` set it fails as `Stale` where the object has moved on. One
    /// that was deleted meanwhile it would make again, unless `metadata.uid` is set too: then that
    /// is `Stale` as well.
    pub async fn apply<K: Kind>(&self, object: &K) -> Result<K, ApplyError> {
        let params = PatchParams::apply(FIELD_MANAGER)
            .force()
            .validation_strict();
        self.applied(object, &params).await
    }

    /// What [`Self::apply`] would leave there, by the server's own word; nothing is stored.
    pub async fn what_apply_would_make<K: Kind>(&self, object: &K) -> Result<K, ApplyError> {
        let params = PatchParams::apply(FIELD_MANAGER)
            .force()
            .dry_run()
            .validation_strict();
        self.applied(object, &params).await
    }

    async fn applied<K: Kind>(&self, object: &K, how: &PatchParams) -> Result<K, ApplyError> {
        let (namespace, object_name) = place(object)?;
        let api = self.api::<K>(namespace)?;
        let patch = Patch::Apply(object);
        within(api.patch(object_name, how, &patch))
            .await?
            .map_err(apply_error)
    }

    /// Readies a Deployment that is replaced bit by bit to be one that is not: what it says of
    /// that belongs to whoever made it too, so that an apply which leaves it out does not remove
    /// it, and the server refuses the two together. Nothing restarts by this. `Stale` where the
    /// object has moved since it was read; what needs nothing is answered as it was read.
    pub async fn make_way(
        &self,
        read: Deployment,
        wanted: &Deployment,
    ) -> Result<Deployment, ApplyError> {
        if !rolls(&read) || rolls(wanted) {
            return Ok(read);
        }
        let (namespace, object_name) = place(&read)?;
        let meta = &read.metadata;
        let patch = serde_json::json!({
            "metadata": { "resourceVersion": meta.resource_version, "uid": meta.uid },
            "spec": { "strategy": { "type": RECREATE, "rollingUpdate": null } },
        });
        let params = PatchParams {
            field_manager: Some(CREATING_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let api = self.api::<Deployment>(namespace)?;
        within(api.patch(object_name, &params, &Patch::Merge(&patch)))
            .await?
            .map_err(apply_error)
    }

    /// Takes fields away from an object as it was read, whoever set them; a handler goes with all
    /// that it is part of, because a probe without one is invalid. `Stale` where it has
    /// moved since; one in which none of them stands is answered as it was read.
    pub async fn without<K: Kind>(&self, read: K, places: &[&Path]) -> Result<K, ApplyError> {
        let mut left = serde_json::json!(read);
        let mut removals = Vec::new();
        for place in places.iter().map(|place| place.with_handler()) {
            // Each counts on what the ones before it have left.
            if let Some(pointer) = place.pointer(&left) {
                place.put(&mut left, &Value::Null);
                removals.push(serde_json::json!({ "op": "remove", "path": pointer }));
            }
        }
        if removals.is_empty() {
            return Ok(read);
        }
        let (namespace, object_name) = place(&read)?;
        let is = |field: &str, value: &Option<String>| {
            let path = format!("/metadata/{field}");
            serde_json::json!({ "op": "test", "path": path, "value": value })
        };
        let meta = read.meta();
        let mut patch = vec![
            is("uid", &meta.uid),
            is("resourceVersion", &meta.resource_version),
        ];
        patch.extend(removals);
        let patch: json_patch::Patch =
            serde_json::from_value(Value::Array(patch)).map_err(|e| CallError::Unexpected {
                detail: e.to_string(),
            })?;
        let params = PatchParams {
            field_manager: Some(CREATING_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let api = self.api::<K>(namespace)?;
        match within(api.patch(object_name, &params, &Patch::Json::<()>(patch))).await? {
            // How the server says that a test did not hold; what is left is invalid has causes.
            Err(kube::Error::Api(status)) if status.code == 422 && has_no_causes(&status) => {
                Err(ApplyError::Stale)
            }
            other => other.map_err(apply_error),
        }
    }

    /// What [`Self::apply`] would take from other hands, found by a dry run without force. What
    /// our own creating POST set is not among it.
    pub async fn what_apply_would_overwrite<K: Kind>(
        &self,
        object: &K,
    ) -> Result<Vec<OwnedField>, ApplyError> {
        let (namespace, object_name) = place(object)?;
        let mut unversioned = object.clone();
        unversioned.meta_mut().resource_version = None;
        let api = self.api::<K>(namespace)?;
        let params = PatchParams::apply(FIELD_MANAGER)
            .dry_run()
            .validation_strict();
        match within(api.patch(object_name, &params, &Patch::Apply(&unversioned))).await? {
            Ok(_) => Ok(Vec::new()),
            Err(kube::Error::Api(status)) if !owned_fields(&status).is_empty() => {
                let mut owned = owned_fields(&status);
                owned.retain(|field| field.manager != CREATING_MANAGER);
                Ok(owned)
            }
            Err(error) => Err(apply_error(error)),
        }
    }

    /// Deletes the object and, in the background, what it owns. One that is gone is no error.
    pub async fn delete<K: Kind>(&self, namespace: &str, object: &str) -> Result<(), CallError> {
        let api = self.api::<K>(namespace)?;
        match called(api.delete(name(object)?, &DeleteParams::background())).await {
            Ok(_) | Err(CallError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Deletes the very object that was read: one made anew under its name stays.
    pub async fn delete_this<K: Kind>(&self, namespace: &str, read: &K) -> Result<(), CallError> {
        let meta = read.meta();
        let object = meta.name.as_deref().unwrap_or_default();
        let params = DeleteParams::background().preconditions(Preconditions {
            uid: meta.uid.clone(),
            resource_version: None,
        });
        let api = self.api::<K>(namespace)?;
        match called(api.delete(name(object)?, &params)).await {
            Ok(_) | Err(CallError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Reads an object; `None` where it is not there.
    pub async fn get<K: Kind>(
        &self,
        namespace: &str,
        object: &str,
    ) -> Result<Option<K>, CallError> {
        let api = self.api::<K>(namespace)?;
        within(api.get_opt(name(object)?))
            .await?
            .map_err(call_error)
    }
}

fn has_no_causes(status: &kube::core::Status) -> bool {
    let details = status.details.as_ref();
    details.is_none_or(|details| details.causes.is_empty())
}

/// Whether new pods come before all old ones are gone, which is what holds unless said otherwise.
fn rolls(deployment: &Deployment) -> bool {
    let strategy = deployment.spec.as_ref().and_then(|s| s.strategy.as_ref());
    strategy.and_then(|s| s.type_.as_deref()) != Some(RECREATE)
}

/// Namespace and name of an object that is to be written.
fn place<K: Kind>(object: &K) -> Result<(&str, &str), CallError> {
    let meta = object.meta();
    match (&meta.namespace, &meta.name) {
        (Some(namespace), Some(object_name)) => Ok((name(namespace)?, name(object_name)?)),
        _ => Err(CallError::Refused {
            detail: "an object to write needs a name and a namespace".to_owned(),
        }),
    }
}
