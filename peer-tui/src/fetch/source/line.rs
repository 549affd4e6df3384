//! A connection to one source over which one range is asked for behind the other: the next request
//! leaves while the last answer comes, so that the source never waits for us, and answers come in
//! the order in which they were asked for.
//!
//! Whoever asked holds a [`Turn`]: the reading end goes from turn to turn. Bytes go from the socket
//! straight to where they are wanted. Knows HTTP/1.1 (RFC 9112), no pieces and no plan.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf as _, BufMut as _, BytesMut};
use protocol::ids::PeerId;
use protocol::routes;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::head::{BadHead, End, HEAD_MAX_BYTES, Head, parse};
use super::{ByteRange, Fault, Place, broke_off};
use crate::fetch::limits::Timing;

/// The reading end of a connection, at the front of an answer.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) stream: Arc<TcpStream>,
    /// What came with a head and stands behind it.
    rest: BytesMut,
}

/// What one turn leaves to the next; nothing at all when it failed.
#[derive(Debug)]
pub(super) enum Left {
    /// The connection goes on.
    Open(Reader),
    /// It does not, and nobody is to blame.
    Closed,
}

/// The right to read the answer to one request, once those before it have been read.
#[derive(Debug)]
pub(super) struct Turn {
    /// Where the request was written.
    pub(super) stream: Arc<TcpStream>,
    pub(super) request: String,
    /// The turn before; `None`: the connection is new.
    pub(super) before: Option<oneshot::Receiver<Left>>,
    pub(super) after: oneshot::Sender<Left>,
}

/// An answer whose head has come.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) head: Head,
    reader: Reader,
    after: oneshot::Sender<Left>,
    /// Bytes of the body that were not read.
    left_bytes: u64,
}

/// The request for a range of a content. Whatever comes is compared with its hash: a source that is
/// told so need not copy it.
pub(super) fn request_of(place: &Place, range: ByteRange, own_id: &PeerId) -> String {
    format!(
        "GET {} HTTP/1.1\r\nhost: {}\r\nuser-agent: peer-tui/{}\r\naccept: */*\r\n\
         accept-encoding: identity\r\nwant-repr-digest: sha-256=9\r\n{}: {own_id}\r\n\
         range: {}\r\n\r\n",
        routes::content(&place.hash),
        place.address,
        env!("CARGO_PKG_VERSION"),
        routes::PEER_ID_HEADER,
        range.to_range_header(),
    )
}

/// A new connection.
pub(super) async fn connect(place: &Place, wait: Duration) -> Result<Arc<TcpStream>, Fault> {
    let connected = timeout(wait, TcpStream::connect(place.address)).await;
    match connected {
        Ok(Ok(stream)) if stream.set_nodelay(true).is_ok() => Ok(Arc::new(stream)),
        _ => Err(Fault::Unreachable("does not take connections".to_owned())),
    }
}

