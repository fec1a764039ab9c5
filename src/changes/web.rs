//! The button that asks for more or fewer containers.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use crate::app::App;
use crate::error::AppError;
use crate::identity::Permission;
use crate::projects::ProjectAccess;
use crate::requests::{self, Filing};
use crate::web::extract::{Ctx, Form, Path};
use crate::web::form::Typed;
use crate::web::layout::see_other;
use crate::workloads::{self, WorkloadId};

#[derive(Deserialize)]
pub struct Of {
    id: WorkloadId,
}

/// Numbers are kept as typed, also those that are none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaleForm {
    #[serde(default)]
    min: String,
    #[serde(default)]
    max: String,
    /// On every cluster of the environment, not on this one alone.
    #[serde(default)]
    everywhere: bool,
    #[serde(default)]
    note: String,
}

impl ScaleForm {
    fn typed(&self) -> Typed {
        let everywhere = if self.everywhere { "true" } else { "" };
        let all = [
            ("min", self.min.as_str()),
            ("max", &self.max),
            ("everywhere", everywhere),
            ("note", &self.note),
        ];
        all.map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into()
    }
}

/// `POST /projects/{key}/workloads/{id}/scale`
pub async fn scale(
    State(app): State<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(of): Path<Of>,
    Form(form): Form<ScaleForm>,
) -> Result<Response, AppError> {
    let all = workloads::list(app.db.pool(), access.project.id, None, None).await?;
    let workload = all.into_iter().find(|w| w.id == of.id);
    let workload = workload.ok_or(AppError::NotFound)?;
    access.must(Permission::FileRequest)?;
    let typed = form.typed();
    // What is no number is out of every range, and is refused as that.
    let number = |text: &str| text.trim().parse().unwrap_or(-1);
    let min: i32 = number(&form.min);
    let max = match form.max.trim() {
        "" => min,
        max => number(max),
    };
    let mut parameters = json!({ "component": workload.component, "min": min, "max": max });
    if !form.everywhere {
        parameters["clusters"] = json!([workload.cluster]);
    }
    let filing = Filing {
        project: Some(access.project.key.clone()),
        environment: Some(workload.environment.clone()),
        note: form.note,
        ..Filing::of("scale", parameters)
    };
    match requests::file(&app, &access.actor, filing).await {
        Ok(number) => Ok(see_other(&format!("/requests/{number}"))),
        Err(error) => {
            let refused = (&workload, typed, &error);
            workloads::web::containers_refused(&app, &access, &ctx, refused).await
        }
    }
}
