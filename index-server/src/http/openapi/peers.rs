//! The calls about peers, described.

use protocol::file::{CatalogRanges, FilePage};
use protocol::limits::QUERY_MAX_CHARS;
use protocol::peer::{
    HeartbeatResponse, NonceResponse, Peer, PeerPage, RegisterRequest, RegisterResponse,
    TransferReport,
};
use protocol::problem::Slug;
use protocol::routes;

use super::operation::Operation;
use super::parameter::{cursor, flag, limit, text, text_of, word};

const TAG: &str = "peers";

/// All of them.
pub fn operations() -> Vec<Operation> {
    vec![
        list(),
        register(),
        Operation::post(
            TAG,
            routes::PEERS_HEARTBEAT,
            "heartbeat",
            "Say that a peer is still here",
        )
        .about("404 `unknown-peer` means: register again.")
        .acts()
        .answers::<HeartbeatResponse>("The network as it stands."),
        Operation::get(
            TAG,
            routes::NONCE,
            "nonce",
            "A nonce for a signed registration",
        )
        .about("Lives 60 seconds and works once.")
        .answers::<NonceResponse>("The nonce, and the id of this index."),
        Operation::get(TAG, "/api/v1/peers/{peer}", "peer", "One peer")
            .refuses(&[Slug::UnknownPeer, Slug::NotReady])
            .answers::<Peer>("The peer as this client is told of it."),
        Operation::delete(
            TAG,
            "/api/v1/peers/{peer}",
            "leave",
            "Leave the network at once",
        )
        .about(
            "The peer is offline; its records are kept as those of an offline peer. Without \
             X-Peer-ID the path says who acts.",
        )
        .acts_by_name()
        .answers_nothing("It has left."),
        Operation::get(
            TAG,
            "/api/v1/peers/{peer}/files",
            "peerFiles",
            "The files of one peer, by path",
        )
        .takes(text("prefix", "Only paths that start with this."))
        .takes(limit())
        .takes(cursor())
        .refuses(&[
            Slug::InvalidParameter,
            Slug::InvalidField,
            Slug::UnknownPeer,
            Slug::NotReady,
        ])
        .answers::<FilePage>("A page, a row for each name."),
        Operation::get(
            TAG,
            "/api/v1/peers/{peer}/digest",
            "peerDigest",
            "What the index holds of a peer, as digests of ranges of its paths",
        )
        .about("A peer whose digest differs sends only the ranges that do.")
        .refuses(&[Slug::UnknownPeer, Slug::NotReady])
        .answers::<CatalogRanges>("Ranges in the order of the paths, without a gap."),
        Operation::post(
            TAG,
            "/api/v1/peers/{peer}/report",
            "reportTransfer",
            "Say what a transfer from a peer was like",
        )
        .reads::<TransferReport>()
        .acts()
        .refuses(&[Slug::UnknownContent])
        .answers_nothing("It counts for the reputation of the peer."),
    ]
}

fn list() -> Operation {
    let sorts = [
        "name",
        "last_seen",
        "reputation",
        "shared_files",
        "shared_bytes",
    ];
    Operation::get(TAG, routes::PEERS, "peers", "All peers, page by page")
        .takes(flag(
            "online",
            "Only those that are here now (true), or that are not (false).",
        ))
        .takes(text_of(
            "q",
            "Part of a name, or the beginning of an id.",
            QUERY_MAX_CHARS,
        ))
        .takes(word("sort", "What they are put in order by.", &sorts))
        .takes(super::files::order())
        .takes(limit())
        .takes(cursor())
        .refuses(&[Slug::InvalidParameter, Slug::InvalidField, Slug::NotReady])
        .answers::<PeerPage>("A page.")
}

fn register() -> Operation {
    Operation::post(
        TAG,
        routes::PEERS_REGISTER,
        "register",
        "Register a peer, or register it again",
    )
    .about(
        "A peer with a key sends `public_key`, `signature` and `nonce`; its id follows from the \
         key, and nobody can speak for it without. A client without a key gets an id from the \
         index and speaks from the address that it registered from. Without `address` the address \
         that the connection came from is used; another one is published once it has answered a \
         signed nonce.",
    )
    .reads::<RegisterRequest>()
    .changes()
    .refuses(&[
        Slug::InvalidSignature,
        Slug::InvalidNonce,
        Slug::KeyRequired,
        Slug::UnprovenAddress,
        Slug::ForbiddenAddress,
        Slug::TooManyPeers,
    ])
    .answers::<RegisterResponse>("Who it is from now on.")
}
