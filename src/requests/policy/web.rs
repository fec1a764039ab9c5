//! The pages of policies: what counts where, and what would happen.

use std::fmt::Display;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;

use super::{ASKABLE, Asked, Draft, Electorate, Involved, Policy, PolicyId, Preview, Wanted};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope, groups};
use crate::requests::{Quorum, Voters};
use crate::web::extract::{Ctx, Form, Path, Query};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

/// Groups of people that the form has a row for.
const ROWS: usize = 3;

#[derive(Template)]
#[template(path = "policies/list.html")]
struct ListPage {
    c: Chrome,
    policies: Vec<Policy>,
    kinds: Vec<&'static str>,
    wanted: Wanted,
    preview: Option<Preview>,
    wrong: Option<Summary>,
    may_change: bool,
}

impl ListPage {
    fn kind(&self, kind: &str) -> String {
        self.c.t(&format!("request-kind-{kind}"))
    }

    fn is_kind(&self, kind: &str) -> bool {
        self.wanted.kind == kind
    }

    fn asks(&self, quorum: &Quorum) -> String {
        asks(&self.c, quorum, i64::from(quorum.needed))
    }

    /// That nobody of a group can ask without leaving too few to decide.
    fn tight(&self, electorate: &Electorate) -> String {
        let who = ("who", &electorate.names() as &dyn Display);
        self.c.t2("policy-tight", who, ("n", &electorate.count))
    }

    /// Hours in whole days where they are.
    fn span(&self, hours: &i32) -> String {
        match hours % 24 {
            0 => self.c.t1("policy-days", "n", &(hours / 24)),
            _ => self.c.t1("policy-hours", "n", hours),
        }
    }
}

/// So many people of a group, as a phrase.
#[must_use]
pub fn asks(c: &Chrome, quorum: &Quorum, n: i64) -> String {
    let words = match &quorum.by {
        Voters::Permission(permission) => Words::new(&format!("request-asks-{permission}")),
        Voters::Group(key) => Words::new("request-asks-group").with("group", key),
    };
    c.w(&words.with("n", n))
}

pub async fn list(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let c = Chrome::new(&ctx, Nav::Policies);
    let policies = super::list(&app, &actor).await?;
    let (preview, wrong) = match wanted.kind.as_str() {
        "" => (None, None),
        _ => match super::preview(&app, &actor, &wanted).await {
            Ok(preview) => (Some(preview), None),
            Err(error) => {
                let (errors, _) = shown_by_form(&error, "")?;
                (None, Summary::of(&c, &[], &errors))
            }
        },
    };
    page(&ListPage {
        may_change: actor.may(Permission::ManagePolicies, Scope::Platform),
        kinds: app.kinds.names().collect(),
        policies,
        wanted,
        preview,
        wrong,
        c,
    })
}

#[derive(Template)]
#[template(path = "policies/form.html")]
struct FormPage {
    c: Chrome,
    id: Option<PolicyId>,
    title: String,
    summary: Option<Summary>,
    sections: Vec<Section>,
}

/// A form that is opened, or shown again with what is wrong.
#[derive(Default)]
struct Filled {
    id: Option<PolicyId>,
    typed: Typed,
    errors: Errors,
    sentence: Option<Words>,
}

async fn form_page(app: &App, ctx: &Ctx, filled: Filled) -> Result<FormPage, AppError> {
    let c = Chrome::new(ctx, Nav::Policies);
    let fill = |f: Field| f.filled(&c, &filled.typed, &filled.errors);
    let line = |name: &str, control| {
        fill(Field::new(
            &c,
            name,
            &format!("policy-{}", name.replace('_', "-")),
            control,
        ))
    };
    let place = Section {
        legend: c.t("policy-place"),
        fields: vec![
            line("kind", Control::Choose(kinds(&c, app))),
            line("environment", Control::Line).optional(&c),
            line("project", Control::Line).optional(&c),
        ],
    };
    let whom = Section {
        legend: c.t("policy-whom"),
        fields: quorum_fields(&c, &voters(&c, &groups::keys(app).await?), &filled),
    };
    let rest = Section {
        legend: c.t("policy-rest"),
        fields: vec![
            line("excludes_builder", Control::Check),
            line("excludes_confirmer", Control::Check),
            line("expires_hours", Control::Number),
            line("remind_hours", Control::Number),
            line("note", Control::Text),
        ],
    };
    let sections: Vec<Section> = match filled.id {
        Some(_) => vec![whom, rest],
        None => vec![place, whom, rest],
    };
    Ok(FormPage {
        summary: match &filled.sentence {
            Some(words) => Some(Summary::sentence(&c, words)),
            None => Summary::of(&c, &sections, &filled.errors),
        },
        title: match filled.typed.get("kind").filter(|_| filled.id.is_some()) {
            Some(kind) => c.t(&format!("request-kind-{kind}")),
            None => c.t("policy-new"),
        },
        id: filled.id,
        sections,
        c,
    })
}

fn kinds(c: &Chrome, app: &App) -> Vec<(String, String)> {
    let named = |kind: &'static str| (kind.to_owned(), c.t(&format!("request-kind-{kind}")));
    app.kinds.names().map(named).collect()
}

