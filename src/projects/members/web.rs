//! The page of a project's people.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::json;

use super::Joining;
use crate::app::App;
use crate::error::{AppError, FieldError};
use crate::identity::{Permission, Person, ProjectRole};
use crate::parse;
use crate::projects::web::{Frame, Tab};
use crate::projects::{self, Member, ProjectAccess};
use crate::requests::{self, Filing};
use crate::web::extract::{Ctx, Form};
use crate::web::form::shown_by_form;
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::parts::Who;
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "projects/members.html")]
struct MembersPage {
    c: Chrome,
    f: Frame,
    members: Vec<Member>,
    form: MemberForm,
    errors: Errors,
    /// Why this reader cannot change anything; `None` for those who may.
    shut: Option<String>,
}

impl MembersPage {
    fn who(&self, member: &Member) -> Who {
        self.c.who(&Person {
            name: member.user.clone(),
            display_name: member.display_name.clone(),
        })
    }

    fn is_role(&self, role: &ProjectRole) -> bool {
        self.form.role == role.as_str()
    }

    /// The last day of a membership, in UTC as it was typed.
    fn day(&self, at: &Timestamp) -> String {
        let last = at.to_zoned(TimeZone::UTC).date();
        last.yesterday().unwrap_or(last).to_string()
    }
}

/// What was typed; the last day may be left out.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct MemberForm {
    #[serde(default)]
    user: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    until: String,
    /// Why, where it is asked for.
    #[serde(default)]
    note: String,
}

impl MemberForm {
    fn joining(&self) -> Result<Joining, AppError> {
        let mut errors = Vec::new();
        let role = ProjectRole::parse(&self.role);
        if role.is_none() {
            errors.push(FieldError::new("role", "field-required"));
        }
        let until = self.until.trim();
        let expires_at = if until.is_empty() {
            None
        } else {
            let end = parse::midnight(until, 1);
            if end.is_none() {
                errors.push(FieldError::new("until", "members-day"));
            }
            end
        };
        match role {
            Some(role) if errors.is_empty() => Ok(Joining {
                user: self.user.clone(),
                role,
                expires_at,
            }),
            Some(_) | None => Err(AppError::Invalid(errors)),
        }
    }
}

pub async fn show(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
) -> Result<Response, AppError> {
    let form = MemberForm::default();
    page(&members_page(&app, &access, &ctx, form, Errors::default()).await?)
}

async fn members_page(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    form: MemberForm,
    errors: Errors,
) -> Result<MembersPage, AppError> {
    let c = Chrome::new(ctx, Nav::Projects);
    let may = access.must(Permission::ManageMembers);
    Ok(MembersPage {
        f: Frame::new(&access.project, Tab::Members),
        members: projects::members(app, access.project.id).await?,
        shut: may.err().map(|e| c.w(&e.words())),
        form,
        errors,
        c,
    })
}

pub async fn put(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Form(form): Form<MemberForm>,
) -> Result<Response, AppError> {
    let proof = access.must(Permission::ManageMembers)?;
    let done = match form.joining() {
        Ok(joining) => super::put(&app, &proof, &joining).await,
        Err(error) => Err(error),
    };
    answer(&app, &access, &ctx, form, done).await
}

/// `POST /projects/{key}/members/request`: for those who may not give a role themselves.
pub async fn ask(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Form(form): Form<MemberForm>,
) -> Result<Response, AppError> {
    access.must(Permission::ViewProject)?;
    let filed = match form.joining() {
        Ok(joining) => {
            let filing = Filing {
                project: Some(access.project.key.clone()),
                note: form.note.clone(),
                ..Filing::of("membership", json!(joining))
            };
            requests::file(&app, &access.actor, filing).await
        }
        Err(error) => Err(error),
    };
    match filed {
        Ok(number) => Ok(see_other(&format!("/requests/{number}"))),
        Err(error) => answer(&app, &access, &ctx, form, Err(error)).await,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemovalForm {
    user: String,
    role: ProjectRole,
}

pub async fn remove(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Form(form): Form<RemovalForm>,
) -> Result<Response, AppError> {
    let proof = access.must(Permission::ManageMembers)?;
    let done = super::remove(&app, &proof, &form.user, form.role).await;
    answer(&app, &access, &ctx, MemberForm::default(), done).await
}

async fn answer(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    form: MemberForm,
    done: Result<(), AppError>,
) -> Result<Response, AppError> {
    let Err(error) = done else {
        return Ok(see_other(&format!(
            "/projects/{}/members",
            access.project.key
        )));
    };
    let (mut errors, sentence) = shown_by_form(&error, "parameters.")?;
    if let Some(words) = sentence {
        let field = "user".to_owned();
        errors.0.push(FieldError { field, words });
    }
    for wrong in errors.0.iter_mut().filter(|e| e.field == "expires_at") {
        "until".clone_into(&mut wrong.field);
    }
    let shown_again = members_page(app, access, ctx, form, errors).await?;
    Ok(shown(page(&shown_again)?, &error))
}

#[cfg(test)]
mod tests {
    use crate::parse::midnight;

    #[test]
    fn a_membership_holds_to_the_end_of_its_last_day() {
        let end = midnight("2026-11-30", 1).unwrap();
        assert_eq!(end.to_string(), "2026-12-01T00:00:00Z");
        assert_eq!(midnight("30.11.2026", 1), None);
    }
}
