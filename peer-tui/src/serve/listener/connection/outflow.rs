//! A TCP stream that counts the bytes that the kernel has taken, and sends files where an answer
//! holds stand-ins for them.
//!
//! Knows no HTTP.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use crate::serve::stand_in::{StandIns, is_stand_in};

/// The stream.
#[derive(Debug)]
pub struct Outflow {
    stream: TcpStream,
    written: Arc<AtomicU64>,
    stand_ins: StandIns,
}

impl Outflow {
    /// Counts from zero.
    pub fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            written: Arc::default(),
            stand_ins: StandIns::default(),
        }
    }

    /// The count, also later on.
    pub fn written(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.written)
    }

    /// Where files are promised to it.
    pub fn stand_ins(&self) -> StandIns {
        self.stand_ins.clone()
    }

    fn count(&self, done: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = done {
            self.written.fetch_add(bytes as u64, Ordering::Relaxed);
        }
        done
    }

    /// Sends `plain` and then what `stand_in` stands for, so that a head and the bytes behind it
    /// leave together.
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        plain: &[IoSlice<'_>],
        stand_in: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_write_ready(cx))?;
            let sending = || self.send(plain, stand_in);
            match self.stream.try_io(Interest::WRITABLE, sending) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }

    fn send(&self, plain: &[IoSlice<'_>], stand_in: &[u8]) -> io::Result<usize> {
        let mut sent = 0;
        if !plain.is_empty() {
            let flags = SendFlags::MORE | SendFlags::NOSIGNAL;
            let mut nothing = SendAncillaryBuffer::default();
            sent = sendmsg(&self.stream, plain, &mut nothing, flags)?;
            if sent < plain.iter().map(|part| part.len()).sum() {
                return Ok(sent);
            }
        }
        match self.stand_ins.send(stand_in, &self.stream) {
            Ok(bytes) => Ok(sent + bytes),
            // What has left counts first; the next write meets the error again.
            Err(_) if sent > 0 => Ok(sent),
            Err(error) => Err(error),
        }
    }
}

impl AsyncRead for Outflow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Outflow {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = parts.iter().position(|part| is_stand_in(part));
        let done = match first {
            Some(first) => self.poll_send(cx, &parts[..first], &parts[first]),
            None => Pin::new(&mut self.stream).poll_write_vectored(cx, parts),
        };
        self.count(done)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
