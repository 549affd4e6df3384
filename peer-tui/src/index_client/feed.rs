//! The socket on which the index pushes changes: opened again whenever it breaks off.
//!
//! Knows frames and sequence numbers; what an event means is for its readers.

use std::time::{Duration, Instant};

use futures::{SinkExt as _, StreamExt as _};
use protocol::event::{Envelope, Event};
use protocol::routes;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::IndexUrl;

/// Until the socket is open.
const OPEN_WAIT: Duration = Duration::from_secs(5);
/// Between pings of ours.
const PING_EVERY: Duration = Duration::from_secs(30);
/// A socket on which nothing at all came for so long is dead: two pings went unanswered.
const SILENCE_MAX: Duration = Duration::from_secs(75);
/// One message: a `files_changed` with 20 samples of 64 KiB.
const MESSAGE_MAX_BYTES: usize = 2 * 1024 * 1024;
/// First wait before it is opened again; doubles up to [`REOPEN_MAX`].
const REOPEN_FIRST: Duration = Duration::from_millis(250);
/// Longest wait before it is opened again.
const REOPEN_MAX: Duration = Duration::from_secs(10);

/// What the socket says to the session.
#[derive(Debug)]
pub enum FeedNote {
    /// A message of the index.
    Event(Box<Envelope>),
    /// It broke off, or could not be opened.
    Broken,
}

/// Keeps the socket open until the receiver is gone; `since` is the last event seen before.
pub async fn run(url: IndexUrl, mut since: Option<u64>, notes: mpsc::Sender<FeedNote>) {
    let mut wait = REOPEN_FIRST;
    loop {
        match tokio::time::timeout(OPEN_WAIT, open(&url, since)).await {
            Ok(Ok(socket)) => {
                wait = REOPEN_FIRST;
                let broken = read(socket, &mut since, &notes).await;
                tracing::debug!(index = %url, reason = broken, "the feed broke off");
            }
            Ok(Err(error)) => tracing::debug!(index = %url, %error, "the feed does not open"),
            Err(_) => tracing::debug!(index = %url, "the feed does not open in time"),
        }
        if notes.send(FeedNote::Broken).await.is_err() {
            return;
        }
        tokio::time::sleep(wait.mul_f64(0.75 + rand::random::<f64>() / 2.0)).await;
        wait = (wait * 2).min(REOPEN_MAX);
    }
}

type Socket = WebSocketStream<TcpStream>;
type SocketError = tokio_tungstenite::tungstenite::Error;

async fn open(url: &IndexUrl, since: Option<u64>) -> Result<Socket, SocketError> {
    let path = match since {
        Some(seq) => format!("{}?since={seq}", routes::FEED),
        None => routes::FEED.to_owned(),
    };
    let request = url.socket_at(&path).into_client_request()?;
    let stream = TcpStream::connect(url.authority()).await?;
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_MAX_BYTES))
        .max_frame_size(Some(MESSAGE_MAX_BYTES));
    let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
    Ok(socket)
}

/// Reads until it breaks off; yields why.
async fn read(
    mut socket: Socket,
    since: &mut Option<u64>,
    notes: &mpsc::Sender<FeedNote>,
) -> &'static str {
    let mut ping = tokio::time::interval(PING_EVERY);
    ping.tick().await;
    let mut heard_at = Instant::now();
    loop {
        tokio::select! {
            message = socket.next() => {
                heard_at = Instant::now();
                let text = match message {
                    None => return "closed",
                    Some(Err(_)) => return "failed",
                    Some(Ok(Message::Close(_))) => return "said goodbye",
                    Some(Ok(Message::Text(text))) => text,
                    Some(Ok(_)) => continue,
                };
                // A newer index may say what we do not know.
                let Ok(envelope) = serde_json::from_str::<Envelope>(&text) else {
                    continue;
                };
                *since = Some(seen(&envelope));
                if notes.send(FeedNote::Event(Box::new(envelope))).await.is_err() {
                    return "nobody listens";
                }
            }
            _ = ping.tick() => {
                if heard_at.elapsed() > SILENCE_MAX {
                    return "silent";
                }
                if socket.send(Message::Ping(bytes::Bytes::new())).await.is_err() {
                    return "failed";
                }
            }
        }
    }
}

/// The last event that a message says was published.
fn seen(envelope: &Envelope) -> u64 {
    match &envelope.event {
        Event::Hello(hello) => hello.seq,
        _ => envelope.seq,
    }
}
