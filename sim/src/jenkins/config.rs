//! Reading jobs' config.xml, and changing single fields of it, as far as Jenkins does itself.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

const FOLDER: &str = "com.cloudbees.hudson.plugins.folder.Folder";

/// What a configuration is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Freestyle,
    Pipeline,
    Folder,
}

/// What Jenkins refuses to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// Texts by their path of element names, such as `project/disabled`, in document order.
#[derive(Debug)]
pub struct Config {
    pub kind: Kind,
    root: String,
    texts: Vec<(String, String, Range<usize>)>,
}

impl Config {
    pub fn read(xml: &str) -> Result<Self, Unreadable> {
        let texts = texts(xml)?;
        let (root, _, _) = texts.last().ok_or(Unreadable)?;
        let kind = match root.as_str() {
            "project" => Kind::Freestyle,
            "flow-definition" => Kind::Pipeline,
            FOLDER => Kind::Folder,
            _ => return Err(Unreadable),
        };
        Ok(Self {
            kind,
            root: root.clone(),
            texts,
        })
    }

    /// A direct field of the job.
    pub fn field(&self, name: &str) -> Option<&str> {
        let path = format!("{}/{name}", self.root);
        let found = self.texts.iter().find(|(at, _, _)| *at == path);
        found.map(|(_, text, _)| text.as_str())
    }

    /// Addresses of the repositories that the Git plugin fetches from: a freestyle job's own, or
    /// those of a pipeline whose script lies in a repository.
    pub fn remotes(&self) -> Vec<&str> {
        let plugin = "userRemoteConfigs/hudson.plugins.git.UserRemoteConfig/url";
        let texts = self.texts.iter();
        let remotes = texts.filter(|(path, _, _)| path.ends_with(plugin));
        remotes.map(|(_, text, _)| text.as_str()).collect()
    }

    /// Names and defaults of the declared parameters.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        let mut default = String::new();
        let mut name = None;
        for (path, text, _) in &self.texts {
            let Some((_, rest)) = path.split_once("/parameterDefinitions/") else {
                continue;
            };
            match rest.split_once('/').map(|(_, field)| field) {
                Some("name") => name = Some(text.clone()),
                Some("defaultValue") => default.clone_from(text),
                Some(_) => {}
                // The definition itself ends after its fields.
                None => parameters.extend(name.take().map(|n| (n, std::mem::take(&mut default)))),
            }
        }
        parameters
    }

    /// `xml` with a direct field's text replaced, or added at the end where it was missing.
    pub fn with_field(&self, xml: &str, name: &str, text: &str) -> String {
        let escaped = quick_xml::escape::escape(text);
        let path = format!("{}/{name}", self.root);
        if let Some((_, _, at)) = self.texts.iter().find(|(found, _, _)| *found == path) {
            return format!("{}{escaped}{}", &xml[..at.start], &xml[at.end..]);
        }
        let end = xml.rfind("</").unwrap_or(xml.len());
        format!("{}<{name}>{escaped}</{name}>{}", &xml[..end], &xml[end..])
    }
}

/// Elements in the order in which they end, with the text directly inside and where it stands.
fn texts(xml: &str) -> Result<Vec<(String, String, Range<usize>)>, Unreadable> {
    let xml_10 = xml;
    let mut reader = Reader::from_str(xml_10);
    let mut open: Vec<(String, String, usize)> = Vec::new();
    let mut ended = Vec::new();
    loop {
        let before = position(&reader);
        match reader.read_event().map_err(|_| Unreadable)? {
            Event::Eof if open.is_empty() => return Ok(ended),
            Event::Eof | Event::DocType(_) => return Err(Unreadable),
            Event::Start(start) => {
                open.push((start.name().0.to_owned(), String::new(), position(&reader)));
            }
            Event::End(_) => {
                let path = path(&open);
                let (_, text, from) = open.pop().ok_or(Unreadable)?;
                ended.push((path, text, from..before));
            }
            Event::Empty(start) => {
                open.push((start.name().0.to_owned(), String::new(), before));
                // An empty element has no inside to write into, so it gets no path of its own
                // unless it is the root.
                if open.len() == 1 {
                    ended.push((path(&open), String::new(), before..before));
                }
                open.pop();
            }
            Event::Text(text) => add(&mut open, &text),
            Event::CData(data) => add(&mut open, &data),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|_| Unreadable)?;
                let text = match character {
                    Some(character) => character.to_string(),
                    None => resolve_predefined_entity(&reference)
                        .ok_or(Unreadable)?
                        .to_owned(),
                };
                add(&mut open, &text);
            }
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
        }
    }
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

fn path(open: &[(String, String, usize)]) -> String {
    let names: Vec<&str> = open.iter().map(|(name, _, _)| name.as_str()).collect();
    names.join("/")
}

fn add(open: &mut [(String, String, usize)], more: &str) {
    if let Some((_, text, _)) = open.last_mut() {
        text.push_str(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_changes_fields_of_the_job_alone() {
        let xml = "<?xml version='1.1' encoding='UTF-8'?><project><properties>\
            <P><parameterDefinitions><S><name>IMAGE</name><description>x</description>\
            <defaultValue>a&amp;b</defaultValue></S></parameterDefinitions></P></properties>\
            <disabled>true</disabled></project>";
        let config = Config::read(xml).expect("a job");
        assert_eq!(config.kind, Kind::Freestyle);
        let image = ("IMAGE".to_owned(), "a&b".to_owned());
        assert_eq!(config.parameters(), [image]);
        assert_eq!(config.field("description"), None);
        let described = config.with_field(xml, "description", "<b>");
        let config = Config::read(&described).expect("a job with a description");
        assert_eq!(config.field("description"), Some("<b>"));
        let enabled = config.with_field(&described, "disabled", "false");
        assert!(enabled.contains("<disabled>false</disabled>"));
        assert_eq!(Config::read("<maven/>").unwrap_err(), Unreadable);
        assert_eq!(Config::read("<project>").unwrap_err(), Unreadable);
    }
}
