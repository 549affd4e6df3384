//! A connection's bytes on their way into and out of hyper, watched for what hyper does not do:
//! heads that two servers could read differently (request smuggling) are marked, a head that comes
//! drop by drop is cut while an idle connection may wait longer, and so is a client that does not
//! read its answer; and the bare refusal of a head that hyper cannot read gets its words.

pub mod refused;
pub mod scanner;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use self::refused::Refused;
use self::scanner::{Place, Scanner};

/// A whole head must have come so long after its first byte (and the first one so long after the
/// connection).
pub const HEAD_READ: Duration = Duration::from_secs(10);
/// The same for the first head while descriptors are short: enough for anybody who has something to
/// ask.
pub const HEAD_READ_HURRIED: Duration = Duration::from_secs(2);
/// A kept connection may be silent for so long between two requests.
pub const KEEP_ALIVE_IDLE: Duration = Duration::from_mins(1);

/// A client that takes nothing of an answer for so long is not reading it.
pub const WRITE_STALL: Duration = Duration::from_secs(30);
/// What is read and thrown away behind the last answer where a body was left unread: a connection
/// that is closed over unread bytes is reset, and its client may never see the answer.
const UNHEARD_MAX_BYTES: usize = 4 * 1024 * 1024;
const UNHEARD: Duration = Duration::from_secs(2);

/// Set for good once a head on the connection could be read in two ways.
#[derive(Debug, Clone, Default)]
pub struct Verdict(Arc<AtomicBool>);

impl Verdict {
    /// Whether such a head came.
    pub fn is_ambiguous(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A TCP stream whose heads are watched.
#[derive(Debug)]
pub struct HeadGuard {
    stream: TcpStream,
    scanner: Scanner,
    verdict: Verdict,
    place: Place,
    timer: Pin<Box<Sleep>>,
    /// Runs while an answer waits for the client.
    stall: Option<Pin<Box<Sleep>>>,
    /// What is written in place of a bare refusal of hyper, until it is out.
    refused: Option<Refused>,
    /// What may still be thrown away, once our side of the connection is closed.
    unheard_bytes: Option<usize>,
}

impl HeadGuard {
    /// Watches `stream` from its first byte on; the first head must have come after `first_wait`.
    pub fn new(stream: TcpStream, first_wait: Duration) -> Self {
        Self {
            stream,
            scanner: Scanner::default(),
            verdict: Verdict::default(),
            place: Place::Head,
            timer: Box::pin(tokio::time::sleep(first_wait)),
            stall: None,
            refused: None,
            unheard_bytes: None,
        }
    }

    /// What was seen so far, also later on.
    pub fn verdict(&self) -> Verdict {
        self.verdict.clone()
    }

    /// The stream, from here on unwatched: for what is no HTTP any more.
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Passes on the outcome of a write, or ends the wait for it.
    fn written(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if outcome.is_ready() {
            self.stall = None;
            return outcome;
        }
        let wait = || Box::pin(tokio::time::sleep(WRITE_STALL));
        let stall = self.stall.get_or_insert_with(wait);
        if stall.as_mut().poll(cx).is_ready() {
            let error = io::Error::new(io::ErrorKind::TimedOut, "the answer was not read in time");
            return Poll::Ready(Err(error));
        }
        Poll::Pending
    }

    /// Writes `buf`, or what stands for it.
    fn write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.refused.is_none() {
            self.refused = Refused::in_place_of(buf);
        }
        let Some(refused) = &mut self.refused else {
            return Pin::new(&mut self.stream).poll_write(cx, buf);
        };
        while !refused.rest().is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, refused.rest()))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            refused.advance(written);
        }
        self.refused = None;
        Poll::Ready(Ok(buf.len()))
    }

    /// Reads on for a moment, until the client has closed its side.
    fn throw_away(&mut self, cx: &mut Context<'_>, mut left: usize) -> Poll<()> {
        let mut scrap = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut scrap);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() && buf.filled().len() <= left => {
                    left -= buf.filled().len();
                    self.unheard_bytes = Some(left);
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.timer.as_mut().poll(cx),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.scanner.feed(bytes);
        if self.scanner.is_ambiguous() {
            self.verdict.0.store(true, Ordering::Release);
        }
        let place = self.scanner.place();
        // A head that began and ended within these bytes starts a new wait, too.
        if place != self.place || place == Place::Between {
            let wait = match place {
                Place::Head => HEAD_READ,
                Place::Between | Place::Body => KEEP_ALIVE_IDLE,
            };
            self.timer.as_mut().reset(Instant::now() + wait);
            self.place = place;
        }
    }
}

impl AsyncRead for HeadGuard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if read.is_ready() {
            let fresh = &buf.filled()[before..];
            self.take(fresh);
            return read;
        }
        // The time of a body is kept by who reads it.
        if self.place != Place::Body && self.timer.as_mut().poll(cx).is_ready() {
            let error = io::Error::new(io::ErrorKind::TimedOut, "no whole request head in time");
            return Poll::Ready(Err(error));
        }
        read
    }
}

impl AsyncWrite for HeadGuard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = self.write(cx, buf);
        self.written(cx, outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(left) = self.unheard_bytes {
            return self.throw_away(cx, left).map(Ok);
        }
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        if self.place != Place::Body {
            return Poll::Ready(Ok(()));
        }
        self.unheard_bytes = Some(UNHEARD_MAX_BYTES);
        self.timer.as_mut().reset(Instant::now() + UNHEARD);
        self.throw_away(cx, UNHEARD_MAX_BYTES).map(Ok)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = match bufs {
            [head] => self.write(cx, head),
            _ => Pin::new(&mut self.stream).poll_write_vectored(cx, bufs),
        };
        self.written(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn an_answer_before_the_end_of_a_body_is_not_lost_in_a_reset() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(address).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let serving = tokio::spawn(async move {
            let mut guard = HeadGuard::new(stream, HEAD_READ);
            let mut head = [0; 512];
            let _ = guard.read(&mut head).await.unwrap();
            guard.write_all(b"no").await.unwrap();
            guard.shutdown().await.unwrap();
        });
        let head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n";
        client.write_all(head).await.unwrap();
        client.write_all(&vec![b'x'; 3_000_000]).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "no");
        drop(client);
        serving.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_keeps_no_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(address).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let mut guard = HeadGuard::new(stream, HEAD_READ);
        let head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n";
        client.write_all(head).await.unwrap();
        let mut read = [0; 512];
        let _ = guard.read(&mut read).await.unwrap();
        let started = Instant::now();
        guard.shutdown().await.unwrap();
        assert_eq!(started.elapsed().as_secs(), UNHEARD.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_reads_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let mut guard = HeadGuard::new(stream, HEAD_READ);
        let started = Instant::now();
        let error = loop {
            if let Err(error) = guard.write_all(&[0; 16_384]).await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() >= WRITE_STALL);
    }
}
