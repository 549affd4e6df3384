//! The list of a peer's files as the fake index answers it.

use std::collections::HashMap;

use jiff::Timestamp;
use protocol::file::{FileInfo, FilePage, FileRegistration};
use protocol::hash::ContentHash;
use protocol::ids::FileId;

use super::{Held, identity};

/// Pages of two rows, so that reading goes on.
pub(super) fn page(held: &Held, query: &str) -> FilePage {
    let params: HashMap<_, _> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .collect();
    let from: usize = params
        .get("cursor")
        .map_or(0, |cursor| cursor.parse().unwrap());
    let whole = held.files.iter().filter(|(_, file)| !file.partial);
    let rows: Vec<FileInfo> = whole
        .map(|((path, hash), file)| info(path, hash, file))
        .collect();
    let next = from + 2;
    FilePage {
        files: rows.iter().skip(from).take(2).cloned().collect(),
        count: 2,
        next_cursor: (next < rows.len()).then(|| next.to_string()),
    }
}

fn info(path: &str, hash: &ContentHash, file: &FileRegistration) -> FileInfo {
    let owner = identity().id();
    FileInfo {
        id: FileId::of(&owner, hash),
        filename: file.filename.clone(),
        path: path.to_owned(),
        size: file.size,
        hash: *hash,
        pieces_root: file.pieces_root,
        category: protocol::category::Category::Other,
        tags: vec![],
        owner,
        owner_name: String::new(),
        peer_address: String::new(),
        upload_time: Timestamp::UNIX_EPOCH,
        downloads: 0,
        rating: 0.0,
        sources: 1,
    }
}
