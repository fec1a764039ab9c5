//! Whose a host and path of an Ingress are: of two workloads on one cluster that claim the same,
//! one would be given the other's calls.

use super::{Workload, store};
use crate::db::Tx;
use crate::error::{AppError, FieldError, Words};
use crate::standards::{Access, Parameters};

/// Refuses a host and path that another workload on the same cluster has, or is to have. Until the
/// transaction ends nobody else claims that host.
///
/// # Errors
/// 400 naming the host.
pub async fn claim(tx: &mut Tx, workload: &Workload, wanted: &Parameters) -> Result<(), AppError> {
    let rule = wanted.ingress.as_ref();
    let Some(rule) = rule.filter(|_| wanted.access == Access::Ingress) else {
        return Ok(());
    };
    if !store::is_claimed(tx.connection(), workload, (&rule.host, &rule.path)).await? {
        return Ok(());
    }
    let words = Words::new("containers-host-taken")
        .with("host", &rule.host)
        .with("path", &rule.path)
        .with("cluster", &workload.cluster);
    Err(AppError::Invalid(vec![FieldError {
        field: "parameters.parameters.ingress.host".to_owned(),
        words,
    }]))
}
