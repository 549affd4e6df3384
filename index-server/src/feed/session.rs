//! One socket of the feed: greets, sends what is new, listens, and gives up on a reader that does
//! not read. One task a socket; it holds a place in the shared ring and no queue of its own.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use protocol::event::{Envelope, Event, Goodbye, Hello, Resync, Subscribe};
use protocol::limits::SOCKET_MESSAGE_MAX_BYTES;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::clock::Clock;
use crate::feed::held::encode;
use crate::feed::ring::Catch;
use crate::feed::topics::Topics;
use crate::feed::{Feed, Signal};
use crate::http::head_guard::HeadGuard;
use crate::http::listener::Connection;
use crate::metrics::Metrics;
use crate::view::Vantage;

/// A message that cannot be written in this time has a reader that does not read.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);
const PING_EVERY: Duration = Duration::from_secs(30);
/// Pings without a sign of life before the socket is given up.
const UNANSWERED_MAX_COUNT: u32 = 2;
/// Messages of a client between two pings; it has nothing to say but what it subscribes to.
const INCOMING_MAX_COUNT: u32 = 600;
/// Events sent before the socket is listened to again.
const PORTION_MAX_COUNT: usize = 64;
/// For the last words on a socket that may be dead.
const CLOSE_WAIT: Duration = Duration::from_secs(1);
/// What a socket holds while nothing happens; readers send next to nothing.
const READ_BUFFER_BYTES: usize = 1024;
/// What the kernel may hold for a reader; by itself it would take megabytes for one that sleeps.
const SEND_BUFFER_BYTES: usize = 128 * 1024;

/// Who reads, and from where on.
#[derive(Debug)]
pub struct Reader {
    /// What is read.
    pub feed: Feed,
    /// What it is greeted with, and the place from which on it reads.
    pub hello: Hello,
    /// Instruments.
    pub metrics: Arc<Metrics>,
    /// From where it looks.
    pub vantage: Vantage,
    /// What it wants to hear of.
    pub topics: Topics,
    /// The last event it has seen, where it comes back.
    pub since: Option<u64>,
    /// Held as long as the socket.
    pub connection: Connection,
}

/// Why a socket ends.
#[derive(Debug)]
enum End {
    /// The other side is gone.
    Gone,
    /// We close it, for this reason.
    Close(CloseCode, &'static str),
    /// It does not read.
    Stuck,
}

/// A socket that is about to be served.
pub struct Opened(Session<TcpStream>);

/// Makes a socket of a connection that was upgraded; `None` if the connection is not of our
/// listener.
pub async fn open(upgraded: Upgraded, reader: Reader) -> Option<Opened> {
    let parts = upgraded.downcast::<TokioIo<HeadGuard>>().ok()?;
    let stream = parts.io.into_inner().into_stream();
    let _ = SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER_BYTES);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(SOCKET_MESSAGE_MAX_BYTES))
        .max_frame_size(Some(SOCKET_MESSAGE_MAX_BYTES));
    let read = parts.read_buf.to_vec();
    let socket =
        WebSocketStream::from_partially_read(stream, read, Role::Server, Some(config)).await;
    Some(Opened(Session::new(socket, reader)))
}

impl Opened {
    /// Serves the socket to its end. Spawn this by itself: what opening it took is free then, and
    /// ten thousand tasks are as small as can be.
    pub fn run(self) -> impl Future<Output = ()> + Send {
        self.0.run()
    }
}

struct Session<S> {
    socket: WebSocketStream<S>,
    reader: Reader,
    signal: watch::Receiver<Signal>,
    ping: Interval,
    clock: Clock,
    /// Number of the last event that was sent or passed over.
    seen: u64,
    unanswered_count: u32,
    incoming_count: u32,
}

