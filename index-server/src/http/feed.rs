//! `/ws`: from a request to a socket of the feed. The upgrade is taken here, because warp's own
//! WebSocket holds 128 KiB a socket.

use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderValue, Method, StatusCode};
use protocol::event::Hello;
use protocol::problem::Slug;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tracing::debug;
use warp::reply::Response;

use crate::command::Refusal;
use crate::feed::session::{self, Reader};
use crate::feed::topics::Topics;
use crate::http::call::Call;
use crate::http::problem;

const VERSION: HeaderValue = HeaderValue::from_static("13");

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
    let accept = match handshake(&call) {
        Ok(accept) => accept,
        Err(refusal) => {
            let mut response = problem::respond(&refusal);
            if refusal.slug == Slug::UpgradeRequired {
                let headers = response.headers_mut();
                headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(SEC_WEBSOCKET_VERSION, VERSION);
            }
            return Ok(response);
        }
    };
    let upgrade = call.upgrade.take().ok_or_else(upgrade_required)?;
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
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

/// Checks the opening handshake (RFC 6455, section 4.2.1); yields the accept key.
fn handshake(call: &Call) -> Result<HeaderValue, Refusal> {
    let lists = |name: &str, token: &str| {
        let all = call.headers.get_all(name).iter();
        all.filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|item| item.trim().eq_ignore_ascii_case(token))
    };
    let is_upgrade = lists("upgrade", "websocket") && lists("connection", "upgrade");
    if !is_upgrade || call.method != Method::GET {
        return Err(upgrade_required());
    }
    if call.headers.get(SEC_WEBSOCKET_VERSION) != Some(&VERSION) {
        return Err(upgrade_required());
    }
    let key = call.headers.get(SEC_WEBSOCKET_KEY).filter(|key| {
        let decoded = data_encoding::BASE64.decode(key.as_bytes());
        decoded.is_ok_and(|bytes| bytes.len() == 16)
    });
    let key = key.ok_or_else(|| {
        let detail = "Sec-WebSocket-Key must be 16 bytes in base64";
        Refusal::new(Slug::InvalidRequest, detail)
    })?;
    let accept = derive_accept_key(key.as_bytes());
    HeaderValue::from_str(&accept).map_err(|_| upgrade_required())
}

fn upgrade_required() -> Refusal {
    Refusal::new(
        Slug::UpgradeRequired,
        "this path speaks WebSocket (version 13); open it with a WebSocket client",
    )
}
