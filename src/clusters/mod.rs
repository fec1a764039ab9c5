//! stub
use crate::app::App;
use crate::connections::ConnectionError;
use crate::integrations::kubernetes::Kubernetes;
crate::id! { ClusterId, EnvironmentId }
crate::words! { pub enum Tier { Test = "test", Production = "production" } }
pub async fn kubernetes(_: &App, _: ClusterId) -> Result<Kubernetes, ConnectionError> {
    unreachable!()
}
