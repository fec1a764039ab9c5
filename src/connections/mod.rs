//! stub
use crate::app::App;
use crate::integrations::{CallError, gitlab::GitLab, jenkins::Jenkins, registry::Registry};
crate::id! { ConnectionId }
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    #[error("call: {0}")]
    Call(#[from] CallError),
}
pub struct JenkinsConfig {
    pub user: String,
    pub folder: String,
}
pub struct RegistryConfig {
    pub user: Option<String>,
    pub prefix: String,
}
pub async fn gitlab(_: &App, _: ConnectionId) -> Result<GitLab, ConnectionError> {
    todo()
}
pub async fn jenkins(
    _: &App,
    _: ConnectionId,
) -> Result<(Jenkins, JenkinsConfig), ConnectionError> {
    todo()
}
pub async fn registry(
    _: &App,
    _: ConnectionId,
) -> Result<(Registry, RegistryConfig), ConnectionError> {
    todo()
}
fn todo<T>() -> T {
    unreachable!()
}
pub async fn registry_account(_: &App, _: ConnectionId) -> Result<Option<(String, secrecy::SecretString)>, ConnectionError> { todo() }
