//! One socket of the feed: greets, sends what is new, listens, and gives up on a reader that does
//! not read. One task a socket; it holds a place in the shared ring, and of what is on its way only
//! pointers to frames that all readers share.

mod eviction;
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
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use self::eviction::{Wire, close_frame};
use crate::clock::Clock;
use crate::feed::held::frame;
use crate::feed::outbox::Outbox;
use crate::feed::ring::Catch;
use crate::feed::topics::Topics;
use crate::feed::{Feed, Signal};
use crate::http::head_guard::HeadGuard;
use crate::http::listener::Connection;
use crate::metrics::Metrics;
use crate::view::Vantage;

/// A portion that cannot be written in this time has a reader that does not read.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);
const PING_EVERY: Duration = Duration::from_secs(30);
/// The first ping comes up to this much sooner: sockets that all came back in the second after a
/// restart are not all pinged in one second for ever.
const PING_SPREAD: Duration = Duration::from_secs(15);
/// Pings without a sign of life before the socket is given up.
const UNANSWERED_MAX_COUNT: u32 = 2;
/// Why a socket is closed that may be opened again.
const UNANSWERED: &str = "the reader answers no ping; connect again";
const EVICTED: &str = "the reader does not read; connect again";
/// Messages of a client between two pings; it has nothing to say but what it subscribes to.
const INCOMING_MAX_COUNT: u32 = 600;
/// Events sent before the socket is listened to again.
const PORTION_MAX_COUNT: usize = 64;
/// A portion ends after this much: a reader that gets it within the deadline is not stuck.
const PORTION_MAX_BYTES: usize = 16 * 1024;
/// One reader in so many tells how long an event took to it: the figures of all would cost more
/// than sending.
const TELLS_ONE_IN: u64 = 16;
/// What a client did that no WebSocket client may do (RFC 6455, section 7.4.1).
const BROKEN: &str = "that was no frame of a WebSocket client";
const NOT_UTF8: &str = "a text is UTF-8";
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
    /// The other side closes it: the answer to that is still to be sent.
    Answer,
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
    outbox: Outbox,
    tells: bool,
    unanswered_count: u32,
    incoming_count: u32,
}

impl<S> Drop for Session<S> {
    fn drop(&mut self) {
        self.reader.metrics.ws_readers.dec();
    }
}

impl<S: Wire> Session<S> {
    fn new(socket: WebSocketStream<S>, reader: Reader) -> Self {
        reader.metrics.ws_readers.inc();
        let number = reader.metrics.ws_opened.inc();
        let clock = Clock::default();
        let first_ping = PING_EVERY.saturating_sub(PING_SPREAD.mul_f64(rand::random()));
        let mut ping = interval_at(clock.deadline(first_ping), PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            socket,
            signal: reader.feed.signal(),
            seen: reader.hello.seq,
            reader,
            ping,
            clock,
            outbox: Outbox::default(),
            tells: number.is_multiple_of(TELLS_ONE_IN),
            unanswered_count: 0,
            incoming_count: 0,
        }
    }

    async fn run(mut self) {
        let end = match self.talk().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        match end {
            End::Gone => {}
            End::Answer => self.close(None).await,
            End::Close(code, reason) => {
                let reason = Utf8Bytes::from_static(reason);
                self.close(Some(CloseFrame { code, reason })).await;
            }
            End::Stuck => self.evict().await,
        }
    }

    /// Ends the socket as the protocol asks: with our close frame and the answer to it, or with our
    /// answer, which waits within the protocol; then the connection under it.
    async fn close(&mut self, ours: Option<CloseFrame>) {
        let closing = async {
            match ours {
                Some(frame) => {
                    // A frame that was begun is ended first: what follows would be read as its rest.
                    self.write().await?;
                    self.socket.close(Some(frame)).await?;
                    // The other side answers with its own; what it sent before is passed over.
                    while let Some(Ok(_)) = self.socket.next().await {}
                }
                None => self.socket.flush().await?,
            }
            hang_up(self.socket.get_mut()).await;
            Ok::<_, Error>(())
        };
        let _ = timeout(CLOSE_WAIT, closing).await;
    }

