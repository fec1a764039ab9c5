//! Items' routes: making, copying, reading, changing and deleting jobs and folders.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};

use super::config::{Config, Kind};
use super::refusal::{Refusal, redirect};
use super::state::{Item, State};
use super::wire;
use crate::call::Call;

const FORBIDDEN: &str = "?*/\\%!@#$^&|<>[]:;";
const FOLDER: &str = "com.cloudbees.hudson.plugins.folder.Folder";

/// `createItem` in a folder, or at the top for an empty `folder`.
pub(super) fn create(jenkins: &mut State, call: &Call, folder: &str) -> Result<Response, Refusal> {
    call.only(&["name", "mode", "from"])?;
    if call.method != Method::POST {
        return Err(Refusal::PostOnly);
    }
    let failure = |text: String| Err(Refusal::Failure(text));
    let name = call.query("name").unwrap_or_default().trim();
    if let Some(text) = bad_name(name) {
        return failure(text);
    }
    let full_name = within(folder, name);
    if jenkins.item(&full_name).is_some() {
        return failure(format!(
            "A job already exists with the name \u{2018}{name}\u{2019}"
        ));
    }
    let kind = call.header("content-type");
    match call.query("mode") {
        Some("copy") => return copy(jenkins, call, folder, &full_name),
        Some(FOLDER) => {
            jenkins.add_item(&full_name, &format!("<{FOLDER}></{FOLDER}>"));
            return Ok(to_configure(jenkins, &full_name));
        }
        Some(mode) => return failure(format!("No item type \u{2018}{mode}\u{2019} is known")),
        None => {}
    }
    match kind {
        None => return failure("No Content-Type header set".to_owned()),
        Some(kind) if kind.starts_with("application/xml") || kind.starts_with("text/xml") => {}
        Some(_) => return failure("No mode given".to_owned()),
    }
    let xml = std::str::from_utf8(&call.body).map_err(|_| Refusal::Oops)?;
    if jenkins.add_item(&full_name, xml) {
        Ok(StatusCode::OK.into_response())
    } else {
        Err(Refusal::Oops)
    }
}

/// The source is looked for beside the target first; a slash at its beginning means the top.
fn copy(
    jenkins: &mut State,
    call: &Call,
    folder: &str,
    full_name: &str,
) -> Result<Response, Refusal> {
    let from = call.query("from").unwrap_or_default();
    let beside = within(folder, from);
    let paths = [beside.as_str(), from.trim_start_matches('/')];
    let source = paths.iter().find_map(|path| jenkins.item(path));
    let source = source.ok_or_else(|| Refusal::Failure(format!("No such job: {from}")))?;
    let xml = source.xml.clone();
    jenkins.add_item(full_name, &xml);
    if let Some(item) = jenkins.items.get_mut(&full_name.to_lowercase()) {
        item.held_off = item.kind != Kind::Folder;
    }
    Ok(to_configure(jenkins, full_name))
}

fn to_configure(jenkins: &State, full_name: &str) -> Response {
    let path = jenkins.item(full_name).map(Item::path).unwrap_or_default();
    redirect(&format!("{}{path}configure", jenkins.root_url))
}

fn within(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// Why Jenkins would not take this name.
fn bad_name(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("No name is specified".to_owned());
    }
    if name == "." || name == ".." {
        return Some(format!("\u{201c}{name}\u{201d} is not an allowed name"));
    }
    if name.ends_with('.') {
        return Some("A name cannot end with \u{2018}.\u{2019}".to_owned());
    }
    let bad = name
        .chars()
        .find(|c| c.is_control() || FORBIDDEN.contains(*c))?;
    Some(format!("\u{2018}{bad}\u{2019} is an unsafe character"))
}

/// Everything below a job's or folder's address, other than its builds.
pub(super) fn answer(
    jenkins: &mut State,
    call: &Call,
    name: &str,
    rest: &[&str],
) -> Result<Response, Refusal> {
    let item = jenkins.item(name).ok_or(Refusal::NotFound)?;
    let post = call.method == Method::POST;
    match (rest, &call.method) {
        (["api", "json"], &Method::GET) => wire::answer(call, &wire::item(jenkins, item)),
        (["config.xml"], &Method::GET) => Ok(config(&item.xml)),
        (["config.xml"], &Method::POST) => write_config(jenkins, call, name),
        (["" | "configure"] | [], &Method::GET) => Ok("a page".into_response()),
        (["enable"], _) if post => Ok(set_disabled(jenkins, name, false)),
        (["disable"], _) if post => Ok(set_disabled(jenkins, name, true)),
        (["description"], _) if post => describe(jenkins, call, name),
        (["doDelete"], _) if post => Ok(delete(jenkins, name, redirect("/"))),
        ([""] | [], &Method::DELETE) => Ok(delete(
            jenkins,
            name,
            StatusCode::NO_CONTENT.into_response(),
        )),
        (["enable" | "disable" | "description" | "doDelete"], _) => Err(Refusal::PostOnly),
        _ => Err(call.unknown().into()),
    }
}

fn config(xml: &str) -> Response {
    let mut answer = xml.to_owned().into_response();
    let kind = HeaderValue::from_static("application/xml");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

/// Writes the file without saving the job, so that a copy stays held off.
fn write_config(jenkins: &mut State, call: &Call, name: &str) -> Result<Response, Refusal> {
    let kind = call
        .header("content-type")
        .unwrap_or_default()
        .to_lowercase();
    let xml = if kind.contains("charset=utf-8") {
        String::from_utf8(call.body.to_vec()).map_err(|_| Refusal::Oops)?
    } else {
        // Characters in Jenkins' default encoding: what is not ASCII comes out garbled.
        call.body.iter().copied().map(char::from).collect()
    };
    let config = Config::read(&xml).map_err(|_| Refusal::Oops)?;
    let item = jenkins.items.get_mut(&name.to_lowercase());
    let item = item.ok_or(Refusal::NotFound)?;
    if config.kind != item.kind {
        return Err(Refusal::Oops);
    }
    item.xml = xml;
    if item.kind == Kind::Freestyle {
        let running = item.builds.values_mut().filter(|b| b.ended.is_none());
        running.for_each(|build| build.disowned = true);
    }
    Ok(StatusCode::OK.into_response())
}

/// Saves the job where that changes something, and saving is what ends holding off.
fn set_disabled(jenkins: &mut State, name: &str, disabled: bool) -> Response {
    if let Some(item) = jenkins.items.get_mut(&name.to_lowercase())
        && item.is_disabled() != disabled
    {
        save_field(item, "disabled", &disabled.to_string());
    }
    redirect(".")
}

fn describe(jenkins: &mut State, call: &Call, name: &str) -> Result<Response, Refusal> {
    let form = call.form();
    let text = form.iter().find(|(key, _)| key == "description");
    let text = text.map(|(_, text)| text.as_str()).ok_or(Refusal::Oops)?;
    let item = jenkins.items.get_mut(&name.to_lowercase());
    save_field(item.ok_or(Refusal::NotFound)?, "description", text);
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn save_field(item: &mut Item, field: &str, text: &str) {
    if let Some(config) = item.config() {
        item.xml = config.with_field(&item.xml, field, text);
    }
    item.held_off = false;
}

/// With a folder goes all that is in it.
fn delete(jenkins: &mut State, name: &str, answer: Response) -> Response {
    let key = name.to_lowercase();
    let prefix = format!("{key}/");
    jenkins
        .items
        .retain(|name, _| *name != key && !name.starts_with(&prefix));
    jenkins
        .queue
        .retain(|_, entry| entry.job != key && !entry.job.starts_with(&prefix));
    answer
}
