//! Bodies, read with a cap, a deadline and a check of what they claim to be. Nothing else in the
//! index reads a body.
//!
//! Must not know which call a body belongs to.

mod json;

use std::pin::Pin;
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures::{Stream, StreamExt};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use prometheus_client::metrics::counter::Counter;
use protocol::limits::JSON_BODY_MAX_BYTES;
use protocol::problem::Slug;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

pub use self::json::{JSON_MAX_DEPTH, parse_json};
use crate::clock::Clock;
use crate::command::Refusal;

/// A body that sends nothing for so long is given up: a phone on a bad network still sends
/// something every few seconds.
pub const BODY_PROGRESS_SECS: u64 = 15;
/// A JSON body is there as a whole after so long: its 1 MiB needs 70 KiB a second.
pub const JSON_BODY_SECS: u64 = 15;
/// A body without a cap comes at this rate at least, over [`PACE_SECS`] of waiting for it.
pub const PACE_MIN_BYTES_A_SEC: u64 = 1024;
/// Long enough that a moment without a network does no harm.
pub const PACE_SECS: u64 = 30;
/// What is read and thrown away after an early refusal, so that the caller gets to read it (a
/// connection closed on unread bytes is reset).
const DRAIN_MAX_BYTES: usize = 4 * 1024 * 1024;
const DRAIN_SECS: u64 = 2;

/// The bytes of a request, as they come.
pub struct RequestBody {
    chunks: Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send + Sync>>,
    clock: Clock,
    pace: Pace,
}

/// What came in the time that was spent waiting for it; the time that handling took is not its
/// sender's fault.
#[derive(Debug, Default)]
struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// Counts what came; `false` once it was too little for too long.
    fn keeps_up(&mut self, waited: Duration, bytes: usize) -> bool {
        self.waited += waited;
        self.bytes += bytes as u64;
        if self.waited < Duration::from_secs(PACE_SECS) {
            return true;
        }
        let least = PACE_MIN_BYTES_A_SEC * self.waited.as_secs();
        std::mem::take(self).bytes >= least
    }
}

impl std::fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RequestBody")
    }
}

impl RequestBody {
    /// Takes over the stream of warp; its bytes are added to `read_bytes` as they are read.
    pub fn new<S, B>(stream: S, read_bytes: Counter) -> Self
    where
        S: Stream<Item = Result<B, warp::Error>> + Send + Sync + 'static,
        B: Buf,
    {
        let chunks = stream.map(move |item| {
            item.map(|mut buf| {
                read_bytes.inc_by(buf.remaining() as u64);
                buf.copy_to_bytes(buf.remaining())
            })
        });
        Self {
            chunks: Box::pin(chunks),
            clock: Clock::default(),
            pace: Pace::default(),
        }
    }

    /// The next bytes, `None` at the end.
    ///
    /// # Errors
    /// `request-timeout` without progress for [`BODY_PROGRESS_SECS`], `invalid-request` when the
    /// body breaks off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        let wait = Duration::from_secs(BODY_PROGRESS_SECS);
        match timeout(wait, self.chunks.next()).await {
            Ok(None) => Ok(None),
            Ok(Some(Ok(bytes))) => Ok(Some(bytes)),
            Ok(Some(Err(_))) => Err(Refusal::new(
                Slug::InvalidRequest,
                "the body broke off before its end",
            )),
            Err(_) => Err(Refusal::new(
                Slug::RequestTimeout,
                format!("nothing of the body came for {BODY_PROGRESS_SECS} s"),
            )),
        }
    }

    /// The same for a body of any length: it must come at a least rate.
    ///
    /// # Errors
    /// Those of [`Self::next`], and `request-timeout` below [`PACE_MIN_BYTES_A_SEC`].
    pub async fn next_in_pace(&mut self) -> Result<Option<Bytes>, Refusal> {
        let asked_at = self.clock.instant();
        let next = self.next().await?;
        let waited = self.clock.instant() - asked_at;
        let count = next.as_ref().map_or(0, Bytes::len);
        if next.is_none() || self.pace.keeps_up(waited, count) {
            return Ok(next);
        }
        let detail = format!(
            "the body came at less than {PACE_MIN_BYTES_A_SEC} bytes a second for {PACE_SECS} s"
        );
        Err(Refusal::new(Slug::RequestTimeout, detail))
    }

    /// Reads on for a moment after a refusal, so that the answer is not lost in a reset.
    pub async fn drain(&mut self) {
        let reading = async {
            let mut left = DRAIN_MAX_BYTES;
            while let Some(Ok(bytes)) = self.chunks.next().await {
                let Some(rest) = left.checked_sub(bytes.len()) else {
                    break;
                };
                left = rest;
            }
        };
        let _ = timeout(Duration::from_secs(DRAIN_SECS), reading).await;
    }

    /// The whole body as JSON of the type `T`.
    ///
    /// # Errors
    /// `unsupported-media-type`, `body-too-large`, `invalid-json` (no JSON) or `invalid-field`
    /// (JSON of another shape), and those of [`Self::next`].
    pub async fn json<T: DeserializeOwned>(&mut self, headers: &HeaderMap) -> Result<T, Refusal> {
        require_plain(headers)?;
        require_json_type(headers)?;
        // Before the first look at the body, which asks for it (`Expect: 100-continue`).
        if declared_bytes(headers).is_some_and(|bytes| bytes > JSON_BODY_MAX_BYTES as u64) {
            return Err(too_large());
        }
        let wait = Duration::from_secs(JSON_BODY_SECS);
        let whole = timeout(wait, self.whole_json()).await.map_err(|_| {
            let detail = format!("the body was not there as a whole after {JSON_BODY_SECS} s");
            Refusal::new(Slug::RequestTimeout, detail)
        })?;
        parse_json(&whole?)
    }

    async fn whole_json(&mut self) -> Result<Vec<u8>, Refusal> {
        let mut whole = Vec::new();
        while let Some(bytes) = self.next().await? {
            if whole.len() + bytes.len() > JSON_BODY_MAX_BYTES {
                self.drain().await;
                return Err(too_large());
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(whole)
    }
}

fn too_large() -> Refusal {
    Refusal::new(
        Slug::BodyTooLarge,
        format!("a JSON body has at most {JSON_BODY_MAX_BYTES} bytes"),
    )
}

/// How long the body says it is.
fn declared_bytes(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The type without parameters, lower case; empty where there is none.
fn media_type(headers: &HeaderMap) -> String {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|essence| essence.trim().to_ascii_lowercase())
        .unwrap_or_default()
}

/// Browsers send JSON without this header from any page; so it is asked for.
/// Nothing here unpacks a body.
fn require_plain(headers: &HeaderMap) -> Result<(), Refusal> {
    let packed = headers.get_all(CONTENT_ENCODING).iter().find(|encoding| {
        let text = encoding.as_bytes();
        !text.is_empty() && !text.eq_ignore_ascii_case(b"identity")
    });
    packed.map_or(Ok(()), |encoding| {
        let named = String::from_utf8_lossy(encoding.as_bytes()).into_owned();
        Err(Refusal::new(
            Slug::UnsupportedMediaType,
            format!("send the body as it is, without the header Content-Encoding: {named}"),
        ))
    })
}

fn require_json_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let essence = media_type(headers);
    let is_json = essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    is_json.then_some(()).ok_or_else(|| {
        Refusal::new(
            Slug::UnsupportedMediaType,
            "send the body as JSON, with the header Content-Type: application/json",
        )
    })
}

