//! What would change between two jobs' configurations, part by part.
//!
//! Descriptions, whether a job is disabled, and versions of plugins do not count, as in the
//! content's hash.

use std::collections::BTreeMap;

use super::job_xml::{job, parameters};
use super::xml::{Element, Node, XmlError};

const PARAMETERS: &str = "hudson.model.ParametersDefinitionProperty";

/// A part of a job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Parameter(String),
    /// An element beneath the root: `scm`, `triggers`, `builders`.
    Element(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Added,
    Removed,
    Changed,
}

/// One difference, with both texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub part: Part,
    pub how: How,
    pub from: String,
    pub to: String,
}

/// In the order of parts; nothing where both do the same.
pub fn changes(from: &str, to: &str) -> Result<Vec<Change>, XmlError> {
    let (before, after) = (parts(from)?, parts(to)?);
    let mut keys: Vec<&Part> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    let change = |part: &Part| {
        let (from, to) = (before.get(part), after.get(part));
        let how = match (from, to) {
            (None, Some(_)) => How::Added,
            (Some(_), None) => How::Removed,
            (Some(from), Some(to)) if from != to => How::Changed,
            (Some(_), Some(_)) | (None, None) => return None,
        };
        Some(Change {
            part: part.clone(),
            how,
            from: from.cloned().unwrap_or_default(),
            to: to.cloned().unwrap_or_default(),
        })
    };
    Ok(keys.into_iter().filter_map(change).collect())
}

/// Each part with its text; an empty one counts as none.
fn parts(xml: &str) -> Result<BTreeMap<Part, String>, XmlError> {
    let root = job(xml)?;
    let mut found: BTreeMap<Part, String> = BTreeMap::new();
    for parameter in parameters(xml)? {
        let sort = if parameter.is_text { "text" } else { "other" };
        found.insert(Part::Parameter(parameter.name), sort.to_owned());
    }
    for element in root.elements() {
        if ["description", "disabled", "actions"].contains(&element.name.as_str()) {
            continue;
        }
        let mut lines = Vec::new();
        tell(element, 0, &mut lines);
        let text = lines.join("\n");
        let is_empty = element.children.iter().all(is_layout) && element.attributes.is_empty();
        if !text.is_empty() && !is_empty {
            let part = Part::Element(element.name.clone());
            found.entry(part).or_default().push_str(&text);
        }
    }
    Ok(found)
}

/// Names and texts, indented by depth; parameters stand by themselves.
fn tell(element: &Element, depth: usize, lines: &mut Vec<String>) {
    for child in &element.children {
        match child {
            Node::Element(inner) if inner.name == PARAMETERS => {}
            Node::Element(inner) => {
                lines.push(format!("{}{}", "  ".repeat(depth), inner.name));
                tell(inner, depth + 1, lines);
            }
            Node::Text(text) => {
                let kept = text
                    .lines()
                    .map(str::trim_end)
                    .filter(|l| !l.trim().is_empty());
                lines.extend(kept.map(|l| format!("{}{l}", "  ".repeat(depth))));
            }
        }
    }
    let attributes = element.attributes.iter().filter(|(n, _)| n != "plugin");
    lines.extend(attributes.map(|(n, v)| format!("{}{n}={v}", "  ".repeat(depth))));
}

fn is_layout(node: &Node) -> bool {
    match node {
        Node::Text(text) => text.trim().is_empty(),
        Node::Element(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job_of(command: &str, triggers: &str, parameter: &str) -> String {
        format!(
            "<project plugin=\"x@1\"><description>by {command}</description><properties>\
             <{PARAMETERS}><parameterDefinitions><hudson.model.StringParameterDefinition><name>\
             {parameter}</name></hudson.model.StringParameterDefinition></parameterDefinitions>\
             </{PARAMETERS}></properties><triggers>{triggers}</triggers><builders>\
             <hudson.tasks.Shell><command>{command}</command></hudson.tasks.Shell></builders>\
             <disabled>true</disabled></project>"
        )
    }

    #[test]
    fn each_part_that_differs_is_told_once() {
        let old = job_of("ant", "<timer>H 2 * * *</timer>", "BRANCH");
        let new = job_of("make", "", "IMAGE");
        let found = changes(&old, &new).expect("two jobs");
        let told: Vec<_> = found.iter().map(|c| (c.part.clone(), c.how)).collect();
        let element = |name: &str| Part::Element(name.to_owned());
        let parameter = |name: &str| Part::Parameter(name.to_owned());
        let wanted = [
            (parameter("BRANCH"), How::Removed),
            (parameter("IMAGE"), How::Added),
            (element("builders"), How::Changed),
            (element("triggers"), How::Removed),
        ];
        assert_eq!(told, wanted);
        let builders = found
            .iter()
            .find(|c| c.part == element("builders"))
            .expect("its builders differ");
        assert!(builders.from.contains("ant") && builders.to.contains("make"));
    }

    #[test]
    fn what_does_the_same_has_no_changes() {
        let job = job_of("make", "", "IMAGE");
        let other = job
            .replace("x@1", "x@2")
            .replace("by make", "by hand")
            .replace("true", "false");
        assert_eq!(changes(&job, &other).expect("two jobs"), []);
    }
}
