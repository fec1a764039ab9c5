//! What an API server fills in where a writer said nothing, and what it refuses.

use serde_json::{Map, Value, json};

use super::cluster::{number, text};
use super::status::{No, invalid};

/// A namespace's name must also fit into a label of DNS.
const NAMESPACE_MAX: usize = 63;

/// Fills in defaults; safe to repeat.
pub(super) fn fill(kind: &str, object: &mut Value) {
    match kind {
        "Deployment" => deployment(&mut object["spec"]),
        "Service" => service(&mut object["spec"]),
        "HorizontalPodAutoscaler" => {
            set(&mut object["spec"], "minReplicas", &json!(1));
        }
        "Secret" => secret(object),
        "Job" => job(&mut object["spec"]),
        "Namespace" => {
            set(&mut object["spec"], "finalizers", &json!(["kubernetes"]));
            set(&mut object["status"], "phase", &json!("Active"));
        }
        _ => {}
    }
}

fn set(object: &mut Value, field: &str, value: &Value) {
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    if object.get(field).is_none_or(Value::is_null) {
        object[field] = value.clone();
    }
}

fn deployment(spec: &mut Value) {
    let rolling = json!({"type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}});
    let fields = [
        ("replicas", json!(1)),
        ("progressDeadlineSeconds", json!(600)),
        ("revisionHistoryLimit", json!(10)),
        ("strategy", rolling),
    ];
    for (field, value) in fields {
        set(spec, field, &value);
    }
    if text(spec, "/strategy/type") != "Recreate" {
        set(&mut spec["strategy"], "type", &json!("RollingUpdate"));
        set(&mut spec["strategy"], "rollingUpdate", &json!({}));
        for field in ["maxSurge", "maxUnavailable"] {
            set(&mut spec["strategy"]["rollingUpdate"], field, &json!("25%"));
        }
    }
    set(&mut spec["template"], "metadata", &json!({}));
    pod(&mut spec["template"]["spec"]);
}

fn job(spec: &mut Value) {
    let fields = [
        ("backoffLimit", json!(6)),
        ("completions", json!(1)),
        ("parallelism", json!(1)),
        ("completionMode", json!("NonIndexed")),
        ("suspend", json!(false)),
        ("podReplacementPolicy", json!("TerminatingOrFailed")),
    ];
    for (field, value) in fields {
        set(spec, field, &value);
    }
    set(&mut spec["template"], "metadata", &json!({}));
    pod(&mut spec["template"]["spec"]);
}

fn pod(spec: &mut Value) {
    let fields = [
        ("restartPolicy", json!("Always")),
        ("dnsPolicy", json!("ClusterFirst")),
        ("schedulerName", json!("default-scheduler")),
        ("securityContext", json!({})),
        ("terminationGracePeriodSeconds", json!(30)),
    ];
    for (field, value) in fields {
        set(spec, field, &value);
    }
    for list in ["containers", "initContainers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        containers.into_iter().flatten().for_each(container);
    }
}

/// What a container says that is put beside others, where its writer said nothing.
pub(super) fn beside(one: &mut Value) {
    container(one);
}

fn container(container: &mut Value) {
    let latest = {
        let image = text(container, "/image");
        !image.contains('@') && (image.ends_with(":latest") || !image_has_tag(image))
    };
    let policy = if latest { "Always" } else { "IfNotPresent" };
    let fields = [
        ("imagePullPolicy", json!(policy)),
        ("resources", json!({})),
        ("terminationMessagePath", json!("/dev/termination-log")),
        ("terminationMessagePolicy", json!("File")),
    ];
    for (field, value) in fields {
        set(container, field, &value);
    }
    let ports = container.get_mut("ports").and_then(Value::as_array_mut);
    ports
        .into_iter()
        .flatten()
        .for_each(|port| set(port, "protocol", &json!("TCP")));
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get_mut(name).filter(|probe| probe.is_object()) {
            fill_probe(probe);
        }
    }
}

fn fill_probe(probe: &mut Value) {
    let fields = [
        ("periodSeconds", 10),
        ("timeoutSeconds", 1),
        ("successThreshold", 1),
        ("failureThreshold", 3),
    ];
    for (field, value) in fields {
        set(probe, field, &json!(value));
    }
    if probe["httpGet"].is_object() {
        set(&mut probe["httpGet"], "scheme", &json!("HTTP"));
    }
}

fn image_has_tag(image: &str) -> bool {
    image
        .rsplit('/')
        .next()
        .is_some_and(|last| last.contains(':'))
}

fn service(spec: &mut Value) {
    let fields = [
        ("type", json!("ClusterIP")),
        ("sessionAffinity", json!("None")),
        ("internalTrafficPolicy", json!("Cluster")),
        ("ipFamilies", json!(["IPv4"])),
        ("ipFamilyPolicy", json!("SingleStack")),
    ];
    for (field, value) in fields {
        set(spec, field, &value);
    }
    if text(spec, "/type") == "LoadBalancer" {
        set(spec, "externalTrafficPolicy", &json!("Cluster"));
        set(spec, "allocateLoadBalancerNodePorts", &json!(true));
    }
    let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten() {
        set(port, "protocol", &json!("TCP"));
        let same = port["port"].clone();
        set(port, "targetPort", &same);
    }
}

/// `stringData` is a way to write only: it is stored as `data`.
fn secret(object: &mut Value) {
    use base64::Engine as _;
    set(object, "type", &json!("Opaque"));
    let Some(plain) = object
        .as_object_mut()
        .and_then(|fields| fields.remove("stringData"))
    else {
        return;
    };
    for (name, value) in plain.as_object().into_iter().flatten() {
        let encoded =
            base64::engine::general_purpose::STANDARD.encode(value.as_str().unwrap_or_default());
        object["data"][name] = json!(encoded);
    }
}

/// What the real server's validation would refuse, as far as forms can get it wrong.
pub(super) fn check(kind: &str, object: &Value) -> Result<(), No> {
    let name = text(object, "/metadata/name");
    let wrong = |field: &str, message: &str| Err(invalid(kind, name, field, message));
    if !is_name(name) {
        return wrong(
            "metadata.name",
            "Invalid value: must be a lowercase RFC 1123 subdomain",
        );
    }
    match kind {
        "Namespace" if name.len() > NAMESPACE_MAX => wrong(
            "metadata.name",
            "Invalid value: must be no more than 63 characters",
        ),
        "Deployment" => check_deployment(object),
        "Job" => {
            let policy = text(object, "/spec/template/spec/restartPolicy");
            if !matches!(policy, "Never" | "OnFailure") {
                let message = "Required value: valid values: \"OnFailure\", \"Never\"";
                return wrong("spec.template.spec.restartPolicy", message);
            }
            Ok(())
        }
        "PodDisruptionBudget" => {
            let spec = &object["spec"];
            if spec.get("minAvailable").is_some() && spec.get("maxUnavailable").is_some() {
                return wrong("spec", "minAvailable and maxUnavailable cannot be both set");
            }
            Ok(())
        }
        "HorizontalPodAutoscaler" => {
            let (min, max) = (
                number(object, "/spec/minReplicas"),
                number(object, "/spec/maxReplicas"),
            );
            if max < 1 || max < min {
                return wrong(
                    "spec.maxReplicas",
                    "must be greater than or equal to `minReplicas`",
                );
            }
            Ok(())
        }
        "Service" => {
            let ports = object.pointer("/spec/ports").and_then(Value::as_array);
            let bad = |port: &Value| !(1..=65_535).contains(&number(port, "/port"));
            if ports.into_iter().flatten().any(bad) {
                return wrong(
                    "spec.ports[0].port",
                    "must be between 1 and 65535, inclusive",
                );
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn check_deployment(object: &Value) -> Result<(), No> {
    let name = text(object, "/metadata/name");
    let wrong = |field: &str, message: &str| Err(invalid("Deployment", name, field, message));
    if number(object, "/spec/replicas") < 0 {
        return wrong("spec.replicas", "must be greater than or equal to 0");
    }
    let strategy = &object["spec"]["strategy"];
    if strategy["type"] == "Recreate" && !strategy["rollingUpdate"].is_null() {
        let message = "Forbidden: may not be specified when strategy `type` is 'Recreate'";
        return wrong("spec.strategy.rollingUpdate", message);
    }
    let wanted = object
        .pointer("/spec/selector/matchLabels")
        .and_then(Value::as_object);
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else {
        return wrong("spec.selector", "Required value");
    };
    let labels = &object["spec"]["template"]["metadata"]["labels"];
    if wanted
        .iter()
        .any(|(label, value)| labels.get(label) != Some(value))
    {
        let message = "`selector` does not match template `labels`";
        return wrong("spec.template.metadata.labels", message);
    }
    let containers = object
        .pointer("/spec/template/spec/containers")
        .and_then(Value::as_array);
    let Some(containers) = containers.filter(|containers| !containers.is_empty()) else {
        return wrong("spec.template.spec.containers", "Required value");
    };
    for (at, container) in containers.iter().enumerate() {
        if text(container, "/image").is_empty() {
            let field = format!("spec.template.spec.containers[{at}].image");
            return wrong(&field, "Required value");
        }
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    let legal =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    let ends = name.as_bytes().first().zip(name.as_bytes().last());
    name.len() <= 253
        && name.bytes().all(legal)
        && ends.is_some_and(|(first, last)| {
            first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric()
        })
}
