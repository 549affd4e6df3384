//! Parameters in the document: of the query string, and what stands in a path.

use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use protocol::limits::{SEARCH_LIMIT_DEFAULT_COUNT, SEARCH_LIMIT_MAX_COUNT};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Required};

use super::{Schemas, collect};

/// A text.
pub fn text(name: &str, about: &str) -> Parameter {
    query(name, about, of_type(Type::String))
}

/// A text of at most so many characters.
pub fn text_of(name: &str, about: &str, max_chars: usize) -> Parameter {
    let schema = of_type(Type::String).max_length(Some(max_chars));
    query(name, about, schema)
}

/// A whole number.
pub fn number(name: &str, about: &str) -> Parameter {
    let schema = of_type(Type::Integer).minimum(Some(0));
    query(name, about, or_empty(schema.maximum(Some(u64::MAX))))
}

/// True or false.
pub fn flag(name: &str, about: &str) -> Parameter {
    query(name, about, or_empty(of_type(Type::Boolean)))
}

/// The same, with what holds where it is absent.
pub fn flag_or(name: &str, about: &str, default: bool) -> Parameter {
    let schema = or_empty(of_type(Type::Boolean));
    query(name, about, schema.default(Some(Value::Bool(default))))
}

/// One of these words; the first where absent.
pub fn word(name: &str, about: &str, words: &[&str]) -> Parameter {
    let schema = of_type(Type::String).enum_values(Some(words.iter().copied()));
    let default = words.first().map(|word| Value::from(*word));
    query(name, about, or_empty(schema).default(default))
}

/// A value of a type of the wire.
pub fn value<T: ToSchema>(name: &str, about: &str) -> Parameter {
    query(name, about, or_empty(Ref::from_schema_name(T::name())))
}

/// Rows of a page.
pub fn limit() -> Parameter {
    let schema = of_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(SEARCH_LIMIT_MAX_COUNT));
    let schema = or_empty(schema).default(Some(SEARCH_LIMIT_DEFAULT_COUNT.into()));
    query("limit", "Rows of a page.", schema)
}

/// A parameter without a value counts as absent, as forms send it.
fn or_empty(schema: impl Into<RefOr<Schema>>) -> AnyOfBuilder {
    let empty = of_type(Type::String).max_length(Some(0));
    AnyOfBuilder::new().item(schema).item(empty)
}

/// Where a page goes on.
pub fn cursor() -> Parameter {
    let about = "`next_cursor` of an earlier answer to the same call, for the page behind it.";
    text("cursor", about)
}

/// What stands in the braces of `pattern`, if it has any; its schema is collected.
pub fn of_path(pattern: &str, schemas: &mut Schemas) -> Option<Parameter> {
    let (_, rest) = pattern.split_once('{')?;
    let (name, _) = rest.split_once('}')?;
    let schema = match name {
        "peer" => schema_of::<PeerId>(schemas),
        "file" => schema_of::<FileId>(schemas),
        _ => schema_of::<ContentHash>(schemas),
    };
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(schema));
    Some(parameter.build())
}

fn schema_of<T: ToSchema>(schemas: &mut Schemas) -> Ref {
    collect::<T>(schemas);
    Ref::from_schema_name(T::name())
}

fn query(name: &str, about: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(schema))
        .build()
}

fn of_type(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(kind))
}
