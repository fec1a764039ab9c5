//! How others reach the workload.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule,
    IngressServiceBackend, IngressSpec, IngressTLS, ServiceBackendPort,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::meta;
use crate::standards::{Access, MAIN_PORT, Parameters, SERVICE_PORT};
use crate::workloads::{FoundService, Workload};

pub(super) fn service(workload: &Workload, parameters: &Parameters) -> Option<Service> {
    match &workload.found {
        None => Some(ours(workload, parameters)),
        Some(found) => {
            let service = found.service.as_ref()?;
            Some(of_found(workload, parameters, service))
        }
    }
}

/// Of a Service that was found the portal moves the one port, where the container's moves; its
/// other ports, and how callers outside come to it, are its team's, and stay so.
fn of_found(workload: &Workload, parameters: &Parameters, found: &FoundService) -> Service {
    let mut metadata = meta(workload);
    metadata.name = Some(found.name.clone());
    let port = ServicePort {
        port: found.port,
        protocol: Some("TCP".to_owned()),
        target_port: Some(IntOrString::Int(i32::from(parameters.port))),
        ..ServicePort::default()
    };
    let is_public = parameters.access == Access::Public;
    Service {
        metadata,
        spec: Some(ServiceSpec {
            selector: Some(found.selector.clone()),
            ports: Some(vec![port]),
            type_: is_public.then(|| "LoadBalancer".to_owned()),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

fn ours(workload: &Workload, parameters: &Parameters) -> Service {
    let kind = match parameters.access {
        Access::Internal | Access::Ingress => "ClusterIP",
        Access::Public => "LoadBalancer",
    };
    let first = (MAIN_PORT, SERVICE_PORT, parameters.port);
    let others = parameters.ports.iter();
    let others = others.map(|other| (other.name.as_str(), other.port, other.port));
    let ports = std::iter::once(first).chain(others);
    let ports = ports.map(|(name, number, inside)| ServicePort {
        name: Some(name.to_owned()),
        port: i32::from(number),
        protocol: Some("TCP".to_owned()),
        target_port: Some(IntOrString::Int(i32::from(inside))),
        ..ServicePort::default()
    });
    Service {
        metadata: meta(workload),
        spec: Some(ServiceSpec {
            selector: Some(workload.selector.clone()),
            ports: Some(ports.collect()),
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
    let found = workload.found.as_ref().and_then(|f| f.service.as_ref());
    let port = ServiceBackendPort {
        number: Some(found.map_or(i32::from(SERVICE_PORT), |s| s.port)),
        name: None,
    };
    let path = HTTPIngressPath {
        path: Some(wanted.path.clone()),
        path_type: "Prefix".to_owned(),
        backend: IngressBackend {
            service: Some(IngressServiceBackend {
                name: found.map_or(&workload.object_name, |s| &s.name).clone(),
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
