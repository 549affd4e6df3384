//! The bytes themselves: by content, by id, by name.
//!
//! A name is a key into the list of shared files, never a path. Knows how to find and to open; what
//! part is sent is decided in `range_reply`, how in `stream`.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH, IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use protocol::byte_range::ByteRange;
use protocol::hash::ContentHash;
use protocol::ids::FileId;
use protocol::pieces::PieceLayout;
use protocol::problem::{Problem, Slug};
use warp::Reply as _;
use warp::reply::Response;

use super::call::{App, Call};
use super::file_stream::{self, Source};
use super::labels::Labels;
use super::opened::Opened;
use super::range_reply::{Conditions, Holding, RangeReply, range_reply};
use super::reply;
use super::slots::{Slot, Way};
use super::stream::Cut;
use super::uploads::Subject;

const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
const WANT_REPR_DIGEST: HeaderName = HeaderName::from_static("want-repr-digest");

/// GET `/content/{hash}`: of an unfinished download too.
pub(super) async fn by_content(call: Call) -> Result<Response, Problem> {
    let hash: ContentHash = call.target.parse().map_err(|_| unknown_content())?;
    if let Some(file) = call.app.share.view().by_hash(&hash) {
        let opened = Opened::shared(&call.app.open_files, &call.app.share, file).await?;
        return send(call, opened).await;
    }
    let partial = call
        .app
        .partials
        .partial(&hash)
        .ok_or_else(unknown_content)?;
    let opened = Opened::partial(&call.app.open_files, hash, partial).await?;
    send(call, opened).await
}

/// GET `/download/{file_id}`.
pub(super) async fn by_id(call: Call) -> Result<Response, Problem> {
    let id: FileId = call.target.parse().map_err(|_| unknown_file())?;
    let file = call.app.share.view().by_id(&id).ok_or_else(unknown_file)?;
    let opened = Opened::shared(&call.app.open_files, &call.app.share, file).await?;
    send(call, opened).await
}

/// GET `/download?filename=NAME[&id=ID]`: the id says which, where it is told.
pub(super) async fn by_name(call: Call) -> Result<Response, Problem> {
    let (id, name) = (call.param("id"), call.param("filename"));
    let view = call.app.share.view();
    let file = match (id, name) {
        (Some(id), _) => id.parse().ok().and_then(|id| view.by_id(&id)),
        (None, Some(name)) => view.by_name(&name),
        (None, None) => {
            let detail = "say which file: filename=NAME, or id=ID";
            return Err(Problem::new(Slug::InvalidParameter, detail).at("filename"));
        }
    };
    let file = file.ok_or_else(unknown_file)?;
    let opened = Opened::shared(&call.app.open_files, &call.app.share, file).await?;
    send(call, opened).await
}

fn unknown_file() -> Problem {
    let detail = "this peer does not share such a file; look it up at the index again";
    Problem::new(Slug::UnknownFile, detail)
}

/// Nothing with this hash is here.
pub(super) fn unknown_content() -> Problem {
    let detail = "this peer has nothing with this hash; ask the index who has";
    Problem::new(Slug::UnknownContent, detail)
}

async fn send(call: Call, opened: Opened) -> Result<Response, Problem> {
    let labels = opened.content.labels.clone();
    let conditions = Conditions {
        if_match: call.header(IF_MATCH),
        if_none_match: call.header(IF_NONE_MATCH),
        if_range: call.header(IF_RANGE),
        range: call.header(RANGE).filter(|_| !call.is_head()),
    };
    let holding = Holding {
        length: opened.size_bytes,
        etag: labels.etag(),
        held: opened.held(),
    };
    let mut response = match range_reply(&conditions, &holding) {
        RangeReply::Whole => whole(call, opened).await?,
        RangeReply::Part(range) => part(call, opened, range).await?,
        RangeReply::NotModified => empty(StatusCode::NOT_MODIFIED),
        RangeReply::PreconditionFailed => precondition_failed(),
        RangeReply::NotSatisfiable => return Ok(not_satisfiable(opened.size_bytes)),
    };
    response.headers_mut().insert(ETAG, labels.etag);
    Ok(response)
}

async fn whole(call: Call, opened: Opened) -> Result<Response, Problem> {
    let length = opened.size_bytes;
    let range = length
        .checked_sub(1)
        .and_then(|last| ByteRange::new(0, last, length));
    let mut headers = describe(&opened.content.labels);
    headers.insert(CONTENT_LENGTH, length.into());
    let mut response = match range.filter(|_| !call.is_head()) {
        Some(range) => stream_out(call, opened, range).await?,
        None => empty(StatusCode::OK),
    };
    *response.headers_mut() = headers;
    Ok(response)
}

