//! The catalog of the index, driven as the index drives it.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use index_server::catalog::{Catalog, CatalogView, FileEntry, OwnerFacts, RecordName};
use jiff::Timestamp;
use protocol::category::Category;
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use protocol::query;
use protocol::search::{SearchParams, Sort};

use crate::engine::{Engine, ROW_COUNT};
use crate::queries::Query;
use crate::records::{self, Record};

/// Records a batch.
const BATCH_COUNT: usize = 1_000;

/// A catalog and a view of all its records.
pub struct Ours {
    catalog: Catalog,
    view: Arc<CatalogView>,
    has_row_per_record: bool,
}

/// Takes the corpus in by batches, each searchable before the next comes. Answers have a row a
/// content, as the index's have by default, or a row a record, as the rivals' have.
pub fn fill(
    corpus: &Path,
    has_folders: bool,
    has_row_per_record: bool,
) -> anyhow::Result<(Ours, usize)> {
    let mut catalog = Catalog::default();
    let mut owners = HashSet::new();
    let mut batched = 0;
    let count = records::each(corpus, has_folders, |record| {
        let owner = PeerId::from_bytes(*ContentHash::of(&record.owner.to_be_bytes()).as_bytes());
        if owners.insert(record.owner) {
            let facts = OwnerFacts {
                name: format!("peer {}", record.owner).into(),
                is_online: true,
                reputation: 50,
            };
            catalog.put_owner(owner, facts);
        }
        catalog.put(entry(owner, record)?);
        batched += 1;
        if batched % BATCH_COUNT == 0 {
            catalog.view();
        }
        Ok(())
    })?;
    catalog.settle();
    let view = catalog.view();
    let ours = Ours {
        catalog,
        view,
        has_row_per_record,
    };
    Ok((ours, count))
}

impl Ours {
    /// Merges segments as the index does once little was written for a second.
    pub fn rest(&mut self) {
        self.view = Arc::default();
        while self.catalog.gather() {
            self.catalog.settle();
        }
        self.view = self.catalog.view();
        index_server::allocator::give_back();
    }
}

fn entry(owner: PeerId, record: Record) -> anyhow::Result<FileEntry> {
    let hash: ContentHash = record.sha256.parse().context("a hash")?;
    Ok(FileEntry {
        id: FileId::of(&owner, &hash),
        owner,
        hash,
        pieces_root: None,
        size_bytes: record.size_bytes,
        category: Category::of_name(&record.path),
        tags: record.tags.into_iter().map(Into::into).collect(),
        names: vec![RecordName {
            path: record.path.into(),
            filename: None,
        }],
        uploaded_at: Timestamp::from_second(record.uploaded)?,
        is_partial: false,
        downloads: record.downloads,
        // As many votes as make whole stars of the tenths.
        rating_sum: record.rating,
        rating_votes: if record.rating > 0 { 10 } else { 0 },
    })
}

impl Engine for Ours {
    fn search(&self, query: &Query) -> Option<usize> {
        let q = if query.is_ending() {
            format!("ext:{}", query.text)
        } else {
            query.text.clone()
        };
        let sort = match query.class.as_str() {
            "by filename" => Sort::Filename,
            "by size" => Sort::Size,
            "by downloads" => Sort::Downloads,
            "by rating" => Sort::Rating,
            "by upload time" => Sort::UploadTime,
            _ => Sort::Relevance,
        };
        let is_filtered = query.class == "by word, kind and size";
        let params = SearchParams {
            q,
            sort,
            category: is_filtered.then_some(Category::Image),
            min_size: is_filtered.then_some(1 << 20),
            limit: ROW_COUNT,
            collapse: !self.has_row_per_record,
            ..SearchParams::default()
        };
        let parsed = query::Query::parse(&params.q).ok()?;
        // The rivals correct nothing.
        let page = if query.class == "by a word misspelt" {
            self.view.search_corrected(&parsed, &params)
        } else {
            self.view.search(&parsed, &params)
        };
        Some(page.ok()?.hits.len())
    }
}
