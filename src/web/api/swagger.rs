//! Swagger UI over our own description, from files inside the binary.

use std::sync::{Arc, LazyLock};

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use utoipa_swagger_ui::{Config, serve};

use crate::error::AppError;

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::from("/api/v1/openapi.json")
        .with_credentials(true)
        .deep_linking(true)
        .display_request_duration(true)
        .use_base_layout();
    Arc::new(config)
});

/// `GET /api/docs`: its files are found relative to the address with the slash.
pub async fn enter() -> Redirect {
    Redirect::to("/api/docs/")
}

/// `GET /api/docs/`
///
/// # Errors
/// See [`file`].
pub async fn index() -> Result<Response, AppError> {
    file(Path("index.html".to_owned())).await
}

/// `GET /api/docs/{*file}`: a browser asks again after an hour.
///
/// # Errors
/// No such file.
pub async fn file(Path(path): Path<String>) -> Result<Response, AppError> {
    let found = serve(&path, CONFIG.clone()).map_err(|e| AppError::Internal(e.to_string()))?;
    let file = found.ok_or(AppError::NotFound)?;
    let headers = [
        (CONTENT_TYPE, file.content_type),
        (CACHE_CONTROL, "max-age=3600".to_owned()),
    ];
    Ok((headers, file.bytes.into_owned()).into_response())
}
