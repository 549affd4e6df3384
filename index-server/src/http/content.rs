//! Who holds a content: one, or many at once.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;

use protocol::file::{ContentInfo, LookupRequest, LookupResponse};
use protocol::hash::ContentHash;
use protocol::limits::LOOKUP_MAX_COUNT;
use protocol::problem::Slug;
use warp::reply::Response;

use crate::catalog::{FileEntry, RecordName};
use crate::command::Refusal;
use crate::http::call::Call;
use crate::http::problem::invalid_field;
use crate::http::reply;
use crate::view::{Vantage, View, source_to_wire};

/// GET `/api/v1/content/{hash}`.
pub(super) async fn show(call: Call) -> Result<Response, Refusal> {
    reply::json(&find(&call)?)
}

/// What is known of the content that a call names.
pub(super) fn find(call: &Call) -> Result<ContentInfo, Refusal> {
    let view = call.index()?.view();
    let unknown = || {
        let detail = "nobody has registered a file with this hash";
        Refusal::new(Slug::UnknownContent, detail)
    };
    let hash: ContentHash = call.target.parse().map_err(|_| unknown())?;
    describe(&view, &hash, call.vantage()).ok_or_else(unknown)
}

/// POST `/api/v1/content/lookup`.
pub(super) async fn lookup(mut call: Call) -> Result<Response, Refusal> {
    let view = call.index()?.view();
    let request: LookupRequest = call.body.json(&call.headers).await?;
    if request.hashes.len() > LOOKUP_MAX_COUNT {
        let detail = format!("at most {LOOKUP_MAX_COUNT} hashes a call");
        return Err(invalid_field("/hashes", detail));
    }
    let contents = request
        .hashes
        .iter()
        .filter_map(|hash| describe(&view, hash, call.vantage()))
        .collect();
    reply::json(&LookupResponse { contents })
}

/// What is known of a content; `None` when nobody has it.
fn describe(view: &View, hash: &ContentHash, vantage: &Vantage) -> Option<ContentInfo> {
    let holders = view.catalog.holders(hash);
    let size = most_common(holders.iter().map(|entry| entry.size_bytes))?;
    let mut sources: Vec<_> = holders
        .iter()
        .filter_map(|entry| {
            let owner = view.peers.get(&entry.owner)?;
            Some(source_to_wire(entry, owner, vantage))
        })
        .collect();
    sources.sort_by_key(|source| {
        let best_first = (source.is_online, !source.partial, source.reputation);
        (Reverse(best_first), source.file_id)
    });
    Some(ContentInfo {
        hash: *hash,
        size,
        pieces_root: most_common(holders.iter().filter_map(|entry| entry.pieces_root)),
        names: names(&holders),
        sources,
    })
}

/// Names of a content, the most used ones first.
fn names(holders: &[FileEntry]) -> Vec<String> {
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for name in holders.iter().flat_map(|entry| &entry.names) {
        *uses.entry(file_name(name)).or_default() += 1;
    }
    let mut names: Vec<_> = uses.into_iter().collect();
    names.sort_by_key(|(name, count)| (Reverse(*count), *name));
    names.into_iter().map(|(name, _)| name.to_owned()).collect()
}

/// The file name under which a record goes.
pub fn file_name(name: &RecordName) -> &str {
    let last = name.path.rsplit('/').next().unwrap_or(&name.path);
    name.filename.as_deref().unwrap_or(last)
}

/// The value that occurs most; of several, the smallest.
fn most_common<T: Copy + Eq + Hash + Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: HashMap<T, usize> = HashMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let best = counts
        .into_iter()
        .max_by_key(|(value, count)| (*count, Reverse(*value)));
    best.map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_majority_wins_and_a_tie_is_always_decided_the_same_way() {
        assert_eq!(most_common([3, 1, 3, 2].into_iter()), Some(3));
        assert_eq!(most_common([2, 1].into_iter()), Some(1));
        assert_eq!(most_common(std::iter::empty::<u8>()), None);
    }
}
