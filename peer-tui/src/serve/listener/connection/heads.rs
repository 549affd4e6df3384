//! Where in its requests a client is: a head that has begun must end soon, between two of them a
//! connection may wait longer.
//!
//! Requests to a peer have no bodies; what is sent behind a head all the same counts as the
//! beginning of another one. Knows no socket; the clock is that of the runtime.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// A whole head must have come so long after its first byte, and the first one so long after the
/// connection.
pub const HEAD_READ: Duration = Duration::from_secs(10);

/// Where the next byte belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing has come.
    Start,
    /// Into a line of a head.
    Line,
    /// To the beginning of a further line, or the empty one that ends the head.
    NextLine,
    /// Behind a whole head.
    Between,
    /// To something that is no HTTP any more.
    Beyond,
}

impl Place {
    const fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Beyond, _) => Self::Beyond,
            (place, b'\r') => place,
            (Self::Line, b'\n') => Self::NextLine,
            (Self::NextLine, b'\n') => Self::Between,
            (place, b'\n') => place,
            _ => Self::Line,
        }
    }

    const fn is_in_head(self) -> bool {
        matches!(self, Self::Start | Self::Line | Self::NextLine)
    }
}

/// Watches what a client sends.
#[derive(Debug)]
pub struct Heads {
    place: Place,
    timer: Pin<Box<Sleep>>,
}

impl Default for Heads {
    fn default() -> Self {
        Self {
            place: Place::Start,
            timer: Box::pin(sleep(HEAD_READ)),
        }
    }
}

impl Heads {
    /// Takes what has come.
    pub fn take(&mut self, bytes: &[u8]) {
        let mut is_new = !self.place.is_in_head();
        for byte in bytes {
            self.place = self.place.after(*byte);
            is_new |= self.place == Place::Between;
        }
        if is_new && self.place.is_in_head() {
            self.timer.as_mut().reset(Instant::now() + HEAD_READ);
        }
    }

    /// What comes from now on is no HTTP any more.
    pub const fn end(&mut self) {
        self.place = Place::Beyond;
    }

    /// Ready once a head takes too long.
    pub fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.place.is_in_head() {
            return Poll::Pending;
        }
        self.timer.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn late_after(parts: &[(u64, &str)]) -> Option<u64> {
        let started = Instant::now();
        let mut heads = Heads::default();
        for (wait_secs, part) in parts {
            let late = std::future::poll_fn(|cx| heads.poll_late(cx));
            if tokio::time::timeout(Duration::from_secs(*wait_secs), late)
                .await
                .is_ok()
            {
                return Some(started.elapsed().as_secs());
            }
            heads.take(part.as_bytes());
        }
        let late = std::future::poll_fn(|cx| heads.poll_late(cx));
        let late = tokio::time::timeout(Duration::from_mins(9), late).await;
        late.is_ok().then(|| started.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_has_begun_must_end_and_a_silent_connection_may_wait() {
        const WHOLE: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        for (parts, expected) in [
            (&[][..], Some(10)),
            (&[(6, "GET / HT"), (6, "TP")], Some(10)),
            (&[(6, "GET / HT"), (3, "TP/1.1\r\n\r\n")], None),
            (&[(6, WHOLE)], None),
            (&[(6, WHOLE), (50, "GET")], Some(66)),
            (
                &[(6, WHOLE), (50, "\r\nGET / HTTP/1.1\r\n"), (9, "\r\n")],
                None,
            ),
            (
                &[(6, "GET / HTTP/1.1\r\n\r\nGET / "), (9, "HTTP/1.1\n\n")],
                None,
            ),
            (&[(6, "GET / HTTP/1.1\r\n\r\nGET / ")], Some(16)),
        ] {
            assert_eq!(late_after(parts).await, expected, "{parts:?}");
        }
    }
}
