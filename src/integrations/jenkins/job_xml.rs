//! Jobs' configuration: what a template declares, and a job made from one.
//!
//! A job that we make carries a line in its description that says so, with a hash of the
//! template and one of the job's own content, so that a later look can tell whether the template
//! moved on and whether a person edited the job.
//! Invariant: these are pure functions, and a job without the line is never taken for ours.

use aws_lc_rs::digest::{Context, SHA256};

use super::xml::{Element, Node, XmlError, parse, write};

const MARK: &str = "slipway-managed";
/// Stands for the hash of a definition that people keep; no content has it.
const KEPT: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const ROOTS: [&str; 2] = ["project", "flow-definition"];
const PARAMETERS: [&str; 3] = [
    "properties",
    "hudson.model.ParametersDefinitionProperty",
    "parameterDefinitions",
];
const STRING_CLASSES: [&str; 2] = [
    "hudson.model.StringParameterDefinition",
    "hudson.model.TextParameterDefinition",
];

/// A declared parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    /// Whether it takes any text; others are choices, booleans, secrets.
    pub is_text: bool,
}

/// What a job that we made says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// For whom the job was made.
    pub project: String,
    /// [`content_hash`] of the template at that time.
    pub template_sha256: String,
    /// [`content_hash`] of the job as it was written.
    pub content_sha256: String,
}

/// Whether a job may be changed by us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hand {
    /// Made by us and not touched since.
    Ours(Marker),
    /// Made by us, then changed by a person (or saved by Jenkins in another form).
    Edited(Marker),
    /// Somebody else's.
    Foreign,
}

/// Refuses what Jenkins must never be sent: malformed XML, or a root that is no job.
pub fn check(xml: &str) -> Result<(), XmlError> {
    job(xml).map(drop)
}

/// The declared parameters, in order.
pub fn parameters(xml: &str) -> Result<Vec<Parameter>, XmlError> {
    let root = job(xml)?;
    let mut at = Some(&root);
    for name in PARAMETERS {
        at = at.and_then(|element| element.child(name));
    }
    let definitions = at.into_iter().flat_map(Element::elements);
    let parameters = definitions.map(|definition| Parameter {
        name: definition
            .child("name")
            .map(Element::text)
            .unwrap_or_default(),
        is_text: STRING_CLASSES.contains(&definition.name.as_str()),
    });
    Ok(parameters.collect())
}

/// A job for `project` with everything that the template does, enabled, and marked as ours.
pub fn from_template(template: &str, project: &str) -> Result<String, XmlError> {
    let mut root = job(template)?;
    let marker = Marker {
        project: project.to_owned(),
        template_sha256: hash(&root),
        content_sha256: hash(&root),
    };
    let said = root.child("description").map(Element::text);
    let description = format!("{}\n{}", line(&marker), said.unwrap_or_default());
    root.remove("description");
    root.remove("disabled");
    for (name, text) in [
        ("description", description.trim_end()),
        ("disabled", "false"),
    ] {
        root.children.push(Node::Element(Element::new(name, text)));
    }
    write(&root)
}

/// Somebody else's job with nothing changed but the line that makes it ours. It counts as edited
/// by hand from then on, so that no template is ever copied over it.
pub fn adopted(found: &str, template: &str, project: &str) -> Result<String, XmlError> {
    let mut root = job(found)?;
    let template_sha256 = hash(&job(template)?);
    let marker = Marker {
        project: project.to_owned(),
        template_sha256,
        content_sha256: KEPT.to_owned(),
    };
    let said = root.child("description").map(Element::text);
    let description = format!("{}\n{}", line(&marker), said.unwrap_or_default());
    root.remove("description");
    let description = Element::new("description", description.trim_end());
    root.children.push(Node::Element(description));
    write(&root)
}

/// Whether both are jobs of one sort; Jenkins makes no pipeline of another job.
pub fn same_sort(one: &str, other: &str) -> Result<bool, XmlError> {
    Ok(job(one)?.name == job(other)?.name)
}

/// What the description says, whether or not it is still true.
pub fn marker(xml: &str) -> Result<Option<Marker>, XmlError> {
    Ok(marker_of(&job(xml)?))
}

/// Whose job this is now.
pub fn hand(xml: &str) -> Result<Hand, XmlError> {
    let root = job(xml)?;
    Ok(match marker_of(&root) {
        None => Hand::Foreign,
        Some(marker) if marker.content_sha256 == hash(&root) => Hand::Ours(marker),
        Some(marker) => Hand::Edited(marker),
    })
}

/// A hash of what a job does: without its description and whether it is disabled, and blind to
/// indentation, quotes, the order of attributes and the versions of plugins. 64 hex digits.
pub fn content_hash(xml: &str) -> Result<String, XmlError> {
    Ok(hash(&job(xml)?))
}

pub(super) fn job(xml: &str) -> Result<Element, XmlError> {
    let root = parse(xml)?;
    if ROOTS.contains(&root.name.as_str()) {
        Ok(root)
    } else {
        Err(XmlError::Root(root.name))
    }
}

fn marker_of(root: &Element) -> Option<Marker> {
    let description = root.child("description")?.text();
    description.lines().find_map(read_line)
}

/// The project comes last and as a JSON string, so that no name can forge another field.
fn line(marker: &Marker) -> String {
    format!(
        "{MARK} template-sha256={} content-sha256={} project={}",
        marker.template_sha256,
        marker.content_sha256,
        serde_json::Value::from(marker.project.as_str())
    )
}

