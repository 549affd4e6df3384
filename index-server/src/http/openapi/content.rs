//! The calls about contents and their holders, described.

use protocol::file::{ContentInfo, LookupRequest, LookupResponse};
use protocol::problem::Slug;
use protocol::routes;
use utoipa::openapi::schema::Type;

use super::operation::Operation;

const TAG: &str = "content";

/// All of them.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get(
            TAG,
            "/api/v1/content/{hash}",
            "content",
            "Every peer that holds a content",
        )
        .about("Holders of a part are among them, marked `partial`.")
        .refuses(&[Slug::UnknownContent, Slug::NotReady])
        .answers::<ContentInfo>("The content and its holders, the best ones first."),
        Operation::post(
            TAG,
            routes::CONTENT_LOOKUP,
            "lookupContents",
            "The same of up to 1,000 contents",
        )
        .reads::<LookupRequest>()
        .refuses(&[Slug::NotReady])
        .answers::<LookupResponse>("Those that are known, in the order asked."),
        Operation::get(
            TAG,
            "/content/{hash}.meta4",
            "metalink",
            "The holders that are here now, as a Metalink 4 (RFC 5854)",
        )
        .about("A download manager takes parts from all of them at once and checks the whole.")
        .refuses(&[Slug::UnknownContent, Slug::NoSourceOnline, Slug::NotReady])
        .answers_as(
            &["application/metalink4+xml"],
            Type::String,
            "Size, SHA-256 and addresses.",
        ),
    ]
}
