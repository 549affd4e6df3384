//! One socket of the local feed: greets, sends what is new, and gives up on a reader that does not
//! read.

use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use protocol::event::{Envelope, Event, Goodbye, Resync, Subscribe, Topic};
use protocol::limits::SOCKET_MESSAGE_MAX_BYTES;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{interval, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

/// A message that cannot be written in this time has a reader that does not read.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);
const PING_EVERY: Duration = Duration::from_secs(30);
/// Pings without a sign of life before the socket is given up.
const UNANSWERED_MAX_COUNT: u32 = 2;
const READ_BUFFER_BYTES: usize = 1024;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The reader is gone or stuck.
struct Ended;

/// Serves a socket to its end.
pub async fn run(
    upgraded: Upgraded,
    hello: Envelope,
    events: broadcast::Receiver<Arc<Envelope>>,
    stopping: CancellationToken,
) {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(SOCKET_MESSAGE_MAX_BYTES))
        .max_frame_size(Some(SOCKET_MESSAGE_MAX_BYTES));
    let stream = TokioIo::new(upgraded);
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    let _ = talk(&mut socket, hello, events, stopping).await;
    let _ = timeout(Duration::from_secs(1), socket.close(None)).await;
}

async fn talk(
    socket: &mut Socket,
    hello: Envelope,
    mut events: broadcast::Receiver<Arc<Envelope>>,
    stopping: CancellationToken,
) -> Result<(), Ended> {
    let mut topics: Option<Vec<Topic>> = None;
    let mut ping = interval(PING_EVERY);
    ping.reset();
    let mut unanswered_count = 0;
    let mut seq = hello.seq;
    send(socket, &hello).await?;
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(event) => {
                    seq = event.seq;
                    if is_wanted(&event.event, topics.as_deref()) {
                        send(socket, &event).await?;
                    }
                }
                Err(RecvError::Lagged(missed)) => {
                    seq += missed;
                    let missed = Some(missed);
                    send(socket, &now(seq, Event::Resync(Resync { missed }))).await?;
                }
                Err(RecvError::Closed) => return Ok(()),
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    unanswered_count = 0;
                    if let Ok(wish) = serde_json::from_str::<Subscribe>(&text) {
                        topics = Some(wish.subscribe);
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Ended),
                Some(Ok(_)) => unanswered_count = 0,
            },
            _ = ping.tick() => {
                unanswered_count += 1;
                if unanswered_count > UNANSWERED_MAX_COUNT {
                    return Err(Ended);
                }
                write(socket, Message::Ping(bytes::Bytes::new())).await?;
            }
            () = stopping.cancelled() => {
                let reason = "the peer is stopping".to_owned();
                send(socket, &now(seq, Event::Goodbye(Goodbye { reason }))).await?;
                let frame = CloseFrame {
                    code: CloseCode::Away,
                    reason: Utf8Bytes::from_static("stopping"),
                };
                return write(socket, Message::Close(Some(frame))).await;
            }
        }
    }
}

fn is_wanted(event: &Event, topics: Option<&[Topic]>) -> bool {
    match (event.topic(), topics) {
        (Some(topic), Some(topics)) => topics.contains(&topic),
        _ => true,
    }
}

fn now(seq: u64, event: Event) -> Envelope {
    let at = Timestamp::now();
    Envelope { seq, event, at }
}

async fn send(socket: &mut Socket, envelope: &Envelope) -> Result<(), Ended> {
    let text = serde_json::to_string(envelope).map_err(|_| Ended)?;
    write(socket, Message::text(text)).await
}

async fn write(socket: &mut Socket, message: Message) -> Result<(), Ended> {
    match timeout(WRITE_DEADLINE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Ended),
    }
}
