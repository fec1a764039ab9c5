//! The parameters that an import leaves as they are, read back from objects that the portal made.
//!
//! Invariant: pure, and the inverse of `workloads::objects`: whatever that would never make is
//! named as what no parameter can say, so that nobody takes its absence for a wish.

use k8s_openapi::api::autoscaling::v2::{
    HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscaler,
};
use k8s_openapi::api::core::v1::{Container, PodSpec, TopologySpreadConstraint};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

use crate::standards::{MAIN_PORT, Scaling};

const MINUTE: i32 = 60;

/// A document that is read bit by bit.
pub struct Reading {
    pub document: Value,
    /// Pointers to what no parameter can say as it is.
    pub unsaid: Vec<String>,
}

impl Reading {
    fn put(&mut self, pointer: &'static str, value: Option<Value>) {
        match value {
            Some(value) => self.document[pointer.trim_start_matches('/')] = value,
            None => self.unsaid.push(pointer.to_owned()),
        }
    }

    /// What is there and of no kind that parameters have is not to be read as none.
    fn is_said(&mut self, pointer: &'static str, is_there: bool) {
        let kind = self.document.pointer(&format!("{pointer}/kind"));
        if is_there && kind.is_none_or(|kind| kind == "none") {
            self.unsaid.push(pointer.to_owned());
        }
    }

    /// Where its pods may run, and with what room and what ports.
    pub fn pod(&mut self, pod: &PodSpec, container: &str) {
        let nodes = pod.node_selector.iter().flatten();
        let nodes = nodes.map(|(label, value)| json!({ "label": label, "value": value }));
        self.put("/nodes", Some(nodes.collect()));
        if let Some(priority) = &pod.priority_class_name {
            self.put("/priority", Some(json!(priority)));
        }
        let constraints = pod.topology_spread_constraints.as_deref();
        self.put("/spread", spread(constraints.unwrap_or_default()));
        let Some(main) = pod.containers.iter().find(|c| c.name == container) else {
            return;
        };
        let stop = main.lifecycle.as_ref().and_then(|l| l.pre_stop.as_ref());
        self.is_said("/before_stop", stop.is_some());
        self.is_said("/probes/startup", main.startup_probe.is_some());
        self.put("/scratch", scratch(pod, main));
        let at = self.document["port"].as_i64();
        self.put("/ports", ports(main, at));
    }

    /// How fast the autoscaler may go.
    pub fn scaler(&mut self, scaler: &HorizontalPodAutoscaler) {
        let behavior = scaler.spec.as_ref().and_then(|s| s.behavior.as_ref());
        let usual = Scaling::default();
        let up = behavior.and_then(|b| b.scale_up.as_ref());
        let down = behavior.and_then(|b| b.scale_down.as_ref());
        match (pace(up, usual.up_seconds), pace(down, usual.down_seconds)) {
            (Some(up), Some(down)) => {
                let scaling = &mut self.document["scaling"];
                scaling["up_seconds"] = json!(up.0);
                scaling["up_most"] = json!(up.1);
                scaling["down_seconds"] = json!(down.0);
                scaling["down_most"] = json!(down.1);
            }
            _ => self.unsaid.push("/scaling".to_owned()),
        }
    }

    /// How many may be away while nodes are looked after.
    pub fn budget(&mut self, budget: &PodDisruptionBudget) {
        let spec = budget.spec.as_ref();
        let most = spec.and_then(|s| s.max_unavailable.as_ref());
        let said = match most {
            // None away at all is a budget; 0 in parameters is none.
            Some(IntOrString::Int(most)) if *most > 0 => Some(json!({ "most_away": most })),
            Some(_) | None => None,
        };
        self.put("/disruption", said);
    }

    /// How callers outside come to it.
    pub fn ingress(&mut self, ingress: &Ingress) {
        if self.document["access"] == "internal" {
            self.document["access"] = json!("ingress");
        }
        self.put("/ingress", way_in(ingress));
    }
}

fn spread(constraints: &[TopologySpreadConstraint]) -> Option<Value> {
    let mut said = json!({ "zones": "none", "hosts": "none" });
    for one in constraints {
        let over = match one.topology_key.as_str() {
            "topology.kubernetes.io/zone" => "zones",
            "kubernetes.io/hostname" => "hosts",
            _ => return None,
        };
        if one.match_label_keys.is_some() || one.min_domains.is_some() {
            return None;
        }
        said[over] = match (one.max_skew, one.when_unsatisfiable.as_str()) {
            (1, "ScheduleAnyway") => json!("prefer"),
            (1, "DoNotSchedule") => json!("require"),
            _ => return None,
        };
    }
    Some(said)
}

fn scratch(pod: &PodSpec, main: &Container) -> Option<Value> {
    let mut said = Vec::new();
    for volume in pod.volumes.iter().flatten() {
        let Some(empty) = &volume.empty_dir else {
            continue;
        };
        let mounts = main.volume_mounts.iter().flatten();
        for mount in mounts.filter(|m| m.name == volume.name) {
            let is_whole =
                mount.sub_path.is_none() && empty.medium.as_deref().is_none_or(str::is_empty);
            let size = empty.size_limit.as_ref().filter(|_| is_whole)?;
            said.push(json!({ "path": mount.mount_path, "size": size.0 }));
        }
    }
    Some(said.into())
}

