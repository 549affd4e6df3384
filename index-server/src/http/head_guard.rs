//! A connection's bytes on their way into hyper, watched for two things that hyper does not do:
//! heads that two servers could read differently (request smuggling) are marked, and a head that
//! comes drop by drop is cut while an idle connection may wait longer.

pub mod scanner;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use self::scanner::{Place, Scanner};

/// A whole head must have come so long after its first byte (and the first one so long after the
/// connection).
pub const HEAD_READ: Duration = Duration::from_secs(10);
/// A kept connection may be silent for so long between two requests.
pub const KEEP_ALIVE_IDLE: Duration = Duration::from_mins(1);

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
}

impl HeadGuard {
    /// Watches `stream` from its first byte on.
    pub fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            scanner: Scanner::default(),
            verdict: Verdict::default(),
            place: Place::Head,
            timer: Box::pin(tokio::time::sleep(HEAD_READ)),
        }
    }

    /// What was seen so far, also later on.
    pub fn verdict(&self) -> Verdict {
        self.verdict.clone()
    }

    /// The stream itself, for its options.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
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
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