/// The same for a body of lines.
///
/// # Errors
/// `unsupported-media-type`.
pub fn require_ndjson_type(headers: &HeaderMap) -> Result<(), Refusal> {
    require_plain(headers)?;
    let known = [
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/json",
    ];
    known
        .contains(&media_type(headers).as_str())
        .then_some(())
        .ok_or_else(|| {
            Refusal::new(
                Slug::UnsupportedMediaType,
                "send one JSON object a line, with the header Content-Type: application/x-ndjson",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::peer::RegisterRequest;

    /// A body of so many bytes, each of which takes `every` to come.
    fn trickle(count: usize, every: Duration) -> RequestBody {
        let ticks = tokio::time::interval(every);
        RequestBody::new(
            futures::stream::unfold(ticks, |mut ticks| async move {
                ticks.tick().await;
                Some((Ok::<_, warp::Error>(Bytes::from_static(b" ")), ticks))
            })
            .take(count),
            Counter::default(),
        )
    }

    fn now() -> tokio::time::Instant {
        Clock::default().instant()
    }

    #[tokio::test(start_paused = true)]
    async fn a_json_body_has_a_deadline_however_it_trickles() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        let started = now();
        let mut slow = trickle(1_000, Duration::from_secs(1));
        let refusal = slow.json::<RegisterRequest>(&headers).await.unwrap_err();
        assert_eq!(refusal.slug, Slug::RequestTimeout, "{refusal:?}");
        assert_eq!((now() - started).as_secs(), JSON_BODY_SECS);
        let mut slow_but_short = trickle(14, Duration::from_secs(1));
        let read = slow_but_short.json::<RegisterRequest>(&headers).await;
        assert_eq!(read.unwrap_err().slug, Slug::InvalidJson, "it was read");
    }

    #[tokio::test]
    async fn a_body_that_says_it_is_too_large_is_not_looked_at() {
        let unseen = futures::stream::poll_fn(|_| -> std::task::Poll<Option<Result<Bytes, _>>> {
            panic!("that asks for the body")
        });
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        headers.insert(CONTENT_LENGTH, (JSON_BODY_MAX_BYTES + 1).into());
        let mut body = RequestBody::new(unseen, Counter::default());
        let refusal = body.json::<RegisterRequest>(&headers).await.unwrap_err();
        assert_eq!(refusal.slug, Slug::BodyTooLarge);
        headers.insert(CONTENT_LENGTH, JSON_BODY_MAX_BYTES.into());
        let mut at_most = trickle(1, Duration::from_millis(1));
        let read = at_most.json::<RegisterRequest>(&headers).await;
        assert_eq!(read.unwrap_err().slug, Slug::InvalidJson, "it was read");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_of_any_length_keeps_a_least_rate() {
        let started = now();
        let mut slow = trickle(1_000, Duration::from_secs(1));
        let refusal = loop {
            match slow.next_in_pace().await {
                Ok(more) => assert!(more.is_some(), "it was read to its end"),
                Err(refusal) => break refusal,
            }
        };
        assert_eq!(refusal.slug, Slug::RequestTimeout, "{refusal:?}");
        assert_eq!((now() - started).as_secs(), PACE_SECS);
        // Just fast enough, for minutes.
        let mut steady = trickle(300_000, Duration::from_micros(970));
        while steady.next_in_pace().await.unwrap().is_some() {}
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_the_index_takes_is_not_that_of_the_sender() {
        let endless =
            futures::stream::repeat_with(|| Ok::<_, warp::Error>(Bytes::from_static(b" ")));
        let mut body = RequestBody::new(endless, Counter::default());
        for _ in 0..10 {
            assert!(body.next_in_pace().await.is_ok());
            tokio::time::advance(Duration::from_mins(1)).await;
        }
    }
}
