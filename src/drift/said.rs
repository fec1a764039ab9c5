//! Differences in parameters' words, and the document that would say them.
//!
//! Invariant: pure. What parameters cannot say is left out, never guessed.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Said;
use super::reading::Reading;
use crate::intake::{self, Near};
use crate::standards::layers::{self, Leaves};

const ARGS: &str = "/args";

/// The objects that parameters can be read from.
#[derive(Debug, Clone, Default)]
pub struct Spoken {
    pub deployment: Value,
    pub service: Option<Value>,
    pub autoscaler: Option<Value>,
    pub budget: Option<Value>,
    pub ingress: Option<Value>,
}

/// What objects say in parameters' words.
pub struct Read {
    leaves: Leaves<Value>,
    /// Pointers to what no parameter can say as it is; below them nothing is compared.
    unsaid: Vec<String>,
}

impl Spoken {
    /// The object of a kind, where parameters can be read from it.
    pub fn of(&mut self, kind: &str) -> Option<&mut Value> {
        match kind {
            "Deployment" => Some(&mut self.deployment),
            "Service" => self.service.as_mut(),
            "HorizontalPodAutoscaler" => self.autoscaler.as_mut(),
            "PodDisruptionBudget" => self.budget.as_mut(),
            "Ingress" => self.ingress.as_mut(),
            _ => None,
        }
    }

    /// What the objects say of one container; `None` where they are none that can be read.
    #[must_use]
    pub fn read(&self, container: &str) -> Option<Read> {
        let mut deployment: Deployment = typed(&self.deployment)?;
        // It is ours, which is no reason here to leave it unread.
        deployment.metadata.annotations = None;
        deployment.metadata.namespace = None;
        let service: Option<Service> = self.service.as_ref().and_then(typed);
        let autoscaler: Option<HorizontalPodAutoscaler> = self.autoscaler.as_ref().and_then(typed);
        let near = Near {
            deployments: vec![&deployment],
            services: service.iter().collect(),
            autoscalers: autoscaler.iter().collect(),
        };
        let derived = intake::derive(&deployment, container, &near).ok()?;
        let mut reading = Reading {
            document: derived.said,
            // A stand-in is nothing that the cluster runs.
            unsaid: derived.stays,
        };
        let pod = deployment
            .spec
            .as_ref()
            .and_then(|s| s.template.spec.as_ref());
        if let Some(pod) = pod {
            reading.pod(pod, container);
        }
        if let Some(autoscaler) = &autoscaler {
            reading.scaler(autoscaler);
        }
        let budget: Option<PodDisruptionBudget> = self.budget.as_ref().and_then(typed);
        if let Some(budget) = &budget {
            reading.budget(budget);
        }
        let ingress: Option<Ingress> = self.ingress.as_ref().and_then(typed);
        if let Some(ingress) = &ingress {
            reading.ingress(ingress);
        }
        Some(Read {
            leaves: layers::leaves(&reading.document),
            unsaid: reading.unsaid,
        })
    }
}

fn typed<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

/// The parameters that one says otherwise than the other.
#[must_use]
pub fn differ(wanted: &Read, live: &Read) -> Vec<Said> {
    let unsaid = || wanted.unsaid.iter().chain(&live.unsaid);
    let can_be_said = |pointer: &str| {
        let is_in = |above: &str| {
            let rest = pointer.strip_prefix(above);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        !unsaid().any(|above| is_in(above))
    };
    let mut all = all_that_differ(&wanted.leaves, &live.leaves);
    all.retain(|said| can_be_said(&said.parameter));
    all
}

fn all_that_differ(wanted: &Leaves<Value>, live: &Leaves<Value>) -> Vec<Said> {
    let said = |parameter: &str, wanted: Option<&Value>, live: Option<&Value>| Said {
        parameter: parameter.to_owned(),
        wanted: wanted.cloned().unwrap_or_default(),
        live: live.cloned().unwrap_or_default(),
    };
    let changed = wanted
        .iter()
        .filter(|(p, value)| live.get(p) != Some(*value));
    let changed = changed.map(|(p, value)| said(p, Some(value), live.get(p)));
    let added = live.iter().filter(|(p, _)| wanted.get(p).is_none());
    let added = added.map(|(p, value)| said(p, None, Some(value)));
    changed.chain(added).collect()
}

/// What a workload says itself, with these said as they live.
#[must_use]
pub fn adopted(own: &Value, says: &[Said]) -> Value {
    let mut said = layers::leaves(own);
    for one in says {
        match &one.live {
            // No arguments are said as such, because a layer may give some.
            Value::Null if one.parameter == ARGS => said.put(ARGS, json!([])),
            Value::Null => said.remove(&one.parameter),
            live => said.put(&one.parameter, live.clone()),
        }
    }
    layers::document(said.iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_exactly_what_was_found() {
        let wanted = json!({ "cpu": { "limit": "500m" }, "args": ["x"],
            "env": [{ "name": "A", "value": "1" }, { "name": "B", "value": "2" }] });
        let live = json!({ "cpu": { "limit": "500m" },
            "env": [{ "name": "A", "value": "3" }, { "name": "C", "value": "4" }] });
        let says = all_that_differ(&layers::leaves(&wanted), &layers::leaves(&live));
        let parameters: Vec<&str> = says.iter().map(|s| s.parameter.as_str()).collect();
        assert_eq!(parameters, ["/args", "/env/A", "/env/B", "/env/C"]);
        let secret = json!({ "name": "S", "secret": { "id": "x", "version": 1 } });
        let own = json!({ "port": 80, "env": [secret, { "name": "B", "value": "2" }] });
        let expected = json!({ "port": 80, "args": [],
            "env": [secret, { "name": "A", "value": "3" }, { "name": "C", "value": "4" }] });
        assert_eq!(adopted(&own, &says), expected);
    }
}
