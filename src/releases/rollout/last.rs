//! What a workload runs by our record, as its deployment put it there.

use jiff::Timestamp;

use super::{facts_of, store};
use crate::app::App;
use crate::db::DbError;
use crate::workloads::objects::Stamp;
use crate::workloads::{Workload, WorkloadId};

/// The last deployment that succeeded.
pub struct Last {
    pub sequence: i64,
    pub revision: i32,
    pub done_at: Timestamp,
    /// When the portal first deployed there.
    pub first_at: Timestamp,
    /// Whether a later one was applied and did not succeed.
    pub tried_since: bool,
    /// Who is bringing something there now.
    pub under_way: Option<String>,
    /// With the parameters that were deployed, not those that wait.
    pub workload: Workload,
    pub stamp: Stamp,
}

/// The last deployment of a workload that succeeded; `None` where there was none.
///
/// # Errors
/// No answer from the database.
pub async fn last(app: &App, workload: WorkloadId) -> Result<Option<Last>, DbError> {
    let Some(row) = store::last(app.db.pool(), workload).await? else {
        return Ok(None);
    };
    let facts = facts_of(app, row.id).await?;
    Ok(facts.map(|facts| Last {
        sequence: facts.sequence,
        revision: row.revision,
        done_at: row.done_at.to_jiff(),
        first_at: row.first_at.to_jiff(),
        tried_since: row.tried_since,
        under_way: row.under_way,
        stamp: facts.stamp(),
        workload: facts.workload,
    }))
}
