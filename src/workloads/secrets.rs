//! Secrets in a workload's namespace: what its images are pulled with, its secret variables and
//! files.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use uuid::Uuid;

use super::{Workload, store};
use crate::app::App;
use crate::connections::{self, ConnectionError, ConnectionId};
use crate::db::Tx;
use crate::error::AppError;
use crate::identity::ProjectId;
use crate::integrations::CallError;
use crate::integrations::kubernetes::{ApplyError, Kubernetes};
use crate::secrets::Place;
use crate::standards::{Parameters, SecretVersion};

/// The same name in every namespace; pods refer to it whether or not the registry asks.
pub const PULL_SECRET: &str = "slipway-pull";
/// The one entry of the object of a secret variable or file.
pub const SECRET_KEY: &str = "value";

/// A version is a new object, so that a rollback finds the former value.
#[must_use]
pub fn secret_name(secret: &SecretVersion) -> String {
    format!("slipway-{}-v{}", secret.id.simple(), secret.version)
}

const fn place(version: Uuid) -> Place<'static> {
    Place {
        table: "secret_version",
        column: "value",
        row: version,
    }
}

/// Stores a new secret value, first version.
///
/// # Errors
/// No answer from the database.
pub async fn create(
    app: &App,
    tx: &mut Tx,
    project: ProjectId,
    value: &SecretString,
) -> Result<SecretVersion, AppError> {
    let (id, version_id) = (Uuid::now_v7(), Uuid::now_v7());
    let sealed = app
        .settings
        .keys
        .seal(place(version_id), value)
        .map_err(|e| AppError::Internal(format!("cannot seal a secret: {e}")))?;
    store::insert_secret(tx.connection(), project, id, version_id, &sealed).await?;
    Ok(SecretVersion { id, version: 1 })
}

/// What can stop the secrets from getting there.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Apply(#[from] ApplyError),
    #[error("{0}")]
    Ours(String),
}

/// Puts the pull secret, the secret variables and files into the namespace. Safe to repeat.
///
/// # Errors
/// The cluster's or the database's.
pub async fn apply(
    app: &App,
    kubernetes: &Kubernetes,
    workload: &Workload,
    parameters: &Parameters,
    registry: ConnectionId,
) -> Result<(), SecretsError> {
    if let Some(document) = pull_document(app, workload, registry).await? {
        let data = BTreeMap::from([(".dockerconfigjson".to_owned(), ByteString(document))]);
        let kind = "kubernetes.io/dockerconfigjson";
        kubernetes
            .apply(&object(workload, PULL_SECRET, kind, data))
            .await?;
    }
    for secret in parameters.secrets() {
        let value = open(app, workload.project_id, &secret).await?;
        let bytes = ByteString(value.expose_secret().as_bytes().to_vec());
        let data = BTreeMap::from([(SECRET_KEY.to_owned(), bytes)]);
        kubernetes
            .apply(&object(workload, &secret_name(&secret), "Opaque", data))
            .await?;
    }
    Ok(())
}

fn object(
    workload: &Workload,
    name: &str,
    kind: &str,
    data: BTreeMap<String, ByteString>,
) -> Secret {
    let labels = BTreeMap::from([(
        "app.kubernetes.io/managed-by".to_owned(),
        "slipway".to_owned(),
    )]);
    Secret {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(workload.namespace.clone()),
            labels: Some(labels),
            ..ObjectMeta::default()
        },
        type_: Some(kind.to_owned()),
        data: Some(data),
        ..Secret::default()
    }
}

/// The registry's account for the cluster's own name of it; `None` for an open registry.
async fn pull_document(
    app: &App,
    workload: &Workload,
    registry: ConnectionId,
) -> Result<Option<Vec<u8>>, SecretsError> {
    let Some((user, password)) = connections::registry_account(app, registry).await? else {
        return Ok(None);
    };
    let auth = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
    let document = json!({ "auths": { &workload.registry_host: {
        "username": user, "password": password.expose_secret(), "auth": auth } } });
    Ok(Some(document.to_string().into_bytes()))
}

async fn open(
    app: &App,
    project: ProjectId,
    secret: &SecretVersion,
) -> Result<SecretString, SecretsError> {
    let found = store::find_secret(app.db.pool(), project, secret).await;
    let found = found.map_err(|e| SecretsError::Ours(e.to_string()))?;
    let (id, sealed) = found.ok_or_else(|| {
        SecretsError::Connection(ConnectionError::Call(CallError::NotFound {
            detail: "a secret's version".to_owned(),
        }))
    })?;
    app.settings
        .keys
        .open(place(id), &sealed)
        .map_err(|e| SecretsError::Ours(e.to_string()))
}
