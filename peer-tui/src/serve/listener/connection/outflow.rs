//! A TCP stream that counts the bytes that the kernel has taken, and sends files where an answer
//! holds stand-ins for them.
//!
//! Of HTTP it knows what the library below the handlers does not do: a head that comes drop by drop
//! ends the connection, and a head that cannot be read is refused in words.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use super::answers::Answers;
use super::heads::Heads;
use crate::serve::stand_in::{StandIns, is_stand_in};

/// The stream.
#[derive(Debug)]
pub struct Outflow {
    stream: TcpStream,
    written: Arc<AtomicU64>,
    stand_ins: StandIns,
    heads: Heads,
    answers: Answers,
    /// What is left of the words that go out in place of a bare refusal.
    words: Option<Bytes>,
}

impl Outflow {
    /// Counts from zero.
    pub fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            written: Arc::default(),
            stand_ins: StandIns::default(),
            heads: Heads::default(),
            answers: Answers::default(),
            words: None,
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

    /// Writes plain bytes, or the words that stand for them.
    fn poll_plain(
        &mut self,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Some(words) = &mut self.words else {
            return Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        };
        while !words.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, words))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => words.advance(written),
            }
        }
        self.words = None;
        Poll::Ready(Ok(parts.iter().map(|part| part.len()).sum()))
    }

    /// Looks at what is about to be written, where it may be the beginning of an answer.
    fn look(&mut self, parts: &[IoSlice<'_>]) {
        if let (None, Some(beginning)) = (&self.words, parts.first()) {
            if beginning.starts_with(b"HTTP/1.1 101") {
                self.heads.end();
            }
            let words = self.answers.look(beginning, parts.len() == 1);
            self.words = words.map(Bytes::from);
        }
    }

    fn count(&mut self, done: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = done {
            self.answers.wrote(bytes as u64);
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
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if read.is_ready() {
            self.heads.take(&buffer.filled()[before..]);
        } else if self.heads.poll_late(cx).is_ready() {
            let error = io::Error::new(io::ErrorKind::TimedOut, "no whole request head in time");
            return Poll::Ready(Err(error));
        }
        read
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
        self.look(parts);
        let first = parts.iter().position(|part| is_stand_in(part));
        let done = match first {
            Some(first) => self.poll_send(cx, &parts[..first], &parts[first]),
            None => self.poll_plain(cx, parts),
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

#[cfg(test)]
mod tests {
    use super::super::heads::HEAD_READ;
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_end_ends_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(address).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = Outflow::new(stream);
        client.write_all(b"GET / HT").await.unwrap();
        let started = Instant::now();
        let mut buffer = [0; 64];
        let error = loop {
            if let Err(error) = stream.read(&mut buffer).await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(
            started.elapsed() <= HEAD_READ * 2,
            "{:?}",
            started.elapsed()
        );
    }
}
