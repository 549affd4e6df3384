//! A search on the wire: the parameters of GET `/api/v1/files/search` and its answer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::category::Category;
use crate::file::FileInfo;
use crate::hash::ContentHash;
use crate::ids::PeerId;

/// What results are put in order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum Sort {
    #[default]
    Relevance,
    Filename,
    Size,
    Downloads,
    Rating,
    UploadTime,
}

/// Direction of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Smallest or first in the alphabet on top.
    Asc,
    /// Largest or newest on top.
    Desc,
}

impl Sort {
    /// The direction used where none is asked for.
    pub const fn default_order(self) -> Order {
        match self {
            Self::Filename => Order::Asc,
            _ => Order::Desc,
        }
    }
}

/// A checked search: what the query string of a search call says, defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SearchParams {
    /// Text in the grammar of [`crate::query`].
    pub q: String,
    /// Only this kind.
    pub category: Option<Category>,
    /// All of these.
    pub tags: Vec<String>,
    /// Order by.
    pub sort: Sort,
    /// Direction; the sort's own where absent.
    pub order: Option<Order>,
    /// Rows a page, 1 to [`crate::limits::SEARCH_LIMIT_MAX_COUNT`].
    pub limit: usize,
    /// From an earlier answer to the same search.
    pub cursor: Option<String>,
    /// Bytes, inclusive.
    pub min_size: Option<u64>,
    /// Bytes, inclusive.
    pub max_size: Option<u64>,
    /// Only this content.
    pub hash: Option<ContentHash>,
    /// Only this peer's records.
    pub owner: Option<PeerId>,
    /// Only peers within their heartbeat deadline.
    pub online: bool,
    /// One row a content.
    pub collapse: bool,
}

impl Default for SearchParams {
    fn default() -> Self {
        Self {
            q: String::new(),
            category: None,
            tags: Vec::new(),
            sort: Sort::default(),
            order: None,
            limit: crate::limits::SEARCH_LIMIT_DEFAULT_COUNT,
            cursor: None,
            min_size: None,
            max_size: None,
            hash: None,
            owner: None,
            online: true,
            collapse: true,
        }
    }
}

/// Answer to a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SearchResponse {
    /// The page.
    pub results: Vec<FileInfo>,
    /// Rows in this page.
    pub count: usize,
    /// Matches in all, exact up to 10,000.
    pub total: u64,
    /// False when `total` is a lower bound.
    pub total_is_exact: bool,
    /// The search ended because it had done as much as one search may: `total` is a lower bound
    /// however small it is, and the page may hold few rows or none although `next_cursor` leads to
    /// more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// Opaque; pass it as `cursor` for the next page.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// The query that was searched for, where the one asked found nothing and one typing error
    /// explains it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected: Option<String>,
    /// Microseconds the search took inside the index.
    pub took_us: u64,
}
