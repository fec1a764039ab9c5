//! The document of deployment parameters: one schema from which form, API and objects follow.
//!
//! Invariant: nothing reaches a cluster that did not pass this validator, whichever door it
//! came in by.

pub mod api;
mod document;
pub mod images;
pub mod layers;
pub mod outline;
mod quantity;
pub mod rails;
mod relations;
mod schema;
mod upkeep;
pub mod versions;
pub mod web;

use serde_json::Value;

pub use document::{
    Access, Discovery, File, IngressRule, MAIN_PORT, NodeLabel, Parameters, Port, Probe, ProbeKind,
    Probes, Range, Resource, SERVICE_PORT, Scratch, Sealing, SecretKey, SecretVersion, Variable,
};
pub use quantity::{cpu_millis, memory_mebibytes};
pub use upkeep::{
    BeforeDeploy, BeforeDeployKind, BeforeStop, BeforeStopKind, Disruption, Rollout, RolloutKind,
    Scaling, Spread, Spreading,
};
pub use versions::SCHEMA_VERSION;

use self::layers::{Effective, Kind, Name, Place, Revision, Row};
use crate::app::App;
use crate::error::{AppError, FieldError};
use crate::identity::{Actor, Permission, Scope};
use crate::projects;

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

/// What holds over a layer before it says anything: the word of those above it that are over
/// everything under it. An environment has services of every language, so that no language's word
/// is over all of them.
///
/// # Errors
/// No answer from the database.
pub async fn above(app: &App, name: &Name) -> Result<Effective, AppError> {
    let mut tx = app.db.begin().await?;
    let key = |kind: Kind| match name.kind == kind {
        true => name.key.clone(),
        false => String::new(),
    };
    let project = match name.kind {
        Kind::Project => projects::by_key(&mut tx, &name.key).await?,
        _ => None,
    };
    let place = match project {
        Some(project) => Place::of(&project, ""),
        None => Place {
            language: key(Kind::Language),
            environment: key(Kind::Environment),
            project: String::new(),
            port: 0,
            health_path: String::new(),
        },
    };
    let mut over = layers::over(&mut tx, &place).await?;
    over.retain(|l| l.name.kind < name.kind || (l.name == *name && l.revision == 0));
    Ok(layers::effective(&over))
}

/// Validates a document against the schema, then what a schema cannot say.
///
/// # Errors
/// Every field that is wrong, by its path with dots.
pub fn validate(document: &Value) -> Result<Parameters, Vec<FieldError>> {
    schema::check(SCHEMA_VERSION, document)?;
    let parameters: Parameters = serde_json::from_value(document.clone())
        .map_err(|_| vec![FieldError::new("parameters", "field-wrong-type")])?;
    let errors = relations::wrong(&parameters);
    if errors.is_empty() {
        Ok(parameters)
    } else {
        Err(errors)
    }
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
