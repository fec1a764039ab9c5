//! Reading an uploaded kubeconfig.
//!
//! Invariant: what passes here runs no command, opens no file of this machine, uses no proxy and
//! checks the server's certificate. The rule is a list of what is allowed, so a field that a later
//! Kubernetes adds is refused until somebody has thought about it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// Real ones with certificate data are 5 to 12 KiB.
pub const MAX_KUBECONFIG_BYTES: usize = 64 * 1024;

const CLUSTER_FIELDS: [&str; 5] = [
    "server",
    "certificate-authority-data",
    "tls-server-name",
    "disable-compression",
    "extensions",
];
const USER_FIELDS: [&str; 6] = [
    "token",
    "client-certificate-data",
    "client-key-data",
    "username",
    "password",
    "extensions",
];
const FILE_FIELDS: [&str; 4] = [
    "certificate-authority",
    "client-certificate",
    "client-key",
    "tokenFile",
];

/// Why a kubeconfig was not taken. No variant holds any of its secret values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KubeconfigError {
    #[error("longer than {MAX_KUBECONFIG_BYTES} bytes")]
    TooLong,
    #[error("not a kubeconfig")]
    Malformed,
    #[error("several contexts and none is current")]
    AmbiguousContext,
    #[error("{kind} {name:?} is defined twice")]
    DefinedTwice { kind: &'static str, name: String },
    #[error("{kind} {name:?} is not defined")]
    NotDefined { kind: &'static str, name: String },
    #[error("runs a command for its credential")]
    Exec,
    #[error("uses an auth-provider plugin")]
    AuthProvider,
    #[error("field {field} names a file")]
    FilePath { field: String },
    #[error("does not check the server's certificate")]
    InsecureTls,
    #[error("goes through a proxy")]
    Proxy,
    #[error("field {field} is not supported")]
    UnsupportedField { field: String },
    #[error("field {field} cannot be read")]
    BadField { field: String },
    #[error("the server's address must be https, or http on loopback")]
    BadServer,
    #[error("holds no credential")]
    NoCredential,
}

impl KubeconfigError {
    /// The stable code that pages translate and the API answers with.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "kubeconfig_too_long",
            Self::Malformed => "kubeconfig_malformed",
            Self::AmbiguousContext => "kubeconfig_ambiguous_context",
            Self::DefinedTwice { .. } => "kubeconfig_defined_twice",
            Self::NotDefined { .. } => "kubeconfig_not_defined",
            Self::Exec => "kubeconfig_exec",
            Self::AuthProvider => "kubeconfig_auth_provider",
            Self::FilePath { .. } => "kubeconfig_file_path",
            Self::InsecureTls => "kubeconfig_insecure_tls",
            Self::Proxy => "kubeconfig_proxy",
            Self::UnsupportedField { .. } => "kubeconfig_unsupported_field",
            Self::BadField { .. } => "kubeconfig_bad_field",
            Self::BadServer => "kubeconfig_bad_server",
            Self::NoCredential => "kubeconfig_no_credential",
        }
    }
}

/// A kubeconfig that was looked through: one server, one credential, inline data only.
#[derive(Clone)]
pub struct Kubeconfig {
    pub(super) server: Url,
    pub(super) cluster: Fields,
    pub(super) user: Fields,
    pub(super) namespace: Option<String>,
}

type Fields = BTreeMap<String, Value>;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    clusters: Vec<Named>,
    #[serde(default)]
    users: Vec<Named>,
    #[serde(default)]
    contexts: Vec<Named>,
    #[serde(default, rename = "current-context")]
    current_context: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(flatten)]
    body: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Context {
    cluster: String,
    user: Option<String>,
    namespace: Option<String>,
}

impl Kubeconfig {
    /// Reads YAML or JSON of at most [`MAX_KUBECONFIG_BYTES`]. Every cluster and user in it is
    /// checked, also those that the current context does not use.
    pub fn parse(text: &str) -> Result<Self, KubeconfigError> {
        if text.len() > MAX_KUBECONFIG_BYTES {
            return Err(KubeconfigError::TooLong);
        }
        let value: Value = serde_saphyr::from_str(text).map_err(|_| KubeconfigError::Malformed)?;
        let file: File = serde_json::from_value(value).map_err(|_| KubeconfigError::Malformed)?;

        let clusters = bodies(&file.clusters, "cluster")?;
        let users = bodies(&file.users, "user")?;
        clusters.values().try_for_each(check_cluster)?;
        users.values().try_for_each(check_user)?;

        let context = current_context(&file)?;
        let cluster = defined(clusters, "cluster", &context.cluster)?;
        let user = match &context.user {
            Some(name) => defined(users, "user", name)?,
            None => return Err(KubeconfigError::NoCredential),
        };
        if !has_credential(&user) {
            return Err(KubeconfigError::NoCredential);
        }
        Ok(Self {
            server: server(&cluster)?,
            cluster,
            user,
            namespace: context.namespace,
        })
    }