fn read_line(line: &str) -> Option<Marker> {
    let mut fields = line.trim().splitn(4, ' ');
    let mut field = |name: &str| fields.next()?.strip_prefix(name);
    field(MARK)?;
    let template = field("template-sha256=")?;
    let content = field("content-sha256=")?;
    let project = field("project=")?;
    Some(Marker {
        project: serde_json::from_str(project).ok()?,
        template_sha256: template.to_owned(),
        content_sha256: content.to_owned(),
    })
}

fn hash(root: &Element) -> String {
    let mut content = root.clone();
    content.remove("description");
    content.remove("disabled");
    let mut context = Context::new(&SHA256);
    feed(&mut context, &content);
    hex::encode(context.finish())
}

/// Every part goes in with its length before it, so that no two trees give the same bytes.
fn feed(context: &mut Context, element: &Element) {
    let mut attributes: Vec<_> = element.attributes.iter().collect();
    attributes.retain(|(name, _)| name != "plugin");
    attributes.sort();
    let children = element.children.iter().filter(|child| !is_layout(child));
    feed_text(context, 'e', &element.name);
    for (name, value) in attributes {
        feed_text(context, 'a', name);
        feed_text(context, 'v', value);
    }
    for child in children {
        match child {
            Node::Element(element) => feed(context, element),
            Node::Text(text) => feed_text(context, 't', text),
        }
    }
    feed_text(context, '/', "");
}

fn feed_text(context: &mut Context, kind: char, text: &str) {
    context.update(format!("{kind}{}:{text}", text.len()).as_bytes());
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

    const TEMPLATE: &str = "<?xml version='1.1' encoding='UTF-8'?>
<flow-definition plugin=\"workflow-job@1400\">
  <description>Builds a service.</description>
  <properties>
    <hudson.model.ParametersDefinitionProperty>
      <parameterDefinitions>
        <hudson.model.StringParameterDefinition>
          <name>IMAGE</name><trim>true</trim>
        </hudson.model.StringParameterDefinition>
        <hudson.model.ChoiceParameterDefinition>
          <name>KIND</name>
        </hudson.model.ChoiceParameterDefinition>
      </parameterDefinitions>
    </hudson.model.ParametersDefinitionProperty>
  </properties>
  <definition class=\"d\">
    <script>sh &apos;make &amp;&amp; echo &quot;$IMAGE&quot;&apos;</script>
  </definition>
  <disabled>true</disabled>
</flow-definition>";

    #[test]
    fn reads_the_declared_parameters() {
        let found = parameters(TEMPLATE).expect("a job");
        let found: Vec<_> = found.iter().map(|p| (p.name.as_str(), p.is_text)).collect();
        assert_eq!(found, [("IMAGE", true), ("KIND", false)]);
    }

    #[test]
    fn a_made_job_is_ours_enabled_and_does_the_same() {
        let made = from_template(TEMPLATE, "shop").expect("a job");
        let Hand::Ours(marker) = hand(&made).expect("a job") else {
            panic!("{made}");
        };
        assert_eq!(marker.project, "shop");
        assert_eq!(
            marker.template_sha256,
            content_hash(TEMPLATE).expect("a job")
        );
        assert!(made.contains("<disabled>false</disabled>"));
        assert!(made.contains("Builds a service."));
        assert_eq!(hand(TEMPLATE).expect("a job"), Hand::Foreign);
    }

    #[test]
    fn only_changes_of_what_the_job_does_count_as_edits() {
        let made = from_template(TEMPLATE, "shop").expect("a job");
        let other_form = made
            .replace("workflow-job@1400", "workflow-job@1500")
            .replace("\n  <properties>", "<properties>")
            .replace("version='1.1'", "version=\"1.0\"")
            .replace("<disabled>false", "<disabled>true");
        assert!(matches!(hand(&other_form).expect("a job"), Hand::Ours(_)));
        let edited = made.replace("make", "make install");
        assert!(matches!(hand(&edited).expect("a job"), Hand::Edited(_)));
    }

    #[test]
    fn an_adopted_job_does_the_same_and_counts_as_edited_by_hand() {
        let found = TEMPLATE.replace("make", "ant");
        let adopted = adopted(&found, TEMPLATE, "shop").expect("a job");
        let Hand::Edited(marker) = hand(&adopted).expect("a job") else {
            panic!("{adopted}");
        };
        assert_eq!(marker.project, "shop");
        assert_eq!(content_hash(&adopted), content_hash(&found));
        assert!(adopted.contains("<disabled>true</disabled>"));
    }

    #[test]
    fn refuses_roots_that_would_break_jenkins() {
        assert_eq!(check("<maven/>"), Err(XmlError::Root("maven".to_owned())));
        assert!(check("<project>").is_err());
        assert!(check("<project/>").is_ok());
    }

    proptest::proptest! {
        #[test]
        fn no_project_name_escapes_its_field(name in "\\PC*|[\u{1}-\u{7f}<>&'\"\r\n ]*") {
            let made = from_template(TEMPLATE, &name).expect("a job");
            let marker = marker(&made).expect("a job").expect("a marker");
            proptest::prop_assert_eq!(marker.project, name);
            proptest::prop_assert!(matches!(hand(&made).expect("a job"), Hand::Ours(_)));
            proptest::prop_assert_eq!(parameters(&made), parameters(TEMPLATE));
        }
    }
}