    /// Lets a reader go that does not read: what was not begun is dropped, and what it finds once
    /// it reads ends with the reason.
    async fn evict(mut self) {
        self.reader.metrics.ws_evicted.inc();
        // What the protocol itself has to say (a ping) is small: the kernel had all of it or none.
        let mut last = self.outbox.keep_begun();
        last.extend_from_slice(&close_frame(CloseCode::Again, EVICTED));
        let stream = self.socket.get_mut();
        if !stream.push_through(&last) {
            return;
        }
        let _ = timeout(CLOSE_WAIT, hang_up(stream)).await;
    }

    async fn talk(&mut self) -> Result<std::convert::Infallible, End> {
        self.greet().await?;
        loop {
            let signal = self.signal.borrow_and_update().clone();
            let has_more = self.send_portion().await?;
            if let Some(reason) = signal.goodbye.filter(|_| !has_more) {
                let reason = reason.to_string();
                self.own_words(Event::Goodbye(Goodbye { reason }));
                self.send().await?;
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
        self.own_words(Event::Hello(self.reader.hello.clone()));
        self.send().await
    }

    /// Sends the next events; tells whether there may be more.
    async fn send_portion(&mut self) -> Result<bool, End> {
        let events = match self.reader.feed.after(self.seen, PORTION_MAX_COUNT) {
            Catch::Events(events) => events,
            Catch::Lost { missed, last_seq } => {
                self.reader.metrics.ws_resyncs.inc();
                self.seen = last_seq;
                self.own_words(Event::Resync(Resync { missed }));
                self.send().await?;
                return Ok(true);
            }
        };
        let (mut count, mut bytes) = (0, 0);
        let mut last_at = None;
        for event in &events {
            count += 1;
            self.seen = event.seq();
            if self.reader.topics.takes(event.topic())
                && let Some(frame) = event.frame(&self.reader.vantage)
            {
                last_at = Some(event.at());
                bytes += frame.len();
                self.outbox.push(frame);
                if bytes >= PORTION_MAX_BYTES {
                    break;
                }
            }
        }
        let has_more = count < events.len() || count == PORTION_MAX_COUNT;
        drop(events);
        self.send().await?;
        if let Some(at) = last_at.filter(|_| self.tells) {
            let took = self.clock.now().duration_since(at).as_secs_f64();
            self.reader.metrics.fan_out_seconds.observe(took.max(0.0));
        }
        Ok(has_more)
    }

    /// Puts in a message that is for this reader alone; it takes no number of its own.
    fn own_words(&mut self, event: Event) {
        let envelope = Envelope {
            seq: self.seen,
            event,
            at: self.clock.now(),
        };
        // An event of our own making always has a JSON form.
        self.outbox.extend(frame(&envelope));
    }

    async fn send_ping(&mut self) -> Result<(), End> {
        if self.unanswered_count >= UNANSWERED_MAX_COUNT {
            return Err(End::Close(CloseCode::Again, UNANSWERED));
        }
        self.unanswered_count += 1;
        self.incoming_count = 0;
        let ping = Message::Ping(bytes::Bytes::new());
        match timeout(WRITE_DEADLINE, self.socket.send(ping)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Stuck),
        }
    }

    /// Sends what is in the outbox.
    async fn send(&mut self) -> Result<(), End> {
        if self.outbox.is_empty() {
            return Ok(());
        }
        match timeout(WRITE_DEADLINE, self.write()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Stuck),
        }
    }

    /// Writes the outbox past the protocol, which has nothing to add to whole frames; but what it
    /// has itself begun to write (an answer to a ping) is ended first.
    async fn write(&mut self) -> Result<(), Error> {
        self.socket.flush().await?;
        self.outbox.write_to(self.socket.get_mut()).await?;
        Ok(())
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
            Some(Ok(Message::Close(_))) => Err(End::Answer),
            Some(Err(Error::Utf8(_))) => Err(End::Close(CloseCode::Invalid, NOT_UTF8)),
            Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => {
                Err(End::Gone)
            }
            Some(Err(Error::Protocol(_))) => Err(End::Close(CloseCode::Protocol, BROKEN)),
            Some(Err(_)) | None => Err(End::Gone),
        }
    }
}

/// Ends a connection on which all is said, once the other side has ended it, too.
async fn hang_up(stream: &mut impl Wire) {
    let _ = stream.shutdown().await;
    // A socket that is closed over unread bytes drops what it has still to send.
    let mut unheard = [0; READ_BUFFER_BYTES];
    while stream.read(&mut unheard).await.is_ok_and(|count| count > 0) {}
}
