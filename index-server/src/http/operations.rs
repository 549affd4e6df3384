//! For those who run the index: alive, ready, figures, and a few lines on how to join.

use protocol::problem::Slug;
use warp::reply::Response;

use crate::command::Refusal;
use crate::http::call::Call;
use crate::http::reply;

/// GET `/healthz`: the process answers.
pub(super) async fn alive(_call: Call) -> Result<Response, Refusal> {
    Ok(reply::text("text/plain; charset=utf-8", "ok\n"))
}

/// GET `/readyz`: the journal is replayed.
pub(super) async fn ready(call: Call) -> Result<Response, Refusal> {
    if call.index()?.is_broken() {
        return Err(Refusal::new(
            Slug::ShuttingDown,
            "the index failed inside and takes no changes any more; it ends, to be started again",
        ));
    }
    if call.app.is_stopping() {
        return Err(Refusal::new(Slug::ShuttingDown, "the index is stopping"));
    }
    Ok(reply::text("text/plain; charset=utf-8", "ready\n"))
}

/// GET `/metrics`.
pub(super) async fn metrics(call: Call) -> Result<Response, Refusal> {
    Ok(reply::text(
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        call.app.metrics.encode(),
    ))
}

/// GET `/api/v1/stats`.
pub(super) async fn stats(call: Call) -> Result<Response, Refusal> {
    reply::json(&call.index()?.view().stats)
}

/// What this is and how to join, for who asks `/` without a browser.
pub(super) fn welcome(call: &Call) -> Response {
    let host = call.header("host").unwrap_or("THIS-HOST:7070");
    let figures = match call.index() {
        Ok(index) => {
            let stats = &index.view().stats;
            format!(
                "{} of {} known peers online, {} files.",
                stats.online_peers, stats.total_peers, stats.total_files
            )
        }
        Err(refusal) => refusal.detail,
    };
    let text = format!(
        "Peerdex index, version {version}\n\
         {figures}\n\n\
         Share and fetch files:   peer-tui http://{host}\n\
         Search from a script:    curl 'http://{host}/api/v1/files/search?q=WORDS'\n\
         From many peers at once: aria2c --follow-metalink=mem http://{host}/content/HASH.meta4\n\
         Figures:                 http://{host}/api/v1/stats   http://{host}/metrics\n",
        version = env!("CARGO_PKG_VERSION"),
    );
    reply::text("text/plain; charset=utf-8", text)
}