/// Sends a request; it is short, so a connection that does not take it at once is of no use.
pub(super) async fn send(stream: &TcpStream, request: &str, wait: Duration) -> io::Result<()> {
    let sending = async {
        let mut left = request.as_bytes();
        while !left.is_empty() {
            stream.writable().await?;
            match stream.try_write(left) {
                Ok(count) => left.advance(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    };
    timeout(wait, sending).await?
}

impl Reader {
    pub(super) fn new(stream: Arc<TcpStream>) -> Self {
        Self {
            stream,
            rest: BytesMut::new(),
        }
    }

    /// The next head that is not an interim one.
    async fn head(&mut self) -> Result<Head, HeadFault> {
        loop {
            if let Some((head, length)) = parse(&self.rest)? {
                self.rest.advance(length);
                // 101 is no interim answer: nobody asked for another protocol.
                if head.status.is_informational() && head.status.as_u16() != 101 {
                    continue;
                }
                return Ok(head);
            }
            let room = HEAD_MAX_BYTES - self.rest.len();
            let is_first = self.rest.is_empty();
            self.rest.reserve(room);
            match read_some(&self.stream, &mut self.rest, room).await {
                Ok(0) if is_first => return Err(HeadFault::Closed),
                Ok(0) => return Err(HeadFault::Broken("unexpected end".to_owned())),
                Ok(_) => {}
                Err(_) if is_first => return Err(HeadFault::Closed),
                Err(error) => return Err(HeadFault::Broken(error.to_string())),
            }
        }
    }

    /// Appends at most `most` bytes of the body; 0 at the end of the connection.
    async fn read(&mut self, into: &mut Vec<u8>, most: usize) -> io::Result<usize> {
        if self.rest.is_empty() {
            into.reserve(most);
            return read_some(&self.stream, into, most).await;
        }
        let count = most.min(self.rest.len());
        into.extend_from_slice(&self.rest[..count]);
        self.rest.advance(count);
        Ok(count)
    }
}

/// Why no head came.
enum HeadFault {
    /// The connection ended before its first byte.
    Closed,
    Broken(String),
}

impl From<BadHead> for HeadFault {
    fn from(bad: BadHead) -> Self {
        Self::Broken(bad.to_string())
    }
}

async fn read_some(
    stream: &TcpStream,
    into: &mut impl bytes::BufMut,
    most: usize,
) -> io::Result<usize> {
    loop {
        stream.readable().await?;
        match stream.try_read_buf(&mut (&mut *into).limit(most)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => return done,
        }
    }
}

impl Turn {
    /// The answer, once it is its turn.
    ///
    /// # Errors
    /// The [`Fault`].
    pub(super) async fn answer(self, place: &Place, timing: &Timing) -> Result<Answer, Fault> {
        let Self {
            stream,
            request,
            before,
            after,
        } = self;
        let broken = |why: &str| Fault::Broken(broke_off(why));
        let mut may_be_stale = before.is_some();
        let mut kept = match before {
            None => Some(Reader::new(stream.clone())),
            Some(before) => match before.await {
                Ok(Left::Open(reader)) => Some(reader),
                Ok(Left::Closed) => None,
                Err(_) => return Err(broken("with the answer before")),
            },
        };
        let mut is_sent = kept
            .as_ref()
            .is_some_and(|kept| Arc::ptr_eq(&kept.stream, &stream));
        drop(stream);
        loop {
            let mut reader = if let Some(reader) = kept.take() {
                reader
            } else {
                may_be_stale = false;
                Reader::new(connect(place, timing.connect).await?)
            };
            let asking = async {
                if !is_sent {
                    let sent = send(&reader.stream, &request, timing.first_byte).await;
                    sent.map_err(|_| HeadFault::Closed)?;
                }
                reader.head().await
            };
            match timeout(timing.first_byte, asking).await {
                Ok(Ok(head)) => return Ok(Answer::new(head, reader, after)),
                // It ended while nobody used it: another one is tried.
                Ok(Err(HeadFault::Closed)) if may_be_stale => is_sent = false,
                Ok(Err(HeadFault::Closed)) => return Err(broken("unexpected end")),
                Ok(Err(HeadFault::Broken(why))) => return Err(broken(&why)),
                Err(_) => return Err(Fault::Broken("did not answer in time".to_owned())),
            }
        }
    }
}

impl Answer {
    fn new(head: Head, reader: Reader, after: oneshot::Sender<Left>) -> Self {
        let left_bytes = match head.end {
            End::Length(length) => length,
            End::Close | End::Chunks => u64::MAX,
        };
        Self {
            head,
            reader,
            after,
            left_bytes,
        }
    }

    /// Appends the next bytes of the body, at most `most`; 0 when there are no more.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(super) async fn read(&mut self, into: &mut Vec<u8>, most: usize) -> io::Result<usize> {
        let most = usize::try_from(self.left_bytes).map_or(most, |left| left.min(most));
        if most == 0 {
            return Ok(0);
        }
        let count = self.reader.read(into, most).await?;
        self.left_bytes -= count as u64;
        Ok(count)
    }

    /// Whether the connection says by itself where the body ends.
    pub(super) const fn is_bounded(&self) -> bool {
        matches!(self.head.end, End::Length(_))
    }

    /// Nothing more of it is wanted: the next turn begins, on this connection where that can be.
    pub(super) fn end(self) {
        let goes_on = self.left_bytes == 0 && self.head.is_kept;
        let left = if goes_on {
            Left::Open(self.reader)
        } else {
            Left::Closed
        };
        // There may be no next one.
        let _ = self.after.send(left);
    }
}
