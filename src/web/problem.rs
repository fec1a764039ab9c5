//! How an [`AppError`] reaches the reader: a page, a part, or `application/problem+json`
//! (RFC 9457). Refused changes are put on record here, whoever refused them.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use uuid::Uuid;

use super::extract::{Context, Ctx};
use super::layout::{self, Chrome, Nav};
use crate::app::App;
use crate::audit::{self, Entry};
use crate::error::AppError;

#[derive(Serialize, utoipa::ToSchema)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: String,
    status: u16,
    code: String,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<ProblemField>,
    operation_id: Uuid,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct ProblemField {
    field: String,
    code: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "web/error.html")]
struct ErrorPage {
    c: Chrome,
    status: u16,
    title: String,
    detail: String,
    operation: Uuid,
}

/// An error that the handler's own page shows; here it is only put on record.
#[derive(Clone)]
struct Shown(AppError);

/// A page that shows an error itself, answered with the error's status.
#[must_use]
pub fn shown(mut page: Response, error: &AppError) -> Response {
    *page.status_mut() = error.status();
    page.extensions_mut().insert(Shown(error.clone()));
    page
}

/// Turns errors into answers, and writes refusals into the audit trail.
pub async fn render(State(app): State<App>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let context = request.extensions().get::<Ctx>().cloned();
    let response = next.run(request).await;
    let Some(context) = context else {
        return response;
    };
    if let Some(Shown(error)) = response.extensions().get::<Shown>().cloned() {
        record_refusal(&app, &context, &error).await;
        return response;
    }
    let Some(error) = response.extensions().get::<AppError>().cloned() else {
        return response;
    };
    if let AppError::Internal(detail) = &error {
        tracing::error!(operation.id = %context.operation, path = %context.path, detail, "failed");
    }
    if method != Method::GET {
        record_refusal(&app, &context, &error).await;
    }
    let mut answer = answer(&context, &error);
    if let AppError::TooMany {
        retry_after_seconds,
    } = error
    {
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, retry_after_seconds.into());
    } else if matches!(error, AppError::Unavailable(_)) {
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    answer
}

fn answer(context: &Context, error: &AppError) -> Response {
    let is_api = context.path.starts_with("/api/");
    if is_api {
        return problem(context, error);
    }
    if matches!(error, AppError::Unauthorized) {
        return layout::see_other(&format!("/login?next={}", encode(&context.page)));
    }
    let page = ErrorPage {
        c: Chrome::new(context, Nav::Nowhere),
        status: error.status().as_u16(),
        title: context
            .locale
            .t(&format!("error-title-{}", error.status().as_u16())),
        detail: context.locale.words(&error.words()),
        operation: context.operation,
    };
    match layout::page(&page) {
        Ok(mut response) => {
            *response.status_mut() = error.status();
            response
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn problem(context: &Context, error: &AppError) -> Response {
    let words = error.words();
    let fields = match error {
        AppError::Invalid(fields) => fields.as_slice(),
        AppError::Unauthorized
        | AppError::NotFound
        | AppError::Forbidden(_)
        | AppError::Conflict(_)
        | AppError::TooMany { .. }
        | AppError::Unavailable(_)
        | AppError::TooLarge
        | AppError::Internal(_) => &[],
    };
    let body = Problem {
        kind: "about:blank",
        title: error
            .status()
            .canonical_reason()
            .unwrap_or_default()
            .to_owned(),
        status: error.status().as_u16(),
        code: words.code.clone(),
        detail: context.locale.words(&words),
        fields: fields
            .iter()
            .map(|f| ProblemField {
                field: f.field.clone(),
                code: f.words.code.clone(),
                detail: context.locale.words(&f.words),
            })
            .collect(),
        operation_id: context.operation,
    };
    let kind = HeaderValue::from_static("application/problem+json");
    let mut response = (error.status(), axum::Json(body)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// Only what somebody who is signed in was refused; strangers would fill the table.
async fn record_refusal(app: &App, context: &Context, error: &AppError) {
    let (AppError::Forbidden(words) | AppError::Conflict(words)) = error else {
        return;
    };
    if context.actor.get().is_none() {
        return;
    }
    let entry = Entry::refused("request.refuse", "path", &context.path).because(&words.code);
    let written = async {
        let mut tx = app.db.begin().await?;
        audit::record(&mut tx, &entry, &context.origin()).await?;
        tx.commit().await
    };
    if let Err(error) = written.await {
        tracing::error!(%error, "a refusal could not be put on record");
    }
}

fn encode(path: &str) -> String {
    url::form_urlencoded::byte_serialize(path.as_bytes()).collect()
}
