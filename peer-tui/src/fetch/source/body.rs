//! The bytes of one range, as a source sends them: over a connection of our own, or through the
//! HTTP client where the source sends in chunks.
//!
//! What is no answer to the range is a fault before its first byte. Knows no piece.

use std::time::Duration;

use bytes::{Buf as _, Bytes};
use protocol::routes;
use reqwest::Response;

use super::answer::check_part;
use super::head::End;
use super::line::Answer;
use super::pace::Pace;
use super::{ByteRange, Fault, Http, Place, broke_off, innermost, range_of};

/// Bytes taken at once.
const READ_MAX_BYTES: usize = 1024 * 1024;
/// Under a limit of ours, smaller steps make a smoother stream.
const LIMITED_READ_BYTES: usize = 32 * 1024;
/// More bytes than were asked for are waited for so long.
const MORE_WAIT: Duration = Duration::from_secs(1);

/// Bytes on their way.
pub(super) enum Body {
    Line(Box<Answer>),
    Client { response: Response, rest: Bytes },
}

impl Body {
    /// Asks, and waits for the head of the answer.
    pub(super) async fn ask(
        http: &Http,
        place: &Place,
        range: ByteRange,
        size_bytes: u64,
    ) -> Result<Self, Fault> {
        let turn = http
            .lines
            .ask(place, range, &http.timing, &http.own_id)
            .await?;
        let answer = turn.answer(place, &http.timing).await?;
        let head = &answer.head;
        check_part(head.status, &head.headers, &place.hash, (range, size_bytes))?;
        if head.end != End::Chunks {
            return Ok(Self::Line(Box::new(answer)));
        }
        answer.end();
        let path = routes::content(&place.hash);
        let response = http.get(place, &path, range_of(range)).await?;
        let (status, headers) = (response.status(), response.headers());
        check_part(status, headers, &place.hash, (range, size_bytes))?;
        let rest = Bytes::new();
        Ok(Self::Client { response, rest })
    }

    /// Appends the next bytes, at most `most` and at least one, in time and within the limits.
    pub(super) async fn read(
        &mut self,
        http: &Http,
        place: &Place,
        speed: &mut Pace,
        (into, most): (&mut Vec<u8>, usize),
    ) -> Result<u64, Fault> {
        let step = if http.is_limited(&place.limit) {
            LIMITED_READ_BYTES
        } else {
            READ_MAX_BYTES
        };
        let reading = self.read_some(into, most.min(step));
        let count = match speed.wait(reading).await? {
            Ok(0) => return Err(Fault::Broken("broke off".to_owned())),
            Ok(count) => count as u64,
            Err(why) => return Err(Fault::Broken(why)),
        };
        http.count(&place.limit, count, speed).await?;
        Ok(count)
    }

    async fn read_some(&mut self, into: &mut Vec<u8>, most: usize) -> Result<usize, String> {
        match self {
            Self::Line(answer) => {
                let read = answer.read(into, most).await;
                read.map_err(|error| broke_off(&error.to_string()))
            }
            Self::Client { response, rest } => {
                while rest.is_empty() {
                    let chunk = response.chunk().await;
                    match chunk.map_err(|error| innermost(&error))? {
                        Some(chunk) => *rest = chunk,
                        None => return Ok(0),
                    }
                }
                let count = most.min(rest.len());
                into.extend_from_slice(&rest[..count]);
                rest.advance(count);
                Ok(count)
            }
        }
    }

    /// Whether the next range on the same connection can begin before this one is verified.
    pub(super) fn is_bounded(&self) -> bool {
        matches!(self, Self::Line(answer) if answer.is_bounded())
    }

    /// All that was asked for has come: the connection can be used again. More bytes are a lie.
    pub(super) async fn end(mut self) -> Result<(), Fault> {
        if !self.is_bounded() {
            let mut more = Vec::new();
            let reading = self.read_some(&mut more, 1);
            // How the connection ends is all the same.
            if let Ok(Ok(1)) = tokio::time::timeout(MORE_WAIT, reading).await {
                return Err(Fault::Lied("sent more than was asked for".to_owned()));
            }
        }
        self.leave();
        Ok(())
    }

    /// The rest is not needed.
    pub(super) fn leave(self) {
        if let Self::Line(answer) = self {
            answer.end();
        }
    }
}
