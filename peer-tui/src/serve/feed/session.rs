//! One socket of the local feed: greets, sends what is new, and gives up on a reader that does not
//! read.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use protocol::event::{Envelope, Event, Goodbye, Resync, Subscribe, Topic};
use protocol::json::escaped;
use protocol::limits::SOCKET_MESSAGE_MAX_BYTES;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{interval, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

/// A message that cannot be written in this time has a reader that does not read.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);
const PING_EVERY: Duration = Duration::from_secs(30);
/// Pings without a sign of life before the socket is given up.
const UNANSWERED_MAX_COUNT: u32 = 2;
const READ_BUFFER_BYTES: usize = 1024;
/// For the last words on a socket that may be dead.
const CLOSE_WAIT: Duration = Duration::from_secs(1);
const UNANSWERED: &str = "the reader answers no ping; connect again";
const STOPPING: &str = "the peer is stopping";
const ADVICE: &str = "send {\"subscribe\": [\"peers\", \"files\", \"stats\", \"downloads\"]}";
/// What a client did that no WebSocket client may do (RFC 6455, section 7.4.1).
const BROKEN: &str = "that was no frame of a WebSocket client";

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Why a socket ends.
enum End {
    /// The reader is gone or stuck.
    Gone,
    /// The reader closes it: the answer to that is still to be sent.
    Answer,
    /// We close it, for this reason.
    Close(CloseCode, &'static str),
}

/// Serves a socket to its end.
pub async fn run(
    upgraded: Upgraded,
    hello: Envelope,
    topics: Option<Vec<Topic>>,
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
    let end = match talk(&mut socket, hello, topics, events, stopping).await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    let _ = timeout(CLOSE_WAIT, close(&mut socket, end)).await;
}

/// Ends a socket as the protocol asks: with our close frame and the answer to it, or with our answer,
/// which waits within the protocol; then the connection under it.
async fn close(socket: &mut Socket, end: End) -> Result<(), Error> {
    match end {
        End::Gone => return Ok(()),
        End::Answer => socket.flush().await?,
        End::Close(code, reason) => {
            let reason = Utf8Bytes::from_static(reason);
            socket.close(Some(CloseFrame { code, reason })).await?;
            while let Some(Ok(_)) = socket.next().await {}
        }
    }
    let stream = socket.get_mut();
    stream.shutdown().await?;
    // A connection that is closed over unread bytes drops what it has still to send.
    let mut unheard = [0; READ_BUFFER_BYTES];
    while stream.read(&mut unheard).await? > 0 {}
    Ok(())
}

async fn talk(
    socket: &mut Socket,
    hello: Envelope,
    mut topics: Option<Vec<Topic>>,
    mut events: broadcast::Receiver<Arc<Envelope>>,
    stopping: CancellationToken,
) -> Result<Infallible, End> {
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
                Err(RecvError::Closed) => return Err(End::Close(CloseCode::Away, STOPPING)),
            },
            message = socket.next() => {
                unanswered_count = 0;
                if let Some(wish) = hear(message)? {
                    topics = Some(wish.subscribe);
                }
            }
            _ = ping.tick() => {
                unanswered_count += 1;
                if unanswered_count > UNANSWERED_MAX_COUNT {
                    return Err(End::Close(CloseCode::Again, UNANSWERED));
                }
                write(socket, Message::Ping(bytes::Bytes::new())).await?;
            }
            () = stopping.cancelled() => {
                let reason = STOPPING.to_owned();
                send(socket, &now(seq, Event::Goodbye(Goodbye { reason }))).await?;
                return Err(End::Close(CloseCode::Away, STOPPING));
            }
        }
    }
}

/// What a reader wants to hear of from now on, where it says so; or the end of it.
fn hear(message: Option<Result<Message, Error>>) -> Result<Option<Subscribe>, End> {
    match message {
        Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
            Ok(wish) => Ok(Some(wish)),
            Err(_) => Err(End::Close(CloseCode::Unsupported, ADVICE)),
        },
        Some(Ok(Message::Binary(_))) => Err(End::Close(CloseCode::Unsupported, ADVICE)),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(None),
        Some(Ok(Message::Close(_))) => Err(End::Answer),
        Some(Err(Error::Capacity(_))) => {
            Err(End::Close(CloseCode::Size, "a message has at most 64 KiB"))
        }
        Some(Err(Error::Utf8(_))) => Err(End::Close(CloseCode::Invalid, "a text is UTF-8")),
        Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => Err(End::Gone),
        Some(Err(Error::Protocol(_))) => Err(End::Close(CloseCode::Protocol, BROKEN)),
        Some(Err(_)) | None => Err(End::Gone),
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

async fn send(socket: &mut Socket, envelope: &Envelope) -> Result<(), End> {
    let text = serde_json::to_vec(envelope).map_err(|_| End::Gone)?;
    let text = Utf8Bytes::try_from(escaped(text)).map_err(|_| End::Gone)?;
    write(socket, Message::Text(text)).await
}

async fn write(socket: &mut Socket, message: Message) -> Result<(), End> {
    match timeout(WRITE_DEADLINE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(End::Gone),
    }
}
