//! What the index holds of a peer, as digests of ranges of its names: a peer that differs by little
//! reads and sends only where it differs.

use protocol::file::{CatalogDigest, CatalogRange, CatalogRanges};
use protocol::ids::PeerId;
use protocol::limits::{CATALOG_RANGES_MAX_COUNT, SEARCH_LIMIT_MAX_COUNT};
use protocol::problem::Slug;
use warp::reply::Response;

use crate::catalog::{CatalogView, CursorError};
use crate::command::Refusal;
use crate::http::call::{Call, peer_id, unknown_peer};
use crate::http::reply;

/// GET `/api/v1/peers/{id}/digest`.
pub(super) async fn show(call: Call) -> Result<Response, Refusal> {
    let view = call.index()?.view();
    let id = peer_id(&call.target)?;
    let peer = view.peers.get(&id).ok_or_else(unknown_peer)?;
    let names_count = usize::try_from(peer.shared_files).unwrap_or(usize::MAX);
    // A million names take a moment: not on a thread that answers others.
    let catalog = view.catalog.clone();
    let summing = tokio::task::spawn_blocking(move || ranges(&catalog, &id, names_count));
    let ranges = summing
        .await
        .map_err(|error| Refusal::new(Slug::Internal, format!("sum up the names: {error}")))??;
    reply::json(&ranges)
}

/// The names of `owner` cut into ranges that a page of its listing holds, as long as the ranges
/// are not too many for it; `names_count` is how many there are, about.
fn ranges(
    catalog: &CatalogView,
    owner: &PeerId,
    names_count: usize,
) -> Result<CatalogRanges, CursorError> {
    let row_count = SEARCH_LIMIT_MAX_COUNT.max(names_count.div_ceil(CATALOG_RANGES_MAX_COUNT));
    let (mut all, mut count) = (CatalogDigest::default(), 0);
    let (mut complete, mut complete_count) = (CatalogDigest::default(), 0);
    let mut ranges = Vec::new();
    let mut cursor = None;
    loop {
        let page = catalog.files_of(owner, "", cursor.as_deref(), row_count)?;
        let mut digest = CatalogDigest::default();
        for (name, entry) in &page.rows {
            digest.toggle(&name.path, &entry.hash);
            all.toggle(&name.path, &entry.hash);
            if !entry.is_partial {
                complete.toggle(&name.path, &entry.hash);
                complete_count += 1;
            }
        }
        let Some((last, _)) = page.rows.last() else {
            break;
        };
        count += page.rows.len() as u64;
        ranges.push(CatalogRange {
            cursor,
            until: page.next_cursor.is_some().then(|| last.path.to_string()),
            count: page.rows.len() as u64,
            digest: digest.to_hex(),
        });
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(CatalogRanges {
        digest: all.to_hex(),
        count,
        complete_digest: complete.to_hex(),
        complete_count,
        ranges,
    })
}
