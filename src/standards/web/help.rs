//! The parameters in the help: every leaf of the schema, as the schema has it.

use askama::Template;
use axum::response::Response;

use super::document::typed_of;
use crate::error::AppError;
use crate::identity::Actor;
use crate::standards::outline::{Leaf, List, Outline, Section, Shape, outline};
use crate::standards::{SCHEMA_VERSION, schema, versions};
use crate::web::extract::Ctx;
use crate::web::form::Typed;
use crate::web::layout::{Chrome, Nav, page};

#[derive(Template)]
#[template(path = "standards/parameters_help.html")]
struct HelpPage {
    c: Chrome,
    outline: &'static Outline,
    /// What holds where no layer says anything.
    usual: Typed,
    versions: Vec<i32>,
}

impl HelpPage {
    fn legend(&self, section: &Section) -> String {
        self.c.t(&section.code())
    }

    fn label(&self, leaf: &Leaf) -> String {
        self.c.t(&leaf.code())
    }

    fn help(&self, leaf: &Leaf) -> String {
        self.c.t(&format!("{}-help", leaf.code()))
    }

    /// What it may be.
    fn range(&self, leaf: &Leaf) -> String {
        let c = &self.c;
        let unit = |code: &str| c.t(&format!("unit-{code}"));
        match &leaf.shape {
            Shape::Number(code) => {
                let end = |n: Option<i64>| n.map_or_else(|| "…".to_owned(), |n| n.to_string());
                let (least, most) = (end(leaf.least), end(leaf.most));
                let range = c.t2("parameters-range", ("least", &least), ("most", &most));
                match code.as_str() {
                    "" => range,
                    code => format!("{range} {}", unit(code)),
                }
            }
            Shape::Cores => c.t1("parameters-such-as", "what", &"0.5 · 500m"),
            Shape::Mebibytes => c.t1("parameters-such-as", "what", &"512Mi · 1Gi"),
            Shape::Lines => c.t("parameters-lines"),
            Shape::Word => c.t("parameters-word"),
            Shape::Choice { set, words, .. } => {
                let word = |word: &String| {
                    let means = c.t(&format!("{set}-{word}"));
                    c.t2("parameters-one-of", ("word", word), ("means", &means))
                };
                words.iter().map(word).collect::<Vec<_>>().join(" · ")
            }
        }
    }

    /// With which word of which other leaf it is of use.
    fn with(&self, leaf: &Leaf) -> Option<String> {
        let (other, words) = leaf.with.as_ref()?;
        Some(format!("{other} = {}", words.join(" / ")))
    }

    fn usual<'a>(&'a self, leaf: &'a Leaf) -> &'a str {
        let value = self.usual.get(&format!("parameters.{}", leaf.name));
        value.or(leaf.default.as_ref()).map_or("", String::as_str)
    }

    fn list(&self, list: &List) -> (String, String) {
        let code = format!("form-{}", list.name);
        (self.c.t(&code), self.c.t(&format!("{code}-help")))
    }

    fn columns(&self, list: &List) -> String {
        let paths: Vec<&str> = list.columns.iter().map(|c| c.path.as_str()).collect();
        paths.join(" · ")
    }
}

/// `GET /help/parameters`
pub async fn parameters(_: Actor, ctx: Ctx) -> Result<Response, AppError> {
    page(&HelpPage {
        c: Chrome::new(&ctx, Nav::Nowhere),
        outline: outline(),
        usual: typed_of(&versions::from_the_start()),
        versions: (1..=SCHEMA_VERSION)
            .filter(|v| schema::text(*v).is_some())
            .collect(),
    })
}
