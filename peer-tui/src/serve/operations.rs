//! What is not bytes: health, figures, the local list, searches handed to the index, the address
//! proof.

use http::HeaderValue;
use http::header::CACHE_CONTROL;
use protocol::category::Category;
use protocol::file::FilePage;
use protocol::limits::{SEARCH_LIMIT_DEFAULT_COUNT, SEARCH_LIMIT_MAX_COUNT};
use protocol::problem::{Problem, Slug};
use protocol::proof::{ProofResponse, address_statement};
use protocol::search::{Order, SearchParams, Sort};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use warp::reply::Response;

use super::call::Call;
use super::reply;
use crate::index_client::IndexError;

/// A nonce is 64 hex digits; another index may make longer ones.
const NONCE_MAX_BYTES: usize = 128;

/// GET `/healthz`.
pub(super) async fn alive(_call: Call) -> Result<Response, Problem> {
    let mut response = reply::text("text/plain; charset=utf-8", "ok\n");
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// GET `/metrics`.
pub(super) async fn metrics(call: Call) -> Result<Response, Problem> {
    let app = &call.app;
    let text = app.metrics.encode(&app.uploads.sums(), app.slots.usage());
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(reply::text(kind, text))
}

/// GET `/api/v1/stats`.
pub(super) async fn stats(call: Call) -> Result<Response, Problem> {
    let sums = call.app.uploads.sums();
    let (active_uploads, _) = call.app.slots.usage();
    let (finished, fetched_bytes, active) = call.app.partials.totals();
    reply::json(&json!({
        "uploads": {
            "total_uploads": sums.total_uploads,
            "total_bytes": sums.total_bytes,
            "active_uploads": active_uploads,
        },
        "downloads": {
            "total_downloads": finished,
            "total_bytes": fetched_bytes,
            "active_downloads": active,
        },
    }))
}

/// GET `/api/v1/files`: by path; the cursor is the path of the last row.
pub(super) async fn files(call: Call) -> Result<Response, Problem> {
    let limit = limit(&call)?;
    let cursor = call.param("cursor");
    let view = call.app.share.view();
    let address = call.connection.local.to_string();
    let mut rows = view.files().filter(|file| {
        cursor
            .as_deref()
            .is_none_or(|cursor| file.path.as_str() > cursor)
    });
    let files: Vec<_> = rows
        .by_ref()
        .take(limit)
        .map(|file| call.app.file_info(file, address.clone()))
        .collect();
    let has_more = rows.next().is_some();
    let last = files.last().map(|file| file.path.clone());
    reply::json(&FilePage {
        count: files.len(),
        next_cursor: last.filter(|_| has_more),
        files,
    })
}

/// GET `/.well-known/peerdex/proof?nonce=N`: this peer answers at the address it was asked at.
pub(super) async fn proof(call: Call) -> Result<Response, Problem> {
    let nonce = call
        .param("nonce")
        .filter(|nonce| nonce.len() <= NONCE_MAX_BYTES)
        .ok_or_else(|| {
            let detail = format!("nonce takes 1 to {NONCE_MAX_BYTES} characters");
            Problem::new(Slug::InvalidParameter, detail).at("nonce")
        })?;
    let identity = &call.app.identity;
    let id = identity.id();
    reply::json(&ProofResponse {
        id,
        public_key: identity.public_key_hex(),
        signature: identity.sign_hex(&address_statement(&nonce, &id)),
    })
}

/// GET `/api/v1/files/search`: for programs on this machine, which need not know the index.
pub(super) async fn search(call: Call) -> Result<Response, Problem> {
    if !call.connection.is_same_machine() {
        let detail = "only programs on this peer's own machine may search through it; ask the \
                      index";
        return Err(Problem::new(Slug::LocalOnly, detail));
    }
    let params = search_params(&call)?;
    match call.app.network.search(params).await {
        Ok(found) => reply::json(&found),
        Err(IndexError::Refused(problem) | IndexError::Busy { problem, .. }) => Err(problem),
        Err(error) => Err(Problem::new(Slug::IndexUnreachable, error.to_string())),
    }
}

fn search_params(call: &Call) -> Result<SearchParams, Problem> {
    let tags = call.param("tags").unwrap_or_default();
    Ok(SearchParams {
        q: call.param("q").unwrap_or_default(),
        category: word::<Category>(call, "category")?,
        tags: tags
            .split(',')
            .map(|tag| tag.trim().to_lowercase())
            .filter(|tag| !tag.is_empty())
            .collect(),
        sort: word::<Sort>(call, "sort")?.unwrap_or_default(),
        order: word::<Order>(call, "order")?,
        limit: limit(call)?,
        cursor: call.param("cursor"),
        min_size: call.number("min_size")?,
        max_size: call.number("max_size")?,
        hash: word(call, "hash")?,
        owner: word(call, "owner")?,
        online: word(call, "online")?.unwrap_or(true),
        collapse: word(call, "collapse")?.unwrap_or(true),
    })
}

fn limit(call: &Call) -> Result<usize, Problem> {
    let Some(limit) = call.number("limit")? else {
        return Ok(SEARCH_LIMIT_DEFAULT_COUNT);
    };
    usize::try_from(limit)
        .ok()
        .filter(|limit| (1..=SEARCH_LIMIT_MAX_COUNT).contains(limit))
        .ok_or_else(|| {
            let detail = format!("limit is 1 to {SEARCH_LIMIT_MAX_COUNT}");
            Problem::new(Slug::InvalidField, detail).at("limit")
        })
}

/// A parameter that is one of a few words, or a number or hash written as one.
fn word<T: DeserializeOwned>(call: &Call, name: &str) -> Result<Option<T>, Problem> {
    let Some(text) = call.param(name) else {
        return Ok(None);
    };
    let value = match text.as_str() {
        "true" | "1" => Value::Bool(true),
        "false" | "0" => Value::Bool(false),
        _ => Value::String(text),
    };
    serde_json::from_value(value)
        .map(Some)
        .map_err(|error| Problem::new(Slug::InvalidParameter, format!("{name}: {error}")).at(name))
}
