//! From a checked kubeconfig to a connected client with limits.

use std::time::Duration;

use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ConfigExt as _};
use kube::config::{
    AuthInfo, Cluster, Context, KubeConfigOptions, Kubeconfig as RawKubeconfig, NamedAuthInfo,
    NamedCluster, NamedContext,
};
use tower::ServiceBuilder;

use super::kubeconfig::{Kubeconfig, KubeconfigError, text};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Silence on one connection, not the length of a whole answer.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// Repeating is the caller's business (kube's own retry is off), and so is a proxy (kube would
/// take one from the environment).
pub(super) async fn config(checked: &Kubeconfig) -> Result<kube::Config, KubeconfigError> {
    let options = KubeConfigOptions::default();
    let mut config = kube::Config::from_custom_kubeconfig(rebuilt(checked), &options)
        .await
        .map_err(|_| KubeconfigError::BadField {
            field: "certificate-authority-data".to_owned(),
        })?;
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.write_timeout = Some(WRITE_TIMEOUT);
    config.read_timeout = Some(READ_TIMEOUT);
    config.default_retry = false;
    config.proxy_url = None;
    Ok(config)
}

/// For connections that are watched over by pings of ours, and on which each key goes at once. The
/// timeouts of the usual client set a timer with each message, which takes longer than to pass on a
/// key.
pub(super) fn patient(config: &kube::Config) -> Result<kube::Client, kube::Error> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_connect_timeout(config.connect_timeout);
    connector.set_nodelay(true);
    let connector = config.rustls_https_connector_with_connector(connector)?;
    let calls: Client<_, Body> = Client::builder(TokioExecutor::new()).build(connector);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .map_err(tower::BoxError::from)
        .service(calls);
    let namespace = config.default_namespace.clone();
    Ok(kube::Client::new(service, namespace))
}

/// Written anew from the allowed fields, so that nothing unlooked-at reaches kube's own loader.
fn rebuilt(checked: &Kubeconfig) -> RawKubeconfig {
    let name = String::from("uploaded");
    let cluster = Cluster {
        server: Some(checked.server.to_string()),
        certificate_authority_data: text(&checked.cluster, "certificate-authority-data"),
        tls_server_name: text(&checked.cluster, "tls-server-name"),
        ..Cluster::default()
    };
    let user = AuthInfo {
        token: text(&checked.user, "token").map(Into::into),
        client_certificate_data: text(&checked.user, "client-certificate-data"),
        client_key_data: text(&checked.user, "client-key-data").map(Into::into),
        username: text(&checked.user, "username"),
        password: text(&checked.user, "password").map(Into::into),
        ..AuthInfo::default()
    };
    let context = Context {
        cluster: name.clone(),
        user: Some(name.clone()),
        namespace: checked.namespace.clone(),
        ..Context::default()
    };
    RawKubeconfig {
        clusters: vec![NamedCluster {
            name: name.clone(),
            cluster: Some(cluster),
            ..NamedCluster::default()
        }],
        auth_infos: vec![NamedAuthInfo {
            name: name.clone(),
            auth_info: Some(user),
            ..NamedAuthInfo::default()
        }],
        contexts: vec![NamedContext {
            name: name.clone(),
            context: Some(context),
            ..NamedContext::default()
        }],
        current_context: Some(name),
        ..RawKubeconfig::default()
    }
}
