//! How others reach the workload.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule,
    IngressServiceBackend, IngressSpec, IngressTLS, ServiceBackendPort,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::meta;
use crate::standards::{Access, Parameters};
use crate::workloads::Workload;

/// Inside a cluster every service answers on this port.
const SERVICE_PORT: i32 = 80;

pub(super) fn service(workload: &Workload, parameters: &Parameters) -> Service {
    let kind = match parameters.access {
        Access::Internal | Access::Ingress => "ClusterIP",
        Access::Public => "LoadBalancer",
    };
    let port = ServicePort {
        name: Some("http".to_owned()),
        port: SERVICE_PORT,
        protocol: Some("TCP".to_owned()),
        target_port: Some(IntOrString::Int(i32::from(parameters.port))),
        ..ServicePort::default()
    };
    Service {
        metadata: meta(workload),
        spec: Some(ServiceSpec {
            selector: Some(workload.selector.clone()),
            ports: Some(vec![port]),
            type_: Some(kind.to_owned()),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

/// The rule by which callers outside come to the Service.
pub(super) fn ingress(workload: &Workload, parameters: &Parameters) -> Option<Ingress> {
    let wanted = parameters.ingress.as_ref();
    let wanted = wanted.filter(|_| parameters.access == Access::Ingress)?;
    let port = ServiceBackendPort {
        number: Some(SERVICE_PORT),
        name: None,
    };
    let path = HTTPIngressPath {
        path: Some(wanted.path.clone()),
        path_type: "Prefix".to_owned(),
        backend: IngressBackend {
            service: Some(IngressServiceBackend {
                name: workload.object_name.clone(),
                port: Some(port),
            }),
            resource: None,
        },
    };
    let tls = wanted.tls_secret.clone().map(|secret| IngressTLS {
        hosts: Some(vec![wanted.host.clone()]),
        secret_name: Some(secret),
    });
    Some(Ingress {
        metadata: meta(workload),
        spec: Some(IngressSpec {
            ingress_class_name: wanted.class.clone(),
            rules: Some(vec![IngressRule {
                host: Some(wanted.host.clone()),
                http: Some(HTTPIngressRuleValue { paths: vec![path] }),
            }]),
            tls: tls.map(|tls| vec![tls]),
            default_backend: None,
        }),
        status: None,
    })
}
