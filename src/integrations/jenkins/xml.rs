//! A small tree of XML, read and written without loss of what Jenkins would notice.
//!
//! Jenkins writes version 1.1, in which control characters may stand as references and two more
//! characters count as line ends; both are handled here, as the parser underneath knows 1.0.
//! Invariant: for every tree that [`write`] accepts, `parse(write(tree)) == tree`.

use quick_xml::Reader;
use quick_xml::Writer;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesEnd, BytesRef, BytesStart, BytesText, Event};
use quick_xml::name::QName;

const DECLARATION: &str = "<?xml version='1.1' encoding='UTF-8'?>\n";

/// Deeper documents are refused, so that no stack overflows.
const DEPTH_MAX: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    #[error("not well-formed XML: {0}")]
    Malformed(String),
    #[error("a job cannot begin with the element <{0}>")]
    Root(String),
    #[error("XML cannot hold the character U+{0:04X}")]
    Character(u32),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    pub fn new(name: &str, text: &str) -> Self {
        let text = (!text.is_empty()).then(|| Node::Text(text.to_owned()));
        Self {
            name: name.to_owned(),
            attributes: Vec::new(),
            children: text.into_iter().collect(),
        }
    }

    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    pub fn child(&self, name: &str) -> Option<&Self> {
        self.elements().find(|element| element.name == name)
    }

    /// The text directly inside of this element.
    pub fn text(&self) -> String {
        let texts = self.children.iter().filter_map(|child| match child {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    pub fn remove(&mut self, name: &str) {
        self.children.retain(|child| match child {
            Node::Element(element) => element.name != name,
            Node::Text(_) => true,
        });
    }

    fn push_text(&mut self, more: &str) {
        if let Some(Node::Text(text)) = self.children.last_mut() {
            text.push_str(more);
        } else if !more.is_empty() {
            self.children.push(Node::Text(more.to_owned()));
        }
    }
}

/// Reads a whole document. Comments and processing instructions are dropped, as Jenkins drops
/// them; a document type is refused, for the entities that it could define.
pub(super) fn parse(xml: &str) -> Result<Element, XmlError> {
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{feff}'));
    // A frame for the document itself lies under the root.
    let mut open = vec![Element::new("", "")];
    loop {
        match reader.read_event().map_err(malformed)? {
            Event::Eof => break,
            Event::Start(start) => open.push(element(&start)?),
            Event::Empty(start) => {
                let element = element(&start)?;
                top(&mut open)?.children.push(Node::Element(element));
            }
            Event::End(_) => {
                let element = open.pop().ok_or_else(|| malformed("an end too many"))?;
                top(&mut open)?.children.push(Node::Element(element));
            }
            Event::Text(text) => top(&mut open)?.push_text(&text.xml11_content()),
            Event::CData(data) => top(&mut open)?.push_text(&data.xml11_content()),
            Event::GeneralRef(reference) => {
                let text = resolve(&reference)?;
                top(&mut open)?.push_text(&text);
            }
            Event::DocType(_) => return Err(malformed("a document type is not allowed")),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
        }
        if open.len() > DEPTH_MAX {
            return Err(malformed("nested too deeply"));
        }
    }
    root(open)
}

fn top(open: &mut [Element]) -> Result<&mut Element, XmlError> {
    open.last_mut().ok_or_else(|| malformed("an end too many"))
}

/// Takes the single root out of the document's frame.
fn root(mut open: Vec<Element>) -> Result<Element, XmlError> {
    let document = open.pop().filter(|_| open.is_empty());
    let document = document.ok_or_else(|| malformed("an element is not closed"))?;
    let mut roots = Vec::new();
    for child in document.children {
        match child {
            Node::Element(element) => roots.push(element),
            Node::Text(text) if text.trim().is_empty() => {}
            Node::Text(_) => return Err(malformed("text outside of the root")),
        }
    }
    match (roots.pop(), roots.is_empty()) {
        (Some(root), true) => Ok(root),
        _ => Err(malformed("there must be one root")),
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, XmlError> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(malformed)?;
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::Explicit1_1)
            .map_err(malformed)?;
        attributes.push((attribute.key.0.to_owned(), value.into_owned()));
    }
    Ok(Element {
        name: start.name().0.to_owned(),
        attributes,
        children: Vec::new(),
    })
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, XmlError> {
    if let Some(character) = reference.resolve_char_ref().map_err(malformed)? {
        return Ok(character.to_string());
    }
    let text = resolve_predefined_entity(reference);
    text.map(str::to_owned)
        .ok_or_else(|| malformed("an unknown entity"))
}

/// Writes a document in the form that Jenkins itself writes.
pub(super) fn write(root: &Element) -> Result<String, XmlError> {
    let mut writer = Writer::new(Vec::from(DECLARATION));
    write_element(&mut writer, root)?;
    String::from_utf8(writer.into_inner()).map_err(malformed)
}

fn write_element(writer: &mut Writer<Vec<u8>>, element: &Element) -> Result<(), XmlError> {
    let mut start = BytesStart::new(element.name.as_str());
    for (name, value) in &element.attributes {
        start.push_attribute(Attribute {
            key: QName(name),
            value: escape(value)?.into(),
        });
    }
    if element.children.is_empty() {
        return put(writer, Event::Empty(start));
    }
    put(writer, Event::Start(start))?;
    for child in &element.children {
        match child {
            Node::Element(element) => write_element(writer, element)?,
            Node::Text(text) => {
                let escaped = BytesText::from_escaped(escape(text)?);
                put(writer, Event::Text(escaped))?;
            }
        }
    }
    put(writer, Event::End(BytesEnd::new(element.name.as_str())))
}

fn put(writer: &mut Writer<Vec<u8>>, event: Event<'_>) -> Result<(), XmlError> {
    writer.write_event(event).map_err(malformed)
}

/// Escapes mark-up, and as references all that a reader would drop or take for a line end.
/// A plain line feed stays as it is, so that scripts remain readable in Jenkins.
fn escape(text: &str) -> Result<String, XmlError> {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\n' | '\t' => escaped.push(c),
            '\0' | '\u{fffe}' | '\u{ffff}' => return Err(XmlError::Character(c.into())),
            c if c.is_control() || c == '\u{2028}' => {
                escaped.push_str(&format!("&#x{:X};", u32::from(c)));
            }
            c => escaped.push(c),
        }
    }
    Ok(escaped)
}

