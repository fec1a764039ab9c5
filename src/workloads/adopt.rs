//! Taking a Deployment that runs into a project: a workload that nothing is made for.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::request::workload;
use super::{Found, Workload, store};
use crate::clusters::ClusterId;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::projects::Project;
use crate::standards;
use crate::standards::layers::{self, Place};

/// A Deployment with the place that it is to have.
pub struct Adopting<'a> {
    pub project: &'a Project,
    pub environment: &'a str,
    pub cluster: ClusterId,
    pub component: &'a str,
    pub namespace: &'a str,
    pub object_name: &'a str,
    pub selector: &'a BTreeMap<String, String>,
    /// What its parameters say where no layer forbids it.
    pub said: &'a Value,
    /// Pointers into what is said that are not applied while they say so.
    pub stays: &'a [String],
    pub found: Found,
    /// The request, and the person, that it is from.
    pub from: (Uuid, Uuid),
}

/// Writes the workload down; the cluster is not called. Who calls it holds the project's row and
/// the layers.
///
/// # Errors
/// Inside: why this one has no place, in words. Outside: no answer from the database.
pub async fn adopt(
    tx: &mut Tx,
    adopting: Adopting<'_>,
) -> Result<Result<Workload, Words>, DbError> {
    let Adopting {
        project,
        environment,
        component,
        ..
    } = adopting;
    let connection = tx.connection();
    let places = store::places(connection, project.id, environment, component).await?;
    let place = places
        .into_iter()
        .find(|p| p.cluster_id == adopting.cluster);
    let Some(place) = place else {
        return Ok(Err(Words::new("intake-environment-unknown")));
    };
    let object = (adopting.cluster, adopting.namespace, adopting.object_name);
    if place.taken || store::is_object_taken(tx.connection(), object).await? {
        return Ok(Err(Words::new("intake-taken")));
    }
    let over = layers::over(tx, &Place::of(project, environment)).await?;
    let own = layers::effective(&over).own_of(adopting.said);
    let made = layers::with_own(&over, &own);
    let parameters = match standards::validate(&made.document) {
        Ok(parameters) => parameters,
        Err(errors) => return Ok(Err(refused(&errors))),
    };
    let held = json!(parameters);
    let mut found = adopting.found;
    for pointer in adopting.stays {
        // What a lock sets otherwise holds from the first deployment on.
        let both = held.pointer(pointer).zip(adopting.said.pointer(pointer));
        if let Some((held, said)) = both
            && layers::is_same(pointer, held, said)
        {
            found.stays.insert(pointer.clone(), held.clone());
        }
    }
    let workload = Workload {
        namespace: adopting.namespace.to_owned(),
        object_name: adopting.object_name.to_owned(),
        selector: adopting.selector.clone(),
        found: Some(found),
        own,
        layer_versions: made.versions,
        ..workload(project, place, component, parameters)
    };
    store::insert(tx.connection(), &workload, adopting.from).await?;
    Ok(Ok(workload))
}

fn refused(errors: &[crate::error::FieldError]) -> Words {
    let fields: Vec<&str> = errors.iter().map(|e| e.field.as_str()).collect();
    Words::new("intake-parameters-refused").with("fields", fields.join(", "))
}
