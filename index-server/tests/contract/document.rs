//! The published document as a judge: every answer that a test gets of the index is held against
//! what the document says of that call.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use http::HeaderMap;
use index_server::http::openapi;
use jsonschema::Validator;
use protocol::routes::target_in;
use serde_json::{Map, Value, json};

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| Document {
    all: serde_json::from_str(openapi::text()).expect("the document is JSON"),
    validators: Mutex::default(),
});

struct Document {
    all: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// One answer, as it came.
pub struct Answer<'a> {
    pub method: &'a str,
    /// With its query string.
    pub path: &'a str,
    pub status: u16,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

/// What stands at such a `$ref`, or the value itself.
fn resolve<'v>(all: &'v Value, value: &'v Value) -> &'v Value {
    match value["$ref"].as_str() {
        Some(place) => all
            .pointer(place.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("the document names {place} and does not have it")),
        None => value,
    }
}

/// The answer is one that the document tells of, with all that it promises.
#[track_caller]
pub fn check(answer: &Answer<'_>) {
    if let Err(why) = DOCUMENT.judge(answer) {
        let body = String::from_utf8_lossy(answer.body);
        let (method, path, status) = (answer.method, answer.path, answer.status);
        panic!("{method} {path} answered {status}, against the document: {why}\n{body}");
    }
}

/// A message fits the schema of this name.
#[track_caller]
pub fn check_message(schema: &str, message: &Value) {
    let place = json!({"$ref": format!("#/components/schemas/{schema}")});
    if let Err(why) = DOCUMENT.fits(&place, message) {
        panic!("no {schema}: {why}\n{message}");
    }
}

/// Whether a value is one of the schema of this name.
pub fn is_valid(schema: &str, value: &Value) -> bool {
    let place = json!({"$ref": format!("#/components/schemas/{schema}")});
    DOCUMENT.fits(&place, value).is_ok()
}

impl Document {
    fn judge(&self, answer: &Answer<'_>) -> Result<(), String> {
        static REFUSED: LazyLock<Value> = LazyLock::new(|| {
            let schema = json!({"$ref": "#/components/schemas/Problem"});
            json!({"content": {"application/problem+json": {"schema": schema}}})
        });
        let path = answer.path.split('?').next().unwrap_or_default();
        let response = match self.item(path) {
            Some(item) => self.response(item, answer)?,
            None => &REFUSED,
        };
        let promised = response["headers"].as_object().map(Map::keys);
        for name in promised.into_iter().flatten() {
            if !answer.headers.contains_key(name) {
                return Err(format!("no header {name}"));
            }
        }
        if answer.method == "HEAD" {
            return Ok(());
        }
        let Some(content) = response["content"].as_object() else {
            return match answer.body {
                [] => Ok(()),
                _ => Err("a body where there is none".to_owned()),
            };
        };
        let media_type = answer.headers.get("content-type");
        let media_type = media_type.and_then(|value| value.to_str().ok());
        let schema = media_type
            .and_then(|media_type| content.get(media_type))
            .ok_or_else(|| format!("the type {media_type:?}"))?;
        let body = match media_type {
            Some(json) if json.ends_with("json") => {
                serde_json::from_slice(answer.body).map_err(|error| error.to_string())?
            }
            _ => Value::from(String::from_utf8_lossy(answer.body)),
        };
        self.fits(&schema["schema"], &body)
    }

    /// The path item, literal ones before those with a parameter in the same place.
    fn item(&self, path: &str) -> Option<&Value> {
        let items = self.all["paths"].as_object().expect("paths");
        let mut fitting: Vec<_> = items
            .iter()
            .filter(|(pattern, _)| target_in(pattern, path).is_some())
            .collect();
        fitting.sort_by_key(|(pattern, _)| pattern.contains('{'));
        fitting.first().map(|(_, item)| *item)
    }

    fn response<'a>(&'a self, item: &'a Value, answer: &Answer<'_>) -> Result<&'a Value, String> {
        static OPTIONS: LazyLock<Value> = LazyLock::new(|| json!({"headers": {"Allow": {}}}));
        let method = match answer.method {
            "HEAD" => "get".to_owned(),
            other => other.to_lowercase(),
        };
        if method == "options" && answer.status == 204 {
            return Ok(&OPTIONS);
        }
        // A method that the path does not take: what any of those says that it takes.
        let known = item.get(&method);
        let operation = known.or_else(|| item.as_object()?.values().next());
        let operation = operation.ok_or("a path without a method")?;
        if known.is_none() && answer.status < 400 {
            return Err("the document has no such method".to_owned());
        }
        let response = operation["responses"].get(answer.status.to_string());
        let response = response.ok_or("the document does not tell of this status")?;
        Ok(resolve(&self.all, response))
    }

    fn fits(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let validator = self.validator(schema);
        let errors = validator.iter_errors(value);
        let errors: Vec<_> = errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        match errors.as_slice() {
            [] => Ok(()),
            errors => Err(errors.join("\n")),
        }
    }

    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut validators = self.validators.lock().expect("no test panicked in here");
        let validator = validators.entry(schema.to_string()).or_insert_with(|| {
            let whole = json!({
                "allOf": [schema],
                // What is told of by name alone may hold anything.
                "unevaluatedProperties": schema["type"] == "object",
                "components": {"schemas": self.closed_schemas()},
            });
            Arc::new(jsonschema::validator_for(&whole).expect("a schema of the document"))
        });
        Arc::clone(validator)
    }

    /// The schemas, no longer open for fields that nobody has told of; but for those that others
    /// are made of.
    fn closed_schemas(&self) -> Value {
        let mut schemas = self.all["components"]["schemas"].clone();
        let parts = ["Problem", "FileRegistration", "Event"];
        for (name, schema) in schemas.as_object_mut().expect("schemas") {
            if schema["type"] == "object" && !parts.contains(&name.as_str()) {
                schema["additionalProperties"] = Value::Bool(false);
            }
        }
        schemas
    }
}