impl<S> Drop for Session<S> {
    fn drop(&mut self) {
        self.reader.metrics.ws_readers.dec();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    fn new(socket: WebSocketStream<S>, reader: Reader) -> Self {
        reader.metrics.ws_readers.inc();
        let clock = Clock::default();
        let mut ping = interval_at(clock.deadline(PING_EVERY), PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            socket,
            signal: reader.feed.signal(),
            seen: reader.hello.seq,
            reader,
            ping,
            clock,
            unanswered_count: 0,
            incoming_count: 0,
        }
    }

    async fn run(mut self) {
        let end = match self.talk().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        let frame = match end {
            End::Gone => return,
            End::Close(code, reason) => CloseFrame {
                code,
                reason: Utf8Bytes::from_static(reason),
            },
            End::Stuck => {
                self.reader.metrics.ws_evicted.inc();
                CloseFrame {
                    code: CloseCode::Again,
                    reason: Utf8Bytes::from_static("the reader does not read; connect again"),
                }
            }
        };
        let closing = async {
            if self.socket.close(Some(frame)).await.is_ok() {
                // The other side answers with its own close; what it sent before is passed over.
                while let Some(Ok(_)) = self.socket.next().await {}
            }
        };
        let _ = timeout(CLOSE_WAIT, closing).await;
    }

    async fn talk(&mut self) -> Result<std::convert::Infallible, End> {
        self.greet().await?;
        loop {
            let signal = self.signal.borrow_and_update().clone();
            let has_more = self.send_portion().await?;
            if let Some(reason) = signal.goodbye.filter(|_| !has_more) {
                let reason = reason.to_string();
                let goodbye = self.own_words(Event::Goodbye(Goodbye { reason }));
                self.send(goodbye).await?;
                return Err(End::Close(CloseCode::Away, "the index is stopping"));
            }
            tokio::select! {
                incoming = self.socket.next() => self.hear(incoming)?,
                _ = self.ping.tick() => self.send_ping().await?,
                changed = self.signal.changed() => changed.map_err(|_| End::Gone)?,
                () = std::future::ready(()), if has_more => {}
            }
        }
    }

    /// `hello`, or what a reader missed that comes back.
    async fn greet(&mut self) -> Result<(), End> {
        if let Some(since) = self.reader.since {
            self.seen = since;
            return Ok(());
        }
        let hello = self.own_words(Event::Hello(self.reader.hello.clone()));
        self.send(hello).await
    }

    /// Sends the next events; tells whether there may be more.
    async fn send_portion(&mut self) -> Result<bool, End> {
        let events = match self.reader.feed.after(self.seen, PORTION_MAX_COUNT) {
            Catch::Events(events) => events,
            Catch::Lost { missed, last_seq } => {
                self.reader.metrics.ws_resyncs.inc();
                self.seen = last_seq;
                let resync = self.own_words(Event::Resync(Resync { missed }));
                self.send(resync).await?;
                return Ok(true);
            }
        };
        for event in &events {
            if self.reader.topics.takes(event.topic())
                && let Some(message) = event.encoded(&self.reader.vantage)
            {
                self.send(Message::Text(message)).await?;
            }
            self.seen = event.seq();
        }
        Ok(events.len() == PORTION_MAX_COUNT)
    }

    /// A message that is for this reader alone; it takes no number of its own.
    fn own_words(&self, event: Event) -> Message {
        let envelope = Envelope {
            seq: self.seen,
            event,
            at: self.clock.now(),
        };
        // An event of our own making always has a JSON form.
        Message::Text(encode(&envelope).unwrap_or_default())
    }

    async fn send_ping(&mut self) -> Result<(), End> {
        if self.unanswered_count >= UNANSWERED_MAX_COUNT {
            return Err(End::Gone);
        }
        self.unanswered_count += 1;
        self.incoming_count = 0;
        self.send(Message::Ping(bytes::Bytes::new())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(WRITE_DEADLINE, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Stuck),
        }
    }

    fn hear(&mut self, incoming: Option<Result<Message, Error>>) -> Result<(), End> {
        self.unanswered_count = 0;
        self.incoming_count += 1;
        if self.incoming_count > INCOMING_MAX_COUNT {
            return Err(End::Close(CloseCode::Policy, "too many messages"));
        }
        let advice = "send {\"subscribe\": [\"peers\", \"files\", \"stats\", \"downloads\"]}";
        match incoming {
            Some(Ok(Message::Text(text))) => match serde_json::from_str::<Subscribe>(&text) {
                Ok(wanted) => {
                    self.reader.topics = Topics::of(&wanted.subscribe);
                    Ok(())
                }
                Err(_) => Err(End::Close(CloseCode::Unsupported, advice)),
            },
            Some(Ok(Message::Binary(_))) => Err(End::Close(CloseCode::Unsupported, advice)),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(()),
            Some(Err(Error::Capacity(_))) => {
                Err(End::Close(CloseCode::Size, "a message has at most 64 KiB"))
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Gone),
        }
    }
}
