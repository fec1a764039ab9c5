//! Every call that any test makes is held against the API's own description.

use std::sync::OnceLock;

use jsonschema::Validator;
use reqwest::Method;
use serde_json::Value;
use slipway::web::api;

use super::browser::Answer;

/// One call of the description.
struct Call {
    method: String,
    /// The path's parts; a part in braces stands for anything.
    parts: Vec<String>,
    body: Option<Judge>,
    /// By status; none where an answer has no JSON.
    answers: Vec<(String, Option<Judge>)>,
}

/// What judges the JSON of a body or an answer: compiled when it is first asked, because there are
/// hundreds and a run asks few.
struct Judge {
    schema: Value,
    validator: OnceLock<Validator>,
}

impl Judge {
    fn validator(&self) -> &Validator {
        self.validator.get_or_init(|| {
            let mut schema = self.schema.clone();
            schema["components"] = document()["components"].clone();
            jsonschema::draft202012::new(&schema).unwrap()
        })
    }
}

static DOCUMENT: OnceLock<Value> = OnceLock::new();

fn document() -> &'static Value {
    DOCUMENT.get_or_init(|| closed(serde_json::to_value(api::document()).unwrap()))
}

static CALLS: OnceLock<Vec<Call>> = OnceLock::new();

fn calls() -> &'static [Call] {
    CALLS.get_or_init(|| {
        let paths = document()["paths"].as_object().unwrap();
        let methods = paths.iter().flat_map(|(path, item)| {
            let item = item.as_object().unwrap();
            item.iter().map(move |(method, call)| (path, method, call))
        });
        let call = |(path, method, call): (&String, &String, &Value)| Call {
            method: method.to_uppercase(),
            parts: path.split('/').map(str::to_owned).collect(),
            body: judge_of(&call["requestBody"]),
            answers: call["responses"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(status, answer)| (status.clone(), judge_of(answer)))
                .collect(),
        };
        methods.map(call).collect()
    })
}

/// The description with every object closed, so that a field which it does not name is found too.
/// What is a part of another object (`allOf`) stays open under a name of its own.
fn closed(mut document: Value) -> Value {
    let schemas = document["components"]["schemas"]
        .as_object()
        .unwrap()
        .clone();
    let mut all = serde_json::Map::new();
    for (name, mut schema) in schemas {
        let mut open = schema.clone();
        point_to_open_parts(&mut open);
        all.insert(format!("{name}.open"), open);
        point_to_open_parts(&mut schema);
        if schema.get("properties").is_some() || schema.get("allOf").is_some() {
            schema["unevaluatedProperties"] = false.into();
        }
        all.insert(name, schema);
    }
    document["components"]["schemas"] = all.into();
    document
}

fn point_to_open_parts(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            for (name, value) in fields {
                let parts = value.as_array_mut().filter(|_| name == "allOf");
                for part in parts.into_iter().flatten() {
                    if let Some(Value::String(to)) = part.get_mut("$ref") {
                        to.push_str(".open");
                    }
                }
                point_to_open_parts(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(point_to_open_parts),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn judge_of(holder: &Value) -> Option<Judge> {
    let content = holder["content"].as_object()?;
    let json = content.iter().find(|(kind, _)| kind.ends_with("json"))?;
    Some(Judge {
        schema: json.1["schema"].clone(),
        validator: OnceLock::new(),
    })
}

/// Fails the test when a call, what it was given or what it answered is not as described.
pub fn hold(method: &Method, path: &str, sent: Option<&Value>, answer: &Answer) {
    let status = answer.status;
    let Some(path) = path.strip_prefix("/api/v1") else {
        return;
    };
    if path == "/openapi.json" {
        return;
    }
    let path = path.split('?').next().unwrap();
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |call: &&Call| {
        let same = |(a, b): (&String, &&str)| a == b || a.starts_with('{');
        call.method == method.as_str()
            && call.parts.len() == parts.len()
            && call.parts.iter().zip(&parts).all(same)
    };
    let literal = |call: &&Call| call.parts.iter().filter(|p| p.starts_with('{')).count();
    let Some(call) = calls().iter().filter(fits).min_by_key(literal) else {
        assert!(status >= 400, "{method} {path} is not described: {status}");
        return;
    };
    let text = status.to_string();
    let named = call.answers.iter().find(|(known, _)| *known == text);
    let other = || call.answers.iter().find(|(known, _)| known == "default");
    assert!(
        named.is_some() || status >= 400,
        "{method} {path}: {status} is not described"
    );
    let is_json = answer.header("content-type").contains("json");
    if let (Some((_, Some(validator))), true) = (named.or_else(other), is_json) {
        let what = format!("answer {status} of {method} {path}");
        judge(validator.validator(), &answer.json(), &what);
    }
    if let (Some(validator), Some(sent), true) = (&call.body, sent, status < 300) {
        judge(
            validator.validator(),
            sent,
            &format!("accepted body of {method} {path}"),
        );
    }
}

fn judge(validator: &Validator, value: &Value, what: &str) {
    let wrong: Vec<String> = validator
        .iter_errors(value)
        .map(|e| format!("{} at {}", e, e.instance_path()))
        .collect();
    assert!(
        wrong.is_empty(),
        "{what} is not as described: {wrong:#?}\n{value}"
    );
}
