//! The document of deployment parameters: one schema from which form, API and objects follow.
//!
//! Invariant: nothing reaches a cluster that did not pass this validator, whichever door it
//! came in by.

pub mod api;
pub mod layers;
mod quantity;
pub mod rails;
mod schema;
pub mod web;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

pub use quantity::{cpu_millis, memory_mebibytes};

use self::layers::{Effective, Name, Place, Revision, Row};
use crate::app::App;
use crate::error::{AppError, FieldError};
use crate::identity::{Actor, Permission, Scope};

/// The schema version that new documents are written in.
pub const SCHEMA_VERSION: i32 = 1;

/// A valid document, typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    pub replicas: Range,
    pub cpu: Resource,
    pub memory: Resource,
    pub access: Access,
    pub port: u16,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<Variable>,
    pub probes: Probes,
    #[serde(default = "default_grace")]
    pub grace_seconds: u32,
}

const fn default_grace() -> u32 {
    30
}

/// Containers per cluster; the autoscaler moves between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    pub min: i32,
    pub max: i32,
}

/// What a container is promised and may at most use; Kubernetes quantities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResourceShare)]
pub struct Resource {
    pub request: String,
    pub limit: String,
}

crate::words! {
    /// Who calls the service: others in containers, or also callers outside.
    pub enum Access { Internal = "internal", Public = "public" }

    pub enum ProbeKind { Http = "http", Tcp = "tcp" }
}

/// One environment variable: a plain value, or a version of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretVersion>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretVersion {
    pub id: Uuid,
    pub version: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Probes {
    pub readiness: Probe,
    pub liveness: Probe,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProbeSetting)]
pub struct Probe {
    pub kind: ProbeKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(default = "default_delay")]
    pub delay_seconds: i32,
    #[serde(default = "default_period")]
    pub period_seconds: i32,
    #[serde(default = "default_timeout")]
    pub timeout_seconds: i32,
    #[serde(default = "default_failures")]
    pub failures: i32,
}

const fn default_delay() -> i32 {
    10
}

const fn default_period() -> i32 {
    10
}

const fn default_timeout() -> i32 {
    3
}

const fn default_failures() -> i32 {
    3
}

/// Every layer that there is or could be.
///
/// # Errors
/// 403 without the right to look.
pub async fn all_layers(app: &App, actor: &Actor) -> Result<Vec<Row>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    Ok(layers::overview(app.db.pool()).await?)
}

/// One layer, and what it said before, the newest first.
///
/// # Errors
/// 403 without the right to look, 404 where there is nothing that it could be about.
pub async fn layer(
    app: &App,
    actor: &Actor,
    name: &Name,
) -> Result<(Row, Vec<Revision>), AppError> {
    let all = all_layers(app, actor).await?;
    if let Some(row) = all.into_iter().find(|row| row.name == *name) {
        return Ok((row, layers::revisions(app.db.pool(), name).await?));
    }
    let mut tx = app.db.begin().await?;
    if !layers::is_place(tx.connection(), name).await? {
        return Err(AppError::NotFound);
    }
    Ok((Row::silent(name), Vec::new()))
}

/// What holds over a place before any workload says anything.
///
/// # Errors
/// No answer from the database.
pub async fn over(app: &App, place: &Place) -> Result<Effective, AppError> {
    let mut tx = app.db.begin().await?;
    Ok(layers::effective(&layers::over(&mut tx, place).await?))
}

/// Validates a document against the schema, then what a schema cannot say.
///
/// # Errors
/// Every field that is wrong, by its path with dots.
pub fn validate(document: &Value) -> Result<Parameters, Vec<FieldError>> {
    schema::check(document)?;
    let parameters: Parameters = serde_json::from_value(document.clone())
        .map_err(|_| vec![FieldError::new("parameters", "field-wrong-type")])?;
    let errors = relations(&parameters);
    if errors.is_empty() {
        Ok(parameters)
    } else {
        Err(errors)
    }
}

/// Relations between fields.
fn relations(p: &Parameters) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if p.replicas.min > p.replicas.max {
        errors.push(FieldError::new(
            "parameters.replicas.max",
            "parameters-min-over-max",
        ));
    }
    if cpu_millis(&p.cpu.request) > cpu_millis(&p.cpu.limit) {
        errors.push(FieldError::new(
            "parameters.cpu.limit",
            "parameters-request-over-limit",
        ));
    }
    if memory_mebibytes(&p.memory.request) > memory_mebibytes(&p.memory.limit) {
        errors.push(FieldError::new(
            "parameters.memory.limit",
            "parameters-request-over-limit",
        ));
    }
    let mut names: Vec<&str> = p.env.iter().map(|v| v.name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|w| matches!(w, [a, b] if a == b)) {
        errors.push(FieldError::new("parameters.env", "parameters-env-twice"));
    }
    errors
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        let probe = json!({ "kind": "http", "path": "/health" });
        json!({
            "replicas": { "min": 2, "max": 4 }, "cpu": { "request": "1", "limit": "2" },
            "memory": { "request": "1Gi", "limit": "2Gi" }, "access": "internal", "port": 8080,
            "probes": { "readiness": probe, "liveness": probe },
        })
    }

    fn wrong(path: &str, value: Value) -> Vec<String> {
        let mut document = document();
        *document.pointer_mut(path).unwrap() = value;
        validate(&document)
            .unwrap_err()
            .into_iter()
            .map(|e| e.field)
            .collect()
    }

    #[test]
    fn bad_values_are_refused_by_their_field() {
        for (path, value, field) in [
            ("/replicas/min", json!(-1), "parameters.replicas.min"),
            (
                "/replicas/max",
                json!(1_000_000_000),
                "parameters.replicas.max",
            ),
            ("/replicas/min", json!(9), "parameters.replicas.max"),
            ("/port", json!(0), "parameters.port"),
            ("/port", json!(65536), "parameters.port"),
            ("/port", json!("80"), "parameters.port"),
            ("/cpu/limit", json!("1e308"), "parameters.cpu.limit"),
            ("/memory/limit", json!("0"), "parameters.memory.limit"),
            ("/cpu/request", json!("9"), "parameters.cpu.limit"),
            (
                "/probes/liveness",
                json!({"kind": "tcp", "delay_seconds": 0}),
                "parameters.probes.liveness.delay_seconds",
            ),
            (
                "/probes/readiness/path",
                json!("/$(id)"),
                "parameters.probes.readiness.path",
            ),
            ("/access", json!("root"), "parameters.access"),
        ] {
            assert_eq!(wrong(path, value.clone()), [field], "{path} = {value}");
        }
        let mut extra = document();
        extra["hostPath"] = json!("/");
        assert_eq!(
            validate(&extra).unwrap_err()[0].field,
            "parameters.hostPath"
        );
        extra = document();
        extra.as_object_mut().unwrap().remove("port");
        assert_eq!(validate(&extra).unwrap_err()[0].field, "parameters.port");
    }
}
