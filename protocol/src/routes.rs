//! Every URL of the contract, so that none is typed twice.

use crate::hash::ContentHash;
use crate::ids::{FileId, PeerId};

/// Registration of a peer.
pub const PEERS_REGISTER: &str = "/api/v1/peers/register";
/// Heartbeat.
pub const PEERS_HEARTBEAT: &str = "/api/v1/peers/heartbeat";
/// All peers.
pub const PEERS: &str = "/api/v1/peers";
/// A fresh nonce.
pub const NONCE: &str = "/api/v1/nonce";
/// Registration of one file.
pub const FILES_REGISTER: &str = "/api/v1/files/register";
/// Registration and withdrawal of many.
pub const FILES_BATCH: &str = "/api/v1/files/batch";
/// Search.
pub const FILES_SEARCH: &str = "/api/v1/files/search";
/// The local list of a peer.
pub const FILES: &str = "/api/v1/files";
/// Holders of many contents.
pub const CONTENT_LOOKUP: &str = "/api/v1/content/lookup";
/// Many small contents in one answer, at a peer.
pub const CONTENTS: &str = "/contents";
/// The network in numbers.
pub const STATS: &str = "/api/v1/stats";
/// The feed.
pub const FEED: &str = "/ws";
/// The feed again.
pub const FEED_API: &str = "/api/v1/ws";
/// The published contract of the index.
pub const OPENAPI: &str = "/api/v1/openapi.json";
/// Alive.
pub const HEALTHZ: &str = "/healthz";
/// Ready to answer.
pub const READYZ: &str = "/readyz";
/// Prometheus.
pub const METRICS: &str = "/metrics";
/// The address proof of a peer.
pub const PROOF: &str = "/.well-known/peerdex/proof";
/// What paths of [`download`] begin with.
pub const DOWNLOADS: &str = "/download/";
/// Header that names the peer a call acts for.
pub const PEER_ID_HEADER: &str = "x-peer-id";

/// One peer.
pub fn peer(id: &PeerId) -> String {
    format!("{PEERS}/{id}")
}

/// A peer's files.
pub fn peer_files(id: &PeerId) -> String {
    format!("{PEERS}/{id}/files")
}

/// What the index holds of a peer, as digests of ranges.
pub fn peer_digest(id: &PeerId) -> String {
    format!("{PEERS}/{id}/digest")
}

/// What a transfer from a peer was like.
pub fn peer_report(id: &PeerId) -> String {
    format!("{PEERS}/{id}/report")
}

/// One record.
pub fn file(id: &FileId) -> String {
    format!("{FILES}/{id}")
}

/// Votes for a record.
pub fn file_rating(id: &FileId) -> String {
    format!("{FILES}/{id}/rating")
}

/// Holders of a content, at the index.
pub fn content_info(hash: &ContentHash) -> String {
    format!("/api/v1/content/{hash}")
}

/// Redirect at the index, bytes at a peer.
pub fn download(id: &FileId) -> String {
    format!("{DOWNLOADS}{id}")
}

/// Bytes by content, at a peer.
pub fn content(hash: &ContentHash) -> String {
    format!("/content/{hash}")
}

/// Piece hashes, at a peer.
pub fn content_pieces(hash: &ContentHash) -> String {
    format!("/content/{hash}/pieces")
}

/// Which pieces a peer holds.
pub fn content_have(hash: &ContentHash) -> String {
    format!("/content/{hash}/have")
}

/// What a path holds in place of the `{...}` of a pattern, which may have an ending; `None` when
/// it is another path.
pub fn target_in(pattern: &str, path: &str) -> Option<String> {
    let mut target = "";
    let mut wanted = pattern.split('/');
    for part in path.split('/') {
        let wanted = wanted.next()?;
        let held = wanted
            .strip_prefix('{')
            .and_then(|name| name.split_once('}'))
            .and_then(|(_, ending)| part.strip_suffix(ending));
        match held {
            Some(held) if !held.is_empty() => target = held,
            _ if wanted == part => {}
            _ => return None,
        }
    }
    wanted.next().is_none().then(|| target.to_owned())
}

#[cfg(test)]
mod tests {
    use super::target_in;

    #[test]
    fn a_pattern_takes_its_paths_and_no_others() {
        let rating = "/api/v1/files/{file}/rating";
        assert_eq!(
            target_in(rating, "/api/v1/files/ab/rating").as_deref(),
            Some("ab")
        );
        assert_eq!(target_in("/", "/").as_deref(), Some(""));
        assert_eq!(target_in("/ws", "/ws").as_deref(), Some(""));
        let metalink = "/content/{hash}.meta4";
        assert_eq!(
            target_in(metalink, "/content/ab.meta4").as_deref(),
            Some("ab")
        );
        for other in ["/content/ab", "/content/.meta4", "/content/ab.meta4/"] {
            assert_eq!(target_in(metalink, other), None, "{other}");
        }
        for other in [
            "/api/v1/files//rating",
            "/api/v1/files/ab/rating/",
            "/api/v1/files/ab",
            "/",
            "",
        ] {
            assert_eq!(target_in(rating, other), None, "{other}");
        }
    }
}
