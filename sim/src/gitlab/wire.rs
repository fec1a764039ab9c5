//! GitLab's JSON and its paging headers.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::state::{Commit, Project, Tag};
use crate::call::Call;

const PAGE_DEFAULT: usize = 20;
const PAGE_MAX: usize = 100;

pub(super) fn project(root: &str, project: &Project) -> Value {
    let web = format!("{root}/{}", project.path);
    let name = project.path.rsplit('/').next();
    json!({
        "id": project.id,
        "name": name,
        "path": name,
        "path_with_namespace": project.path,
        "default_branch": (!project.branches.is_empty()).then_some(&project.default_branch),
        "web_url": web,
        "http_url_to_repo": format!("{web}.git"),
        "ssh_url_to_repo": format!("git@localhost:{}.git", project.path),
        "visibility": "internal",
        "archived": project.archived,
        "empty_repo": project.branches.is_empty(),
        "permissions": { "project_access": { "access_level": 30 }, "group_access": null },
    })
}

/// What a list shows of a project where `simple` is asked for.
pub(super) fn simple(root: &str, one: &Project) -> Value {
    const FIELDS: [&str; 8] = [
        "id",
        "name",
        "path",
        "path_with_namespace",
        "default_branch",
        "web_url",
        "http_url_to_repo",
        "ssh_url_to_repo",
    ];
    let mut whole = project(root, one);
    if let Some(fields) = whole.as_object_mut() {
        fields.retain(|name, _| FIELDS.contains(&name.as_str()));
    }
    whole
}

pub(super) fn commit(commit: &Commit) -> Value {
    let at = commit.at.to_string();
    json!({
        "id": commit.id,
        "short_id": commit.id.get(..8),
        "parent_ids": commit.parent.iter().collect::<Vec<_>>(),
        "title": commit.message.lines().next().unwrap_or_default(),
        "message": commit.message,
        "author_name": commit.author,
        "author_email": "someone@example.com",
        "authored_date": at,
        "committer_name": commit.author,
        "committed_date": at,
        "created_at": at,
    })
}

pub(super) fn branch(project: &Project, name: &str, head: &Commit) -> Value {
    json!({
        "name": name,
        "commit": commit(head),
        "default": name == project.default_branch,
        "protected": name == project.default_branch,
        "merged": false,
    })
}

/// `target` of an annotated tag is the tag's own object.
pub(super) fn tag(tag: &Tag, head: &Commit) -> Value {
    let annotation = tag.annotation.as_ref();
    json!({
        "name": tag.name,
        "message": annotation.map(|annotation| &annotation.message),
        "target": annotation.map_or(&tag.commit, |annotation| &annotation.object),
        "commit": commit(head),
        "release": null,
        "protected": false,
        "created_at": annotation.map(|annotation| annotation.at.to_string()),
    })
}

/// One page of `all`, with GitLab's paging headers; lists of commits have no totals.
pub(super) fn page(call: &Call, all: &[Value], totals: bool) -> Result<Response, Refusal> {
    let number = |name, default: usize| match call.query(name) {
        None => Ok(default),
        Some(text) => text
            .parse()
            .map_err(|_| Refusal::Error(400, format!("{name} is invalid"))),
    };
    let page = number("page", 1)?.max(1);
    let per_page = number("per_page", PAGE_DEFAULT)?.clamp(1, PAGE_MAX);
    let start = (page - 1).saturating_mul(per_page).min(all.len());
    let end = (start + per_page).min(all.len());
    let next = (end < all.len()).then_some(page + 1);
    let or_empty = |number: Option<usize>| number.map(|n| n.to_string()).unwrap_or_default();
    let mut headers = vec![
        ("x-page", page.to_string()),
        ("x-per-page", per_page.to_string()),
        ("x-next-page", or_empty(next)),
        ("x-prev-page", or_empty((page > 1).then(|| page - 1))),
    ];
    if totals {
        headers.push(("x-total", all.len().to_string()));
        headers.push(("x-total-pages", all.len().div_ceil(per_page).to_string()));
    }
    if let Some(next) = next {
        headers.push((header::LINK.as_str(), link(call, next)));
    }
    let mut answer = Json(&all[start..end]).into_response();
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.headers_mut().insert(name, value);
        }
    }
    Ok(answer)
}

fn link(call: &Call, page: usize) -> String {
    let kept = call.query.iter().filter(|(name, _)| name != "page");
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .extend_pairs(kept)
        .append_pair("page", &page.to_string());
    format!(
        "<{}{}?{}>; rel=\"next\"",
        call.origin,
        call.path,
        query.finish()
    )
}
