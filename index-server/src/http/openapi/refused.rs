//! Refusals in the document: one response for each set of slugs that calls share.

use protocol::problem::{Problem, Slug};
use utoipa::ToSchema;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{ContentBuilder, Ref, Response, ResponseBuilder};

/// What the head of any request may be refused for, and what may go wrong with any call.
pub const ANYWHERE: [Slug; 9] = [
    Slug::InvalidRequest,
    Slug::InvalidParameter,
    Slug::PublicAddressRefused,
    Slug::ForbiddenHost,
    Slug::ForwardedRefused,
    Slug::MethodNotAllowed,
    Slug::RateLimited,
    Slug::HeadersTooLarge,
    Slug::Internal,
];

/// The slugs by status, each set with the name of its response.
pub fn by_status(slugs: &[Slug]) -> Vec<(u16, String, Vec<Slug>)> {
    let mut statuses: Vec<u16> = slugs.iter().map(|slug| slug.status()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let set = |status: u16| {
        // In the order of the closed set, so that equal sets have one name.
        let all = Slug::ALL.iter().copied();
        let set: Vec<Slug> = all
            .filter(|slug| slug.status() == status && slugs.contains(slug))
            .collect();
        let names: Vec<_> = set.iter().map(|slug| slug.as_str()).collect();
        (status, names.join("."), set)
    };
    statuses.into_iter().map(set).collect()
}

/// The response that says one of these, which have one status.
pub fn response(status: u16, slugs: &[Slug]) -> Response {
    let lines: Vec<_> = slugs
        .iter()
        .map(|slug| format!("`{slug}`: {}.", slug.title()))
        .collect();
    let names = slugs.iter().map(|slug| slug.as_str());
    let narrowed = ObjectBuilder::new()
        .property("type", text().enum_values(Some(names)))
        .property("status", integer().enum_values(Some([status])));
    let schema = AllOfBuilder::new()
        .item(Ref::from_schema_name(Problem::name()))
        .item(narrowed);
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new()
        .description(lines.join("\n"))
        .content("application/problem+json", content);
    let header = |name: &str, about: &str, schema: ObjectBuilder| {
        let header = HeaderBuilder::new()
            .schema(Some(schema))
            .description(Some(about))
            .build();
        (name.to_owned(), header)
    };
    let (name, header) = match status {
        401 => header(
            "WWW-Authenticate",
            "Which scheme is wanted: Bearer.",
            text(),
        ),
        405 => header("Allow", "The methods that the path takes.", text()),
        426 => header("Upgrade", "What the path speaks: websocket.", text()),
        429 | 503 => header(
            "Retry-After",
            "Seconds after which to try again.",
            integer().minimum(Some(1)),
        ),
        _ => return response.build(),
    };
    response.header(name, header).build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(Type::String))
}

fn integer() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(Type::Integer))
}