/// What a row of the form lets one choose: nothing, a right's holders, a group.
fn voters(c: &Chrome, groups: &[String]) -> Vec<(String, String)> {
    let nobody = (String::new(), c.t("policy-who-nobody"));
    let right = |p: &Permission| (p.to_string(), c.t(&format!("policy-who-{p}")));
    let group = |key: &String| {
        (
            format!("group:{key}"),
            c.t1("policy-who-group", "group", key),
        )
    };
    let rights = ASKABLE.iter().map(right);
    std::iter::once(nobody)
        .chain(rights)
        .chain(groups.iter().map(group))
        .collect()
}

fn quorum_fields(c: &Chrome, voters: &[(String, String)], filled: &Filled) -> Vec<Field> {
    let row = |n: usize| {
        let who = Field::new(
            c,
            &format!("who_{n}"),
            "policy-who",
            Control::Choose(voters.to_vec()),
        );
        let many = Field::new(c, &format!("needed_{n}"), "policy-needed", Control::Number);
        let again = |field: Field, wrong: &[&str]| {
            let mut field = field.filled(c, &filled.typed, &filled.errors);
            let found = wrong.iter().find_map(|w| filled.errors.of(w));
            field.error = found.map(|words| c.w(words));
            field
        };
        let at = |name: &str| format!("quorum.{n}.{name}");
        let first = if n == 0 { "quorum" } else { "" };
        [
            again(who, &[&at("permission"), &at("group"), first]),
            again(many, &[&at("needed")]),
        ]
    };
    (0..ROWS).flat_map(row).collect()
}

/// What was typed, as a draft; empty rows ask nobody.
fn draft(typed: &Typed) -> Draft {
    let text = |name: &str| typed.get(name).map_or("", |t| t.trim()).to_owned();
    let number = |name: &str| text(name).parse().unwrap_or(0);
    let some = |name: &str| Some(text(name)).filter(|t| !t.is_empty());
    let row = |n: usize| {
        let who = some(&format!("who_{n}"))?;
        let group = who.strip_prefix("group:").map(str::to_owned);
        Some(Asked {
            permission: Permission::parse(&who),
            group,
            needed: number(&format!("needed_{n}")),
        })
    };
    let excluded = |i: &&Involved| typed.contains_key(&format!("excludes_{i}"));
    Draft {
        kind: text("kind"),
        environment: some("environment"),
        project: some("project"),
        quorum: (0..ROWS).filter_map(row).collect(),
        excludes: Involved::ALL.iter().filter(excluded).copied().collect(),
        expires_hours: number("expires_hours"),
        remind_hours: number("remind_hours"),
        note: text("note"),
    }
}

pub async fn new(Shared(app): Shared<App>, actor: Actor, ctx: Ctx) -> Result<Response, AppError> {
    actor.must(Permission::ManagePolicies, Scope::Platform)?;
    let typed = [
        ("who_0", "handle-requests".to_owned()),
        ("needed_0", "1".to_owned()),
        ("expires_hours", super::EXPIRES_HOURS.to_string()),
        ("remind_hours", super::REMIND_HOURS.to_string()),
    ];
    let filled = Filled {
        typed: typed.map(|(k, v)| (k.to_owned(), v)).into(),
        ..Filled::default()
    };
    page(&form_page(&app, &ctx, filled).await?)
}

async fn press(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    id: Option<PolicyId>,
    typed: Typed,
) -> Result<Response, AppError> {
    match super::put(app, actor, id, &draft(&typed)).await {
        Ok(_) => Ok(see_other("/policies")),
        Err(error) => {
            let (errors, sentence) = shown_by_form(&error, "")?;
            let filled = Filled {
                id,
                typed,
                errors,
                sentence,
            };
            Ok(shown(page(&form_page(app, ctx, filled).await?)?, &error))
        }
    }
}

pub async fn create(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    press(&app, &actor, &ctx, None, typed).await
}

pub async fn show(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<PolicyId>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManagePolicies, Scope::Platform)?;
    let policy = super::get(&app, &actor, id).await?;
    let filled = Filled {
        id: Some(id),
        typed: typed_of(&policy),
        ..Filled::default()
    };
    page(&form_page(&app, &ctx, filled).await?)
}

fn typed_of(policy: &Policy) -> Typed {
    let mut typed = Typed::new();
    let mut put = |name: String, value: String| typed.insert(name, value);
    put("kind".to_owned(), policy.kind.clone());
    for (n, quorum) in policy.quorum.iter().enumerate() {
        let who = match &quorum.by {
            Voters::Permission(permission) => permission.to_string(),
            Voters::Group(key) => format!("group:{key}"),
        };
        put(format!("who_{n}"), who);
        put(format!("needed_{n}"), quorum.needed.to_string());
    }
    for involved in &policy.excludes {
        put(format!("excludes_{involved}"), "true".to_owned());
    }
    put("expires_hours".to_owned(), policy.expires_hours.to_string());
    put("remind_hours".to_owned(), policy.remind_hours.to_string());
    put("note".to_owned(), policy.note.clone());
    typed
}

pub async fn update(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<PolicyId>,
    Form(mut typed): Form<Typed>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManagePolicies, Scope::Platform)?;
    // Its kind and place stay; the form does not ask for them.
    let policy = super::get(&app, &actor, id).await?;
    typed.insert("kind".to_owned(), policy.kind);
    for (name, key) in [
        ("environment", policy.environment),
        ("project", policy.project),
    ] {
        typed.insert(name.to_owned(), key.unwrap_or_default());
    }
    press(&app, &actor, &ctx, Some(id), typed).await
}

pub async fn delete(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<PolicyId>,
) -> Result<Response, AppError> {
    super::delete(&app, &actor, id).await?;
    Ok(see_other("/policies"))
}
