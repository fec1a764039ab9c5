//! Branches, commits and what lies between two of them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::state::{Commit, Project, State};
use super::wire;
use crate::call::Call;

pub(super) fn branches(gitlab: &State, call: &Call, id: u64) -> Result<Response, Refusal> {
    call.only(&["search", "page", "per_page"])?;
    let project = project(gitlab, id)?;
    let search = call.query("search").unwrap_or_default().to_lowercase();
    let fitting = project
        .branches
        .iter()
        .filter(|(name, _)| matches(name, &search));
    let branches: Vec<Value> = fitting
        .filter_map(|(name, id)| Some(wire::branch(project, name, project.commits.get(id)?)))
        .collect();
    wire::page(call, &branches, true)
}

/// `^a` searches for names that begin with a, `a$` for names that end with it.
fn matches(name: &str, search: &str) -> bool {
    let name = name.to_lowercase();
    match (search.strip_prefix('^'), search.strip_suffix('$')) {
        (Some(head), _) => name.starts_with(head),
        (None, Some(tail)) => name.ends_with(tail),
        (None, None) => name.contains(search),
    }
}

pub(super) fn branch(
    gitlab: &State,
    call: &Call,
    id: u64,
    name: &str,
) -> Result<Response, Refusal> {
    call.only(&[])?;
    let project = project(gitlab, id)?;
    let head = project.branches.get(name);
    let head = head.and_then(|id| project.commits.get(id));
    let head = head.ok_or_else(|| Refusal::not_found("Branch"))?;
    Ok(Json(wire::branch(project, name, head)).into_response())
}

pub(super) fn list(gitlab: &State, call: &Call, id: u64) -> Result<Response, Refusal> {
    call.only(&["ref_name", "page", "per_page"])?;
    let project = project(gitlab, id)?;
    let name = call.query("ref_name").unwrap_or(&project.default_branch);
    let head = project
        .resolve(name)
        .ok_or_else(|| Refusal::not_found("Tree"))?;
    let commits: Vec<Value> = project.history(head).map(wire::commit).collect();
    wire::page(call, &commits, false)
}

pub(super) fn show(gitlab: &State, call: &Call, id: u64, name: &str) -> Result<Response, Refusal> {
    call.only(&["stats"])?;
    let commit = project(gitlab, id)?.resolve(name);
    let commit = commit.ok_or_else(|| Refusal::not_found("Commit"))?;
    Ok(Json(wire::commit(commit)).into_response())
}

pub(super) fn compare(gitlab: &State, call: &Call, id: u64) -> Result<Response, Refusal> {
    call.only(&["from", "to", "straight"])?;
    let project = project(gitlab, id)?;
    let end = |name: &str| -> Result<&Commit, Refusal> {
        let text = call.query(name);
        let text = text.ok_or_else(|| Refusal::Error(400, format!("{name} is missing")))?;
        project
            .resolve(text)
            .ok_or_else(|| Refusal::not_found("Ref"))
    };
    let (from, to) = (end("from")?, end("to")?);
    let old: Vec<&str> = project
        .history(from)
        .map(|commit| commit.id.as_str())
        .collect();
    let new = project
        .history(to)
        .filter(|commit| !old.contains(&commit.id.as_str()));
    let mut commits: Vec<Value> = new.map(wire::commit).collect();
    commits.reverse();
    let diffs: Vec<Value> = commits.last().into_iter().map(|_| diff()).collect();
    let web = format!(
        "{}/{}/-/compare/{}...{}",
        gitlab.root_url, project.path, from.id, to.id
    );
    Ok(Json(json!({
        "commit": commits.last(),
        "commits": commits,
        "diffs": diffs,
        "compare_timeout": false,
        "compare_same_ref": from.id == to.id,
        "web_url": web,
    }))
    .into_response())
}

/// Commits here have no files, so that any difference is shown as one in the read-me.
fn diff() -> Value {
    json!({
        "old_path": "README.md", "new_path": "README.md", "a_mode": "100644", "b_mode": "100644",
        "diff": "@@ -1 +1 @@\n-before\n+after\n",
        "new_file": false, "renamed_file": false, "deleted_file": false,
    })
}

pub(super) fn project(gitlab: &State, id: u64) -> Result<&Project, Refusal> {
    gitlab
        .project(id)
        .ok_or_else(|| Refusal::not_found("Project"))
}
