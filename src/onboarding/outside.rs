//! What Jenkins says of a project's job, read for a page within three seconds.

use std::time::Duration;

use super::Place;
use crate::app::App;
use crate::builds::{self, JobSpec, Standing};
use crate::connections;
use crate::projects::Project;
use crate::releases;

const LIMIT: Duration = Duration::from_secs(3);

/// How the job stands to its template; `None` while there is none, or Jenkins does not answer.
pub async fn drift(app: &App, project: &Project, place: &Place) -> Option<Standing> {
    let (id, name) = (place.jenkins?, place.job.as_deref()?);
    let read = async {
        let job = releases::job_of(app, project).await.ok()?;
        let (jenkins, _) = connections::jenkins(app, id).await.ok()?;
        let spec = JobSpec {
            job: name,
            template_job: &job.template,
            project: &project.key,
            restores: false,
        };
        let adoption = builds::adoption(app.db.pool(), id, name, project.id.0).await;
        let found = builds::drift(&jenkins, spec, adoption.ok()?.as_ref()).await;
        found
            .inspect_err(|error| tracing::info!(%error, "a job could not be looked at"))
            .ok()
    };
    tokio::time::timeout(LIMIT, read).await.ok().flatten()
}