fn malformed(why: impl ToString) -> XmlError {
    XmlError::Malformed(why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_jenkins_writes() {
        let xml = "<?xml version='1.1' encoding='UTF-8'?>\n<project>\n  <a b='1&amp;2'/>\
                   <c>x&#x8;y<![CDATA[<z>]]></c><!-- gone -->\r\n</project>\n";
        let root = parse(xml).expect("a document");
        assert_eq!(root.child("c").expect("c").text(), "x\u{8}y<z>");
        assert_eq!(
            root.child("a").expect("a").attributes,
            [("b".to_owned(), "1&2".to_owned())]
        );
    }

    #[test]
    fn refuses_what_is_not_one_plain_document() {
        let deep = "<a>".repeat(200);
        for bad in [
            "",
            "<a>",
            "<a></b>",
            "</a>",
            "<a/><b/>",
            "<a/>text",
            "<a>&lol;</a>",
            "<!DOCTYPE a [<!ENTITY lol 'x'>]><a/>",
            &deep,
        ] {
            assert!(matches!(parse(bad), Err(XmlError::Malformed(_))), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_comes_back_literally(text in "\\PC*|(?s:[\u{1}-\u{2fff}<>&'\"\r\n]*)") {
            let mut root = Element::new("a", &text);
            if !text.contains(['\n', '\t']) {
                root.attributes.push(("b".to_owned(), text));
            }
            let back = write(&root).and_then(|xml| parse(&xml));
            proptest::prop_assert_eq!(back, Ok(root));
        }
    }
}
