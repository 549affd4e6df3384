//! The published contract: GET `/api/v1/openapi.json`, an OpenAPI 3.1 document whose schemas come
//! from the types of the wire, and whose calls stand here in a file per resource.
//!
//! Only describes: no handler knows it, and it knows no handler. Tests hold it against the route
//! table and against what a running index answers.

mod content;
mod files;
mod network;
mod operation;
mod parameter;
mod peers;
mod refused;

use std::sync::LazyLock;

use protocol::event::{Envelope, Subscribe};
use protocol::file::BatchLine;
use protocol::problem::Problem;
use utoipa::ToSchema;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, Server,
};
use warp::reply::Response;

use self::operation::Operation;
use crate::command::Refusal;
use crate::http::call::Call;
use crate::http::reply;

/// What holds for all calls.
const ABOUT: &str = "\
Who is here, what they share, and who has what. The bytes themselves go from peer to peer.

- JSON in UTF-8; times in RFC 3339 UTC, sizes in bytes, hashes in lower-case hex. Fields that are \
not known are ignored, parameters too, and an empty parameter counts as absent. Fields may be added.
- HEAD works wherever GET does and answers the same without a body; OPTIONS tells the methods of a \
path in `Allow`.
- A refused call answers `application/problem+json` (RFC 9457); its `type` is a stable short name.
- A query, number or JSON that does not parse is 400, one that breaks a rule 422. What cannot be an \
id is the id of nobody: 404.
- Names are answered as their owners gave them, control and bidi characters too: clean them before \
showing.
- In open mode, the default, no call needs a key or a ticket. `Host` must be an address, \
`localhost`, or a name of the machine; pages of another origin change nothing and watch nothing.";

/// GET `/api/v1/openapi.json`.
pub(super) async fn show(_call: Call) -> Result<Response, Refusal> {
    Ok(reply::text("application/json", text()))
}

/// The document as it is served and printed: JSON, indented, with a line end.
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        // A tree of texts and numbers has a JSON form; without one there is nothing to say.
        let mut text = document().to_pretty_json().unwrap_or_default();
        text.push('\n');
        text
    });
    &TEXT
}

/// Every call.
fn operations() -> Vec<Operation> {
    let mut operations = peers::operations();
    operations.extend(files::operations());
    operations.extend(content::operations());
    operations.extend(network::operations());
    operations
}

fn document() -> OpenApi {
    let mut paths = Paths::new();
    let mut components = ComponentsBuilder::new()
        .security_scheme("peer", peer_header())
        .security_scheme("session", session_token());
    let mut schemas = Vec::new();
    // Not the body of any answer, but lines of a body and messages of a socket.
    collect::<BatchLine>(&mut schemas);
    collect::<Envelope>(&mut schemas);
    collect::<Subscribe>(&mut schemas);
    collect::<Problem>(&mut schemas);
    for operation in operations() {
        components = components.responses_from_iter(operation.refusals());
        operation.enter(&mut paths, &mut schemas);
    }
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Peerdex index")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(ABOUT))
                .license(Some(
                    LicenseBuilder::new()
                        .name("MIT OR Apache-2.0")
                        .identifier(Some("MIT OR Apache-2.0"))
                        .build(),
                )),
        )
        .servers(Some([Server::new("/")]))
        .tags(Some(tags()))
        .paths(paths)
        .components(Some(components.schemas_from_iter(schemas).build()))
        .build()
}

type Schemas = Vec<(
    String,
    utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>,
)>;

/// Adds the schema of `T` and of all that it names.
fn collect<T: ToSchema>(schemas: &mut Schemas) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

fn tags() -> [utoipa::openapi::Tag; 4] {
    let tag = |name: &str, description: &str| {
        TagBuilder::new()
            .name(name)
            .description(Some(description))
            .build()
    };
    [
        tag("peers", "Who is here."),
        tag("files", "What they share."),
        tag("content", "Who has the same bytes."),
        tag(
            "network",
            "Figures, the live feed, and what runs the index.",
        ),
    ]
}

fn peer_header() -> SecurityScheme {
    let description = "The peer that a call acts for: the id that its registration answered. \
                       Enough by itself for a peer without a key, whose calls must come from the \
                       address that registered it.";
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
        "X-Peer-ID",
        description,
    )))
}

fn session_token() -> SecurityScheme {
    let description = "The session token that the registration of a peer with a key answered; \
                       needed beside X-Peer-ID for its calls.";
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(description));
    SecurityScheme::Http(bearer.build())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use protocol::problem::Slug;

    use super::*;
    use crate::http::routes;

    #[test]
    fn every_call_is_in_the_document_and_every_call_of_the_document_is_there() {
        let document: serde_json::Value = serde_json::from_str(text()).unwrap();
        let described: BTreeSet<(String, String)> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().unwrap().keys();
                methods.map(move |method| (path.clone(), method.to_uppercase()))
            })
            .collect();
        let table = routes::table();
        let answered: BTreeSet<(String, String)> = table
            .iter()
            .flat_map(|(path, methods)| {
                methods
                    .names()
                    .map(move |method| ((*path).to_owned(), method.to_string()))
            })
            .collect();
        assert_eq!(described, answered);
    }

    #[test]
    fn texts_speak_of_the_contract_and_not_of_the_code() {
        for mark in ["::", "[`", "`]"] {
            let found = text().lines().find(|line| line.contains(mark));
            assert_eq!(found, None, "{mark}");
        }
    }

    #[test]
    fn every_refusal_stands_at_some_call() {
        // What peers alone say.
        let of_peers = [
            Slug::LocalOnly,
            Slug::FileChanged,
            Slug::LengthRequired,
            Slug::PreconditionFailed,
            Slug::RangeNotSatisfiable,
            Slug::IndexUnreachable,
            Slug::Busy,
        ];
        let operations = operations();
        let told: Vec<Slug> = operations
            .iter()
            .flat_map(Operation::slugs)
            .copied()
            .collect();
        for slug in Slug::ALL {
            assert_ne!(told.contains(slug), of_peers.contains(slug), "{slug}");
        }
    }
}
