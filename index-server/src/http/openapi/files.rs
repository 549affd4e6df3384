//! The calls about records of files, described.

use protocol::category::Category;
use protocol::file::{
    BatchLine, BatchResponse, FileInfo, FileRegistered, FileRegistration, RatingRequest,
    RatingResponse,
};
use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use protocol::limits::QUERY_MAX_CHARS;
use protocol::problem::Slug;
use protocol::routes;
use protocol::search::{Order, SearchResponse, Sort};
use utoipa::openapi::path::Parameter;

use super::operation::Operation;
use super::parameter::{cursor, flag_or, limit, number, text, text_of, value};

const TAG: &str = "files";

/// What a query may hold.
const GRAMMAR: &str = "\
All words are required, in any order, each anywhere in a name or path, without regard to case or \
accents. Beside words: `\"a phrase\"`, `-word`, `ext:iso`, `category:video`, `tag:linux`, \
`size:>1G` (also `<` and `..`; K M G T are powers of 1024, KB MB GB TB of 1000), `owner:NAME`, \
`hash:HEX`. 64 hex digits alone are a hash. Empty: everything.";

/// All of them.
pub fn operations() -> Vec<Operation> {
    vec![
        search(),
        Operation::post(
            TAG,
            routes::FILES_REGISTER,
            "registerFile",
            "Register one file",
        )
        .about(
            "A second registration of the same content by the same owner updates the record that \
             is there; another path is one more name of it.",
        )
        .reads::<FileRegistration>()
        .acts_by_name()
        .refuses(&[Slug::TooManyFiles])
        .answers::<FileRegistered>("The record as it now stands."),
        batch(),
        Operation::get(TAG, "/api/v1/files/{file}", "file", "One record")
            .refuses(&[Slug::UnknownFile, Slug::NotReady])
            .answers::<FileInfo>("The record."),
        Operation::delete(
            TAG,
            "/api/v1/files/{file}",
            "withdrawFile",
            "Withdraw one record",
        )
        .takes(text("path", "Only this name of it."))
        .acts()
        .refuses(&[Slug::UnknownFile])
        .answers_nothing("It is gone."),
        Operation::post(
            TAG,
            "/api/v1/files/{file}/rating",
            "rateFile",
            "Give one to five stars, one vote a peer",
        )
        .reads::<RatingRequest>()
        .acts()
        .refuses(&[Slug::UnknownFile])
        .answers::<RatingResponse>("The mean of all votes."),
        Operation::get(
            TAG,
            "/download/{file}",
            "download",
            "Be sent to a peer that has the file",
        )
        .about("Counts one download; the owner first, else the best online holder of its content.")
        .changes()
        .refuses(&[
            Slug::ForbiddenOrigin,
            Slug::UnknownFile,
            Slug::NoSourceOnline,
        ])
        .redirects("Where the bytes are, at a peer."),
    ]
}

/// The direction of an order.
pub(super) fn order() -> Parameter {
    value::<Order>("order", "Direction; that of the order itself where absent.")
}

fn search() -> Operation {
    Operation::get(
        TAG,
        routes::FILES_SEARCH,
        "search",
        "Find files by a piece of their name",
    )
    .takes(text_of("q", GRAMMAR, QUERY_MAX_CHARS))
    .takes_value::<Category>("category", "Only this kind.")
    .takes(text("tags", "All of these, with commas between."))
    .takes_value::<Sort>(
        "sort",
        "What results are put in order by; relevance where absent.",
    )
    .takes_value::<Order>(
        "order",
        "Direction; where absent, asc for filename and desc for the rest.",
    )
    .takes(limit())
    .takes(cursor())
    .takes(number("min_size", "Bytes, inclusive."))
    .takes(number("max_size", "Bytes, inclusive."))
    .takes_value::<ContentHash>("hash", "Only this content.")
    .takes_value::<PeerId>("owner", "Only records of this peer.")
    .takes(flag_or("online", "Only of peers that are here now.", true))
    .takes(flag_or("collapse", "One row a content.", true))
    .refuses(&[
        Slug::InvalidQuery,
        Slug::InvalidParameter,
        Slug::InvalidField,
        Slug::NotReady,
    ])
    .answers::<SearchResponse>("A page of results.")
}

fn batch() -> Operation {
    Operation::post(
        TAG,
        routes::FILES_BATCH,
        "changeFiles",
        "Register and withdraw any number of files of one owner",
    )
    .about(
        "The body is read as a stream and has no cap of its own. Good lines count although others \
         are rejected. Each line is a `BatchLine`, such as \
         `{\"op\":\"add\",\"filename\":\"a.iso\",\"path\":\"iso/a.iso\",\"size\":3,\"hash\":\"...\"}` \
         or `{\"op\":\"remove\",\"id\":\"...\"}`.",
    )
    .reads_lines::<BatchLine>()
    .acts_by_name()
    .answers::<BatchResponse>("What became of the lines.")
}