async fn part(call: Call, opened: Opened, range: ByteRange) -> Result<Response, Problem> {
    let mut headers = describe(&opened.content.labels);
    headers.insert(CONTENT_LENGTH, range.len().into());
    let content_range = range.to_content_range(opened.size_bytes);
    insert(&mut headers, CONTENT_RANGE, &content_range)?;
    let mut response = stream_out(call, opened, range).await?;
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    *response.headers_mut() = headers;
    Ok(response)
}

async fn stream_out(call: Call, opened: Opened, range: ByteRange) -> Result<Response, Problem> {
    let is_checked = checks(&call);
    let client = call.client();
    let app = call.app;
    let remote = call.connection.remote;
    let layout = PieceLayout::of_size(opened.size_bytes);
    let holders = opened.holders_of(layout, range);
    let holders = holders.unwrap_or_else(|| app.spread.copies(&opened.hash, layout, range));
    let slot = take_slot(&app, remote.ip(), holders).await?;
    let subject = Subject {
        hash: opened.hash,
        name: opened.name.clone(),
        size_bytes: opened.size_bytes,
    };
    let sending = app.uploads.begin(subject, client);
    let stamp = opened.stamp();
    let id = match &opened.shared {
        Some(shared) => shared.id,
        None => FileId::of(&app.identity.id(), &opened.hash),
    };
    let source = Source {
        stamp,
        content: opened.content,
        range,
        is_checked,
        limits: [app.limit.clone(), app.client_limits.of(remote.ip())],
        sending,
        slot: Some(slot),
        outlet: call.connection.outlet,
        buffers: app.buffers.clone(),
    };
    let (hash, name, shared) = (opened.hash, opened.name, opened.shared);
    let upload_app = Arc::clone(&app);
    let body = file_stream::start(source, move |sent_bytes, cut| {
        upload_app.metrics.count_end(cut);
        let last = sent_bytes.checked_sub(1).map(|last| range.first() + last);
        let sent = last.and_then(|last| ByteRange::new(range.first(), last, layout.size_bytes()));
        if let Some(sent) = sent {
            upload_app.spread.sent(hash, layout, sent);
        }
        upload_app.feed.upload(id, name, sent_bytes);
        if let (Some(Cut::FileChanged | Cut::Disk), Some(file)) = (cut, shared)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move { upload_app.share.recheck(&file).await });
        }
    });
    Ok(warp::reply::stream(body).into_response())
}

/// Whether the client says that it compares the bytes with the hash of the content (RFC 9530).
fn checks(call: &Call) -> bool {
    call.header(WANT_REPR_DIGEST)
        .is_some_and(|wanted| wanted.contains("sha-256"))
}

/// A slot, after a wait where there is none at once.
pub(super) async fn take_slot(app: &App, client: IpAddr, holders: u32) -> Result<Slot, Problem> {
    let taken = app.slots.take(client, holders).await;
    let Some((slot, way)) = taken else {
        app.metrics.busy.inc();
        let detail = "all upload slots are taken, or this address has as many as one may have; \
                      try again in a moment";
        return Err(Problem::new(Slug::Busy, detail));
    };
    if way == Way::Waited {
        app.metrics.waited.inc();
    }
    Ok(slot)
}

fn describe(labels: &Labels) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The bytes of a hash never change, but a name may get other ones: ask again each time.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(CONTENT_TYPE, labels.content_type.clone());
    headers.insert(CONTENT_DISPOSITION, labels.disposition.clone());
    headers.insert(REPR_DIGEST, labels.repr_digest.clone());
    headers
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<(), Problem> {
    let value = HeaderValue::from_str(value)
        .map_err(|error| Problem::new(Slug::Internal, format!("header {name}: {error}")))?;
    headers.insert(name, value);
    Ok(())
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

fn precondition_failed() -> Response {
    let detail = "the ETag of If-Match is not that of the file, which the ETag of this answer is";
    reply::problem(&Problem::new(Slug::PreconditionFailed, detail))
}

fn not_satisfiable(length: u64) -> Response {
    let detail = format!(
        "the range does not lie in the {length} bytes that there are, or not yet in verified \
         pieces (see /content/HASH/have)"
    );
    let mut response = reply::problem(&Problem::new(Slug::RangeNotSatisfiable, detail));
    if let Ok(value) = HeaderValue::from_str(&format!("bytes */{length}")) {
        response.headers_mut().insert(CONTENT_RANGE, value);
    }
    response
}
