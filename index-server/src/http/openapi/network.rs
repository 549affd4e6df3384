//! The calls about the network as a whole, and those for whoever runs the index, described.

use protocol::problem::Slug;
use protocol::routes;
use protocol::stats::NetworkStats;
use utoipa::openapi::schema::Type;

use super::operation::Operation;
use super::parameter::{number, text};

const TAG: &str = "network";

/// What a socket carries.
const FEED: &str = "\
A WebSocket (version 13). Every message of the index is an `Envelope`: the first is `hello`, then \
one for each event, with a `seq` that grows by one per published event. A reader that falls behind \
gets `resync` and reads the lists anew; `goodbye` says that the index stops. A client may send \
`Subscribe` at any time to narrow the feed. `file_added` and `upload` come from peers only.";

/// All of them.
pub fn operations() -> Vec<Operation> {
    let plain = "text/plain; charset=utf-8";
    vec![
        Operation::get(TAG, routes::STATS, "stats", "The network in numbers")
            .refuses(&[Slug::NotReady])
            .answers::<NetworkStats>("As of this moment."),
        feed(routes::FEED, "feed", "Every change, as it happens"),
        feed(routes::FEED_API, "feedAgain", "The same as /ws"),
        Operation::get(TAG, routes::HEALTHZ, "alive", "Whether the index lives").answers_as(
            &[plain],
            Type::String,
            "It does.",
        ),
        Operation::get(
            TAG,
            routes::READYZ,
            "ready",
            "Whether the index answers: its journal is replayed",
        )
        .refuses(&[Slug::NotReady, Slug::ShuttingDown])
        .answers_as(&[plain], Type::String, "It does."),
        Operation::get(TAG, routes::METRICS, "metrics", "Figures for Prometheus").answers_as(
            &["application/openmetrics-text; version=1.0.0; charset=utf-8"],
            Type::String,
            "OpenMetrics.",
        ),
        Operation::get(TAG, routes::OPENAPI, "openapi", "This document").answers_as(
            &["application/json"],
            Type::Object,
            "OpenAPI 3.1.",
        ),
        Operation::get(
            TAG,
            "/",
            "dashboard",
            "What a person sees who opens the index in a browser",
        )
        .about("The dashboard for who accepts HTML; for others a few lines of text on how to join.")
        .answers_as(
            &["text/html; charset=utf-8", plain],
            Type::String,
            "What is here, and how to join.",
        ),
    ]
}

fn feed(path: &'static str, id: &str, summary: &str) -> Operation {
    Operation::get(TAG, path, id, summary)
        .about(FEED)
        .takes(number(
            "since",
            "The last `seq` that was seen: what came after it is sent instead of `hello`, or \
             `resync` where that is no longer held.",
        ))
        .takes(text(
            "topics",
            "Only these, with commas between: peers, files, stats, downloads.",
        ))
        .refuses(&[Slug::InvalidParameter, Slug::NotReady])
        .upgrades("The socket is open.")
}