fn ports(main: &Container, at: Option<i64>) -> Option<Value> {
    let ports = main.ports.iter().flatten();
    let others = ports.filter(|port| {
        port.name.as_deref() != Some(MAIN_PORT) && Some(i64::from(port.container_port)) != at
    });
    let one = |port: &k8s_openapi::api::core::v1::ContainerPort| {
        let name = port.name.as_ref()?;
        let is_tcp = port.protocol.as_deref().is_none_or(|p| p == "TCP");
        is_tcp.then(|| json!({ "name": name, "port": port.container_port }))
    };
    others.map(one).collect()
}

/// For how many seconds it waits, and how many containers it changes in a minute; 0 for any. What
/// Kubernetes itself fills in is no wish (its defaults for `autoscaling/v2`).
fn pace(rules: Option<&HPAScalingRules>, usual: i32) -> Option<(i32, i32)> {
    let Some(rules) = rules else {
        return Some((usual, 0));
    };
    if rules.select_policy.as_deref().is_some_and(|p| p != "Max") || rules.tolerance.is_some() {
        return None;
    }
    let seconds = rules.stabilization_window_seconds.unwrap_or(usual);
    let is = |policy: &HPAScalingPolicy, kind: &str, value: i32, period: i32| {
        (policy.type_.as_str(), policy.value, policy.period_seconds) == (kind, value, period)
    };
    let most = match rules.policies.as_deref().unwrap_or_default() {
        [] => 0,
        [one] if is(one, "Pods", one.value, MINUTE) => one.value,
        // Upwards, Kubernetes has four pods in as long besides: this alone is slower.
        [one] if usual > 0 && is(one, "Percent", 100, 15) => 0,
        [one, two] if is(one, "Pods", 4, 15) && is(two, "Percent", 100, 15) => 0,
        _ => return None,
    };
    Some((seconds, most))
}

fn way_in(ingress: &Ingress) -> Option<Value> {
    let spec = ingress.spec.as_ref()?;
    let [rule] = spec.rules.as_deref()? else {
        return None;
    };
    let [path] = rule.http.as_ref()?.paths.as_slice() else {
        return None;
    };
    let tls = match spec.tls.as_deref().unwrap_or_default() {
        [] => None,
        [one] => Some(one.secret_name.as_ref()?),
        _ => return None,
    };
    if path.path_type != "Prefix" {
        return None;
    }
    let mut said = json!({ "host": rule.host.as_ref()?, "path": path.path.as_ref()? });
    if let Some(class) = &spec.ingress_class_name {
        said["class"] = json!(class);
    }
    if let Some(secret) = tls {
        said["tls_secret"] = json!(secret);
    }
    Some(said)
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;

    fn of<T: DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).expect("an object of Kubernetes")
    }

    fn read(with: impl Fn(&mut Reading)) -> (Value, Vec<String>) {
        let none = json!({ "kind": "none" });
        let document = json!({ "port": 8080, "before_stop": none, "probes": { "startup": none } });
        let mut reading = Reading {
            document,
            unsaid: Vec::new(),
        };
        with(&mut reading);
        (reading.document, reading.unsaid)
    }

    #[test]
    fn what_no_parameter_says_is_not_read_as_none() {
        let budget = |most: Value| {
            let budget = of(json!({ "metadata": {}, "spec": { "maxUnavailable": most } }));
            read(|reading| reading.budget(&budget))
        };
        assert_eq!(budget(json!(2)).0["disruption"], json!({ "most_away": 2 }));
        for most in [json!(0), json!("50%")] {
            assert_eq!(budget(most).1, ["/disruption"]);
        }
        let pod = |main: Value| {
            let pod = of(json!({ "containers": [main] }));
            read(|reading| reading.pod(&pod, "main")).1
        };
        assert!(pod(json!({ "name": "main" })).is_empty());
        let hook = json!({ "httpGet": { "path": "/bye", "port": 9999 } });
        let main = json!({ "name": "main", "lifecycle": { "preStop": hook },
            "startupProbe": { "grpc": { "port": 9999 } } });
        assert_eq!(pod(main), ["/before_stop", "/probes/startup"]);
    }

    #[test]
    fn a_pace_is_read_as_what_it_is_in_its_direction() {
        let percent = json!([{ "type": "Percent", "value": 100, "periodSeconds": 15 }]);
        let rules: HPAScalingRules = of(json!({ "policies": percent }));
        assert_eq!(pace(Some(&rules), 300), Some((300, 0)));
        assert_eq!(pace(Some(&rules), 0), None);
        let three = json!([{ "type": "Pods", "value": 3, "periodSeconds": 60 }]);
        let rules: HPAScalingRules = of(json!({ "policies": three }));
        assert_eq!(pace(Some(&rules), 0), Some((0, 3)));
    }

    #[test]
    fn a_spread_over_other_pods_is_none_of_ours() {
        let over = |more: Value| {
            let mut one = json!({ "topologyKey": "kubernetes.io/hostname", "maxSkew": 1,
                "whenUnsatisfiable": "DoNotSchedule" });
            json_patch::merge(&mut one, &more);
            spread(&[of(one)])
        };
        let hosts = json!({ "zones": "none", "hosts": "require" });
        assert_eq!(over(json!({})), Some(hosts));
        assert_eq!(over(json!({ "minDomains": 3 })), None);
        assert_eq!(
            over(json!({ "matchLabelKeys": ["pod-template-hash"] })),
            None
        );
    }
}
