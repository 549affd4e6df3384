//! `/ws`: from a request to a socket of the feed. The upgrade is taken here, because warp's own
//! WebSocket holds 128 KiB a socket.

use http::{HeaderValue, StatusCode};
use protocol::door;
use protocol::event::Hello;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tracing::debug;
use warp::reply::Response;

use crate::command::Refusal;
use crate::feed::session::{self, Reader};
use crate::feed::topics::Topics;
use crate::http::call::Call;
use crate::http::problem;

/// GET `/ws` (the Origin of a browser was looked at before).
pub(super) async fn open(mut call: Call) -> Result<Response, Refusal> {
    let index = call.index()?;
    let topics = match call.params.text("topics") {
        Some(text) => {
            Topics::parse(text).map_err(|message| problem::invalid_parameter("topics", message))?
        }
        None => Topics::all(),
    };
    let since = call.params.number("since")?;
    let key = door::socket_key(&call.method, &call.headers)?;
    let accept = HeaderValue::from_str(&derive_accept_key(key));
    let accept = accept.map_err(|_| door::UPGRADE_REQUIRED)?;
    let upgrade = call.upgrade.take().ok_or(door::UPGRADE_REQUIRED)?;
    // The number first: what happens between is in the figures and comes as an event, too.
    let hello = Hello {
        seq: call.app.feed.last_seq(),
        stats: index.view().stats.clone(),
        server: call.app.index_id.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let reader = Reader {
        feed: call.app.feed.clone(),
        hello,
        metrics: std::sync::Arc::clone(&call.app.metrics),
        vantage: *call.vantage(),
        topics,
        since,
        connection: call.connection.clone(),
    };
    let sockets = call.app.sockets.clone();
    call.app.sockets.spawn(async move {
        match upgrade.await {
            Ok(upgraded) => {
                if let Some(opened) = session::open(upgraded, reader).await {
                    sockets.spawn(opened.run());
                }
            }
            Err(error) => debug!(%error, "a socket of the feed went before it was open"),
        }
    });
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    door::accept_socket(response.headers_mut(), accept);
    Ok(response)
}