    /// The API server's address, without any credential.
    pub fn server(&self) -> &Url {
        &self.server
    }

    /// The namespace of the current context, where it names one.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }
}

/// Credentials never reach a log through `{:?}`.
impl std::fmt::Debug for Kubeconfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kubeconfig")
            .field("server", &self.server.as_str())
            .finish_non_exhaustive()
    }
}

fn current_context(file: &File) -> Result<Context, KubeconfigError> {
    let mut contexts = bodies(&file.contexts, "context")?;
    let current = file
        .current_context
        .as_deref()
        .filter(|name| !name.is_empty());
    let body = match (current, contexts.len()) {
        (Some(name), _) => defined(contexts, "context", name)?,
        (None, 1) => contexts
            .pop_first()
            .map(|(_, body)| body)
            .unwrap_or_default(),
        (None, 0) => {
            let name = String::new();
            return Err(KubeconfigError::NotDefined {
                kind: "context",
                name,
            });
        }
        (None, _) => return Err(KubeconfigError::AmbiguousContext),
    };
    let body = Value::Object(body.into_iter().collect());
    serde_json::from_value(body).map_err(|_| KubeconfigError::Malformed)
}

/// The entries by name, each reduced to what stands under its kind; a null body is an empty one.
fn bodies(
    entries: &[Named],
    kind: &'static str,
) -> Result<BTreeMap<String, Fields>, KubeconfigError> {
    let mut found = BTreeMap::new();
    for entry in entries {
        let body = match entry.body.get(kind) {
            Some(Value::Object(fields)) => fields.clone().into_iter().collect(),
            None | Some(Value::Null) => Fields::new(),
            Some(_) => return Err(KubeconfigError::Malformed),
        };
        if found.insert(entry.name.clone(), body).is_some() {
            let name = entry.name.clone();
            return Err(KubeconfigError::DefinedTwice { kind, name });
        }
    }
    Ok(found)
}

fn defined(
    mut entries: BTreeMap<String, Fields>,
    kind: &'static str,
    name: &str,
) -> Result<Fields, KubeconfigError> {
    entries
        .remove(name)
        .ok_or_else(|| KubeconfigError::NotDefined {
            kind,
            name: name.to_owned(),
        })
}

fn check_cluster(fields: &Fields) -> Result<(), KubeconfigError> {
    for field in set_fields(fields) {
        match field {
            "insecure-skip-tls-verify" => return Err(KubeconfigError::InsecureTls),
            "proxy-url" => return Err(KubeconfigError::Proxy),
            other => allowed(other, &CLUSTER_FIELDS)?,
        }
    }
    Ok(())
}

fn check_user(fields: &Fields) -> Result<(), KubeconfigError> {
    for field in set_fields(fields) {
        match field {
            "exec" => return Err(KubeconfigError::Exec),
            "auth-provider" => return Err(KubeconfigError::AuthProvider),
            other => allowed(other, &USER_FIELDS)?,
        }
    }
    Ok(())
}

/// Names of the fields that say something: tools write `""`, `null` and `false` for "not set".
fn set_fields(fields: &Fields) -> impl Iterator<Item = &str> {
    fields.iter().filter_map(|(name, value)| {
        let unset = matches!(value, Value::Null | Value::Bool(false)) || value == "";
        (!unset).then_some(name.as_str())
    })
}

fn allowed(field: &str, list: &[&str]) -> Result<(), KubeconfigError> {
    let named = || field.to_owned();
    if FILE_FIELDS.contains(&field) {
        return Err(KubeconfigError::FilePath { field: named() });
    }
    if !list.contains(&field) {
        return Err(KubeconfigError::UnsupportedField { field: named() });
    }
    Ok(())
}

fn has_credential(user: &Fields) -> bool {
    let set = |name| text(user, name).is_some();
    set("token")
        || (set("client-certificate-data") && set("client-key-data"))
        || (set("username") && set("password"))
}

pub(super) fn text(fields: &Fields, name: &str) -> Option<String> {
    let value = fields.get(name)?.as_str()?;
    (!value.is_empty()).then(|| value.to_owned())
}

fn server(cluster: &Fields) -> Result<Url, KubeconfigError> {
    let url = text(cluster, "server").ok_or(KubeconfigError::BadServer)?;
    let url = Url::parse(&url).map_err(|_| KubeconfigError::BadServer)?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let safe = match url.scheme() {
        "https" => url.host().is_some(),
        "http" => on_loopback(&url),
        _ => false,
    };
    (plain && safe)
        .then_some(url)
        .ok_or(KubeconfigError::BadServer)
}

fn on_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(url::Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
#[path = "kubeconfig_tests.rs"]
mod tests;
