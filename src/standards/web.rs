//! The pages of standards: all layers here, one layer and the fields of its form beneath.

pub mod as_json;
pub mod document;
pub mod fields;
mod help;
mod layer;
mod layer_form;
pub mod lists;
mod locks;
pub mod standing;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;

pub use help::parameters;
pub use layer::{layer, propose};

use super::layers::{Row, leaves};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::web::extract::Ctx;
use crate::web::layout::{Chrome, Nav, page};

#[derive(Template)]
#[template(path = "standards/list.html")]
struct ListPage {
    c: Chrome,
    rows: Vec<Row>,
}

impl ListPage {
    fn name(&self, row: &Row) -> String {
        self.c.w(&row.name.words())
    }

    fn sets(&self, row: &Row) -> usize {
        leaves(&row.document).iter().count()
    }
}

/// `GET /standards`
pub async fn list(Shared(app): Shared<App>, actor: Actor, ctx: Ctx) -> Result<Response, AppError> {
    let rows = super::all_layers(&app, &actor).await?;
    page(&ListPage {
        c: Chrome::new(&ctx, Nav::Standards),
        rows,
    })
}
