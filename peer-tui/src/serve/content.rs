//! What a downloader asks before it asks for bytes: the piece hashes, and which pieces are here.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use protocol::hash::{ContentHash, PieceHash, PiecesRoot};
use protocol::pieces::{PieceLayout, PieceSet};
use protocol::problem::{Problem, Slug};
use tokio::time::timeout;
use warp::reply::Response;

use super::bytes::unknown_content;
use super::call::Call;

const PIECE_SIZE: HeaderName = HeaderName::from_static("x-piece-size");
const LENGTH: HeaderName = HeaderName::from_static("x-content-length");
const ROOT: HeaderName = HeaderName::from_static("x-pieces-root");
const VERSION: HeaderName = HeaderName::from_static("x-have-version");
/// The longest wait for a change that one call may ask for.
const WAIT_MAX_SECS: u64 = 60;

/// GET `/content/{hash}/pieces`: 32 bytes a piece.
pub(super) async fn pieces(call: Call) -> Result<Response, Problem> {
    let hash: ContentHash = call.target.parse().map_err(|_| unknown_content())?;
    if let Some(file) = call.app.share.view().by_hash(&hash) {
        let pieces = call.app.share.pieces(&file).await.map_err(|error| {
            Problem::new(Slug::Internal, format!("read the piece hashes: {error}"))
        })?;
        let layout = PieceLayout::of_size(file.stamp.size_bytes);
        return Ok(list(layout, &file.pieces_root, &pieces));
    }
    let partial = call
        .app
        .partials
        .partial(&hash)
        .ok_or_else(unknown_content)?;
    Ok(list(partial.layout, &partial.pieces_root, &partial.pieces))
}

fn list(layout: PieceLayout, root: &PiecesRoot, pieces: &[PieceHash]) -> Response {
    let body: Vec<u8> = pieces.iter().flat_map(|hash| *hash.as_bytes()).collect();
    let mut response = octets(body, layout);
    if let Ok(value) = HeaderValue::from_str(&root.to_string()) {
        response.headers_mut().insert(ROOT, value);
    }
    response
}

/// GET `/content/{hash}/have`: a bit field and its version in `X-Have-Version`. With `since=VERSION`
/// and `wait=SECONDS` it answers once there is a newer one, or when the time is over.
pub(super) async fn have(call: Call) -> Result<Response, Problem> {
    let hash: ContentHash = call.target.parse().map_err(|_| unknown_content())?;
    let (since, wait) = (call.number("since")?, call.number("wait")?);
    if let Some(file) = call.app.share.view().by_hash(&hash) {
        let layout = PieceLayout::of_size(file.stamp.size_bytes);
        return Ok(bits(layout, &PieceSet::all(layout.count())));
    }
    let partial = call
        .app
        .partials
        .partial(&hash)
        .ok_or_else(unknown_content)?;
    let mut held = partial.held;
    // Pieces are only ever added, so their number is a version that survives a restart.
    let version = |held: &Arc<PieceSet>| u64::from(held.held());
    if let (Some(since), Some(wait)) = (since, wait) {
        let newer = held.wait_for(|held| version(held) > since);
        let patience = Duration::from_secs(wait.min(WAIT_MAX_SECS));
        tokio::select! {
            _ = timeout(patience, newer) => {}
            () = call.app.stopping.cancelled() => {}
        }
    }
    let now = Arc::clone(&held.borrow());
    Ok(bits(partial.layout, &now))
}

fn bits(layout: PieceLayout, held: &PieceSet) -> Response {
    let mut response = octets(held.as_bytes().to_vec(), layout);
    let version = HeaderValue::from(held.held());
    response.headers_mut().insert(VERSION, version);
    response
}

fn octets(body: Vec<u8>, layout: PieceLayout) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/octet-stream");
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PIECE_SIZE, HeaderValue::from(layout.piece_bytes()));
    headers.insert(LENGTH, HeaderValue::from(layout.size_bytes()));
    response
}
