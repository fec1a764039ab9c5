//! Services: a load balancer's address appears some time after the service.

use serde_json::json;

use super::all;
use crate::kubernetes::cluster::{Cluster, number, text};
use crate::kubernetes::resources::of_kind;

pub(super) fn pass(cluster: &mut Cluster) {
    for mut service in all(cluster, "Service") {
        let balanced = text(&service, "/spec/type") == "LoadBalancer";
        let has_address = service.pointer("/status/loadBalancer/ingress").is_some();
        if balanced && !has_address {
            let last = number(&service, "/spec/ports/0/port") % 250 + 1;
            let address = format!("192.0.2.{last}");
            service["status"] = json!({"loadBalancer": {"ingress": [{"ip": address}]}});
            cluster.put(of_kind("Service"), service);
        }
    }
}
