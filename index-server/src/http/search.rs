//! GET `/api/v1/files/search`: parameters in, a page of what the catalog found out.

use protocol::category::Category;
use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use protocol::problem::Slug;
use protocol::query::{Query, QueryError};
use protocol::search::{SearchParams, SearchResponse, Sort};
use warp::reply::Response;

use crate::catalog::Hit;
use crate::command::Refusal;
use crate::http::call::Call;
use crate::http::params::Params;
use crate::http::reply;
use crate::http::row::FileRow;
use crate::view::{Vantage, View};

/// A row of an answer is about so long.
const ROW_BYTES: usize = 768;
/// How an answer starts, which [`SearchResponse`] says first; rows are written behind it.
const ANSWER_START: &[u8] = b"{\"results\":[";

/// GET `/api/v1/files/search`.
pub(super) async fn search(call: Call) -> Result<Response, Refusal> {
    let view = call.index()?.view();
    call.app.limits.search.take(call.vantage().remote)?;
    let started = call.app.clock.instant();
    let params = read(&call.params)?;
    let query = Query::parse(&params.q).map_err(|error| refused(&error))?;
    let page = view.catalog.search_remembered(&query, &params)?;
    let mut answer = Vec::with_capacity(ROW_BYTES * (1 + page.hits.len()));
    answer.extend_from_slice(ANSWER_START);
    let count = write_rows(&page.hits, &view, call.vantage(), &mut answer);
    let took = call.app.clock.instant() - started;
    call.app.metrics.search_seconds.observe(took.as_secs_f64());
    let figures = SearchResponse {
        count,
        results: Vec::new(),
        total: page.total,
        total_is_exact: page.total_is_exact,
        cut: page.is_cut,
        next_cursor: page.next_cursor,
        corrected: page.corrected,
        took_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
    };
    reply::json_behind(answer, ANSWER_START, &figures)
}

/// Appends the rows, but for those of owners that are gone; yields how many there are.
fn write_rows(hits: &[Hit<'_>], view: &View, vantage: &Vantage, answer: &mut Vec<u8>) -> usize {
    let mut count = 0;
    for hit in hits {
        let Some(owner) = view.peers.get(&hit.owner) else {
            continue;
        };
        if count > 0 {
            answer.push(b',');
        }
        let row = FileRow {
            id: hit.id(),
            filename: hit.filename(),
            path: hit.path().pieces(),
            size: hit.size_bytes(),
            hash: hit.hash(),
            pieces_root: hit.pieces_root(),
            category: hit.category(),
            tags: &hit.tags(),
            owner: hit.owner,
            owner_name: &owner.name,
            peer_address: owner.socket_addr(vantage),
            upload_time: hit.uploaded_at(),
            downloads: hit.downloads(),
            rating: hit.rating(),
            sources: hit.sources,
        };
        row.write_json(answer);
        count += 1;
    }
    count
}

fn refused(error: &QueryError) -> Refusal {
    let slug = if error.breaks_rule {
        Slug::InvalidField
    } else {
        Slug::InvalidQuery
    };
    Refusal::new(slug, error.to_string()).at("q")
}

fn read(params: &Params) -> Result<SearchParams, Refusal> {
    let (min_size, max_size) = (params.number("min_size")?, params.number("max_size")?);
    if min_size.zip(max_size).is_some_and(|(min, max)| min > max) {
        let detail = "min_size is at most max_size";
        return Err(Refusal::new(Slug::InvalidField, detail).at("min_size"));
    }
    let defaults = SearchParams::default();
    let sorts = "relevance, filename, size, downloads, rating, upload_time";
    let tags = params.text("tags").unwrap_or_default();
    let tags = tags
        .split(',')
        .map(|tag| tag.trim().to_lowercase())
        .filter(|tag| !tag.is_empty());
    Ok(SearchParams {
        q: params.text("q").unwrap_or_default().to_owned(),
        category: params.value::<Category>("category")?,
        tags: tags.collect(),
        sort: params.word::<Sort>("sort", sorts)?.unwrap_or_default(),
        order: params.word("order", "asc, desc")?,
        limit: params.limit()?,
        cursor: params.text("cursor").map(str::to_owned),
        min_size,
        max_size,
        hash: params.value::<ContentHash>("hash")?,
        owner: params.value::<PeerId>("owner")?,
        online: params.flag("online")?.unwrap_or(defaults.online),
        collapse: params.flag("collapse")?.unwrap_or(defaults.collapse),
    })
}
