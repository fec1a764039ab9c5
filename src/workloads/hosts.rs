//! Whose a host and path of an Ingress are: of two workloads on one cluster that claim the same,
//! one would be given the other's calls.

use super::{Workload, store};
use crate::db::{DbError, Tx};
use crate::error::{AppError, FieldError, Words};
use crate::requests;
use crate::standards::{Access, Parameters};

/// The host and path at which callers outside find a service. A path with a slash at its end
/// matches the same calls as one without.
#[must_use]
pub fn callers_come_at(parameters: &Parameters) -> Option<(&str, &str)> {
    let rule = parameters.ingress.as_ref();
    let rule = rule.filter(|_| parameters.access == Access::Ingress)?;
    Some((&rule.host, rule.path.trim_end_matches('/')))
}

/// A workload is to be found elsewhere: requests of any project may have asked for that place, and
/// whoever waits for them is told.
///
/// # Errors
/// No answer from the database.
pub async fn moved(
    tx: &mut Tx,
    before: Option<&Parameters>,
    now: &Parameters,
) -> Result<(), DbError> {
    if callers_come_at(now) != before.and_then(callers_come_at) {
        requests::look_again(tx, None).await?;
    }
    Ok(())
}

/// The host and path that another workload on the same cluster has, or is to have, of what is
/// wanted, unless they are what this one has said before. Until the transaction ends nobody else
/// claims that host.
///
/// # Errors
/// No answer from the database.
pub async fn taken<'a>(
    tx: &mut Tx,
    workload: &Workload,
    before: Option<&Parameters>,
    wanted: &'a Parameters,
) -> Result<Option<(&'a str, &'a str)>, DbError> {
    let place = callers_come_at(wanted);
    let Some(place) = place.filter(|_| place != before.and_then(callers_come_at)) else {
        return Ok(None);
    };
    let is_claimed = store::is_claimed(tx.connection(), workload, place).await?;
    Ok(is_claimed.then_some(place))
}

/// Refuses what is taken.
///
/// # Errors
/// 400 naming the host.
pub async fn claim(
    tx: &mut Tx,
    workload: &Workload,
    before: Option<&Parameters>,
    wanted: &Parameters,
) -> Result<(), AppError> {
    let Some((host, path)) = taken(tx, workload, before, wanted).await? else {
        return Ok(());
    };
    let words = Words::new("containers-host-taken")
        .with("host", host)
        .with("path", path)
        .with("cluster", &workload.cluster);
    Err(AppError::Invalid(vec![FieldError {
        field: "parameters.parameters.ingress.host".to_owned(),
        words,
    }]))
}
