//! Reads the outline from the text of a schema. What a node says it may say itself, by reference,
//! by `allOf`, or in one branch of an `if`; all of these are its faces.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use super::{Column, Leaf, List, Outline, Part, Section, Shape, pointer};

/// The name of the field that says of which kind a part is.
const KIND: &str = "kind";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Node {
    #[serde(rename = "x-form")]
    hints: Hints,
    #[serde(rename = "$ref")]
    other: Option<String>,
    #[serde(rename = "$defs")]
    defs: IndexMap<String, Node>,
    #[serde(rename = "type")]
    sort: Option<String>,
    #[serde(rename = "enum")]
    words: Vec<String>,
    #[serde(rename = "const")]
    word: Option<String>,
    default: Option<Value>,
    minimum: Option<i64>,
    maximum: Option<i64>,
    properties: IndexMap<String, Property>,
    required: Vec<String>,
    items: Option<Box<Node>>,
    #[serde(rename = "oneOf")]
    one_of: Vec<Node>,
    #[serde(rename = "allOf")]
    all_of: Vec<Node>,
    #[serde(rename = "if")]
    condition: Option<Box<Node>>,
    then: Option<Box<Node>>,
    #[serde(rename = "else")]
    otherwise: Option<Box<Node>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Property {
    /// `false`: there is no such property.
    Allowed(bool),
    Node(Box<Node>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Hints {
    sections: Vec<Heading>,
    section: Option<String>,
    unit: Option<String>,
    words: Option<String>,
    widget: Option<Widget>,
    begin: Option<Value>,
    with: Option<With>,
}

/// `{"leaf": "word"}`
#[derive(Debug, Deserialize)]
#[serde(try_from = "IndexMap<String, String>")]
struct With(String, String);

impl TryFrom<IndexMap<String, String>> for With {
    type Error = &'static str;

    fn try_from(map: IndexMap<String, String>) -> Result<Self, Self::Error> {
        let mut pairs = map.into_iter();
        match (pairs.next(), pairs.next()) {
            (Some((leaf, word)), None) => Ok(Self(leaf, word)),
            _ => Err("`with` names one leaf and its word"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Widget {
    Radio,
    Text,
    Variables,
    Hidden,
    Seal,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Heading {
    id: String,
    #[serde(default)]
    folded: bool,
}

/// What holds for a node because of what stands above it.
#[derive(Clone, Default)]
struct Above<'a> {
    name: String,
    section: Option<&'a str>,
    begin: Option<&'a Value>,
    with: Option<(String, Vec<String>)>,
    /// Every document has it.
    is_needed: bool,
    /// Its object has it, with some kind at least.
    is_asked: bool,
}

/// Which branches of an `if` are faces of a node.
#[derive(Clone, Copy)]
enum Branches<'w> {
    Both,
    Neither,
    /// The one that holds with this kind.
    Of(&'w str),
}

struct Reading<'a> {
    root: &'a Node,
    made: Outline,
}

pub(super) fn read(text: &str) -> Result<Outline, String> {
    let root: Node = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let section = |heading: &Heading| Section {
        id: heading.id.clone(),
        is_folded: heading.folded,
        leaves: Vec::new(),
    };
    let made = Outline {
        sections: root.hints.sections.iter().map(section).collect(),
        ..Outline::default()
    };
    let mut reading = Reading { root: &root, made };
    let above = Above {
        is_needed: true,
        ..Above::default()
    };
    reading.walk(&[&root], &above)?;
    Ok(reading.made)
}

impl<'a> Reading<'a> {
    fn walk(&mut self, nodes: &[&'a Node], above: &Above<'a>) -> Result<(), String> {
        let faces = self.faces(nodes, Branches::Both);
        let hint = |of: fn(&Hints) -> bool| faces.iter().find(|n| of(&n.hints)).map(|n| &n.hints);
        let mut above = above.clone();
        if let Some(hints) = hint(|h| h.section.is_some()) {
            above.section = hints.section.as_deref();
        }
        if let Some(hints) = hint(|h| h.begin.is_some()) {
            above.begin = hints.begin.as_ref();
        }
        if let Some(With(leaf, word)) = hint(|h| h.with.is_some()).and_then(|h| h.with.as_ref()) {
            above.with = Some((leaf.clone(), vec![word.clone()]));
        }
        let below = properties(&faces);
        if !below.is_empty() {
            return self.object((nodes, &faces), &above, below);
        }
        let items = faces.iter().find_map(|n| n.items.as_deref());
        let items = items.map(|items| self.faces(&[items], Branches::Both));
        match items {
            Some(items) if !properties(&items).is_empty() => {
                let list = self.list(&faces, &items, above.name);
                self.made.lists.push(list);
                Ok(())
            }
            _ => self.leaf(&faces, above),
        }
    }

    fn object(
        &mut self,
        (nodes, faces): (&[&'a Node], &[&'a Node]),
        above: &Above<'a>,
        below: IndexMap<&'a str, Vec<&'a Node>>,
    ) -> Result<(), String> {
        let kinds = self.kinds(nodes, &below);
        let always = self.faces(nodes, Branches::Neither);
        for (name, its) in below {
            let mut with = above.with.clone();
            if !kinds.is_empty() && name != KIND {
                let has = |(_, fields): &&(String, Vec<String>)| fields.iter().any(|f| f == name);
                let shown = kinds.iter().filter(has).map(|(kind, _)| kind.clone());
                with = Some((format!("{}.{KIND}", above.name), shown.collect()));
            }
            let is_in = |n: &&Node| n.required.iter().any(|r| r == name);
            let here = Above {
                name: match above.name.as_str() {
                    "" => name.to_owned(),
                    above => format!("{above}.{name}"),
                },
                section: above.section,
                begin: above.begin.and_then(|b| b.get(name)),
                with,
                is_needed: above.is_needed && always.iter().any(is_in),
                is_asked: faces.iter().any(is_in),
            };
            self.walk(&its, &here)?;
        }
        if !kinds.is_empty() {
            let pointer = pointer(&above.name);
            self.made.parts.push(Part { pointer, kinds });
        }
        Ok(())
    }

    fn leaf(&mut self, faces: &[&Node], above: Above<'_>) -> Result<(), String> {
        let mut sections = self.made.sections.iter_mut();
        let section = sections.find(|s| Some(s.id.as_str()) == above.section);
        let Some(section) = section else {
            return Err(format!("{} stands in no section", above.name));
        };
        let shape = shape(faces);
        let least = faces.iter().filter_map(|n| n.minimum).max();
        let most = faces.iter().filter_map(|n| n.maximum).min();
        section.leaves.push(Leaf {
            pointer: pointer(&above.name),
            is_optional: !above.is_asked && matches!(shape, Shape::Word | Shape::Lines),
            is_needed: above.is_needed,
            begins: above.begin.and_then(typed),
            default: faces
                .iter()
                .find_map(|n| n.default.as_ref())
                .and_then(typed),
            with: above.with,
            name: above.name,
            shape,
            least,
            most,
        });
        Ok(())
    }

    fn list(&self, faces: &[&'a Node], items: &[&'a Node], name: String) -> List {
        let mut columns = Vec::new();
        self.columns(items, "", &mut columns);
        let either = items.iter().flat_map(|n| &n.one_of);
        let either = either.filter_map(|one| one.required.first().cloned());
        List {
            pointer: pointer(&name),
            name,
            columns,
            either: either.collect(),
            has_own_rows: widget(faces) == Some(Widget::Variables),
        }
    }

    fn columns(&self, item: &[&'a Node], path: &str, found: &mut Vec<Column>) {
        for (name, nodes) in properties(item) {
            let faces = self.faces(&nodes, Branches::Both);
            let path = match path {
                "" => name.to_owned(),
                path => format!("{path}.{name}"),
            };
            if widget(&faces) == Some(Widget::Hidden) {
                continue;
            }
            let is_seal = widget(&faces) == Some(Widget::Seal);
            if !is_seal && !properties(&faces).is_empty() {
                self.columns(&faces, &path, found);
                continue;
            }
            found.push(Column {
                path,
                is_number: sort(&faces) == Some("integer"),
                is_text: widget(&faces) == Some(Widget::Text),
                is_seal,
            });
        }
    }

    /// The kinds of a part, each with its fields; none where all have the same.
    fn kinds(
        &self,
        nodes: &[&'a Node],
        below: &IndexMap<&'a str, Vec<&'a Node>>,
    ) -> Vec<(String, Vec<String>)> {
        let kind = below.get(KIND).map(|its| self.faces(its, Branches::Both));
        let words = kind.map(|faces| words(&faces)).unwrap_or_default();
        let fields = |word: &String| {
            let with = self.faces(nodes, Branches::Of(word));
            let allowed = properties(&with).into_keys().filter(|name| *name != KIND);
            let allowed = allowed.filter(|name| {
                let refuses = |n: &&Node| {
                    let property = n.properties.get(*name);
                    matches!(property, Some(Property::Allowed(false)))
                };
                !with.iter().any(refuses)
            });
            (word.clone(), allowed.map(str::to_owned).collect())
        };
        let kinds: Vec<(String, Vec<String>)> = words.iter().map(fields).collect();
        let is_same = kinds.windows(2).all(|pair| match pair {
            [(_, one), (_, other)] => one == other,
            _ => true,
        });
        if is_same { Vec::new() } else { kinds }
    }

    fn faces(&self, nodes: &[&'a Node], branches: Branches<'_>) -> Vec<&'a Node> {
        let mut found = Vec::new();
        for node in nodes {
            self.add_faces(node, branches, &mut found);
        }
        found
    }

    fn add_faces(&self, node: &'a Node, branches: Branches<'_>, found: &mut Vec<&'a Node>) {
        found.push(node);
        let named = node
            .other
            .as_deref()
            .and_then(|at| at.strip_prefix("#/$defs/"));
        let named = named.and_then(|name| self.root.defs.get(name));
        let (then, otherwise) = (node.then.as_deref(), node.otherwise.as_deref());
        let branches_here = match branches {
            Branches::Both => [then, otherwise],
            Branches::Neither => [None, None],
            Branches::Of(kind) => match asks_for(node) {
                Some(asked) if asked == kind => [then, None],
                Some(_) => [None, otherwise],
                // It depends on something else.
                None => [then, otherwise],
            },
        };
        let next = named.into_iter().chain(&node.all_of);
        for face in next.chain(branches_here.into_iter().flatten()) {
            self.add_faces(face, branches, found);
        }
    }
}

/// A value as somebody would type it.
fn typed(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The kind that a node's condition asks for.
fn asks_for(node: &Node) -> Option<&str> {
    match node.condition.as_ref()?.properties.get(KIND)? {
        Property::Node(kind) => kind.word.as_deref(),
        Property::Allowed(_) => None,
    }
}

/// What stands below, in the order of the schema, each with all nodes that say it.
fn properties<'a>(faces: &[&'a Node]) -> IndexMap<&'a str, Vec<&'a Node>> {
    let mut found: IndexMap<&str, Vec<&Node>> = IndexMap::new();
    for (name, property) in faces.iter().flat_map(|n| &n.properties) {
        if let Property::Node(node) = property {
            found.entry(name).or_default().push(node);
        }
    }
    found
}

fn sort<'a>(faces: &[&'a Node]) -> Option<&'a str> {
    faces.iter().find_map(|n| n.sort.as_deref())
}

fn widget(faces: &[&Node]) -> Option<Widget> {
    faces.iter().find_map(|n| n.hints.widget)
}

fn words(faces: &[&Node]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in faces.iter().flat_map(|n| n.words.iter().chain(&n.word)) {
        if !found.contains(word) {
            found.push(word.clone());
        }
    }
    found
}

fn shape(faces: &[&Node]) -> Shape {
    let words = words(faces);
    let hint = |of: fn(&Hints) -> Option<&String>| faces.iter().find_map(|n| of(&n.hints).cloned());
    let unit = hint(|h| h.unit.as_ref()).unwrap_or_default();
    match (sort(faces), unit.as_str()) {
        _ if !words.is_empty() => Shape::Choice {
            set: hint(|h| h.words.as_ref()).unwrap_or_default(),
            words,
            is_explained: widget(faces) == Some(Widget::Radio),
        },
        (Some("integer"), _) => Shape::Number(unit),
        (Some("array"), _) => Shape::Lines,
        (_, "cores") => Shape::Cores,
        (_, "mebibytes") => Shape::Mebibytes,
        _ => Shape::Word,
    }
}
