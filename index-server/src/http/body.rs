//! Bodies, read with a cap, a deadline and a check of what they claim to be. Nothing else in the
//! index reads a body.
//!
//! Must not know which call a body belongs to.

use std::pin::Pin;
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures::{Stream, StreamExt};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use protocol::limits::JSON_BODY_MAX_BYTES;
use protocol::problem::Slug;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::time::timeout;

use crate::command::Refusal;
use crate::http::pointer::pointer_at;

/// A body that sends nothing for so long is given up: a phone on a bad network still sends
/// something every few seconds.
pub const BODY_PROGRESS_SECS: u64 = 15;
/// JSON of the contract is at most four deep; deeper than this is an attack on the parser.
pub const JSON_MAX_DEPTH: usize = 32;
/// What is read and thrown away after an early refusal, so that the caller gets to read it (a
/// connection closed on unread bytes is reset).
const DRAIN_MAX_BYTES: usize = 4 * 1024 * 1024;
const DRAIN_SECS: u64 = 2;

/// The bytes of a request, as they come.
pub struct RequestBody {
    chunks: Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send + Sync>>,
}

impl std::fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RequestBody")
    }
}

impl RequestBody {
    /// Takes over the stream of warp.
    pub fn new<S, B>(stream: S) -> Self
    where
        S: Stream<Item = Result<B, warp::Error>> + Send + Sync + 'static,
        B: Buf,
    {
        let chunks = stream.map(|item| item.map(|mut buf| buf.copy_to_bytes(buf.remaining())));
        Self {
            chunks: Box::pin(chunks),
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
        require_json_type(headers)?;
        let mut whole = Vec::new();
        while let Some(bytes) = self.next().await? {
            if whole.len() + bytes.len() > JSON_BODY_MAX_BYTES {
                self.drain().await;
                return Err(Refusal::new(
                    Slug::BodyTooLarge,
                    format!("a JSON body has at most {JSON_BODY_MAX_BYTES} bytes"),
                ));
            }
            whole.extend_from_slice(&bytes);
        }
        parse_json(&whole)
    }
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

/// Reads one JSON object: first as JSON in UTF-8, then as `T`.
///
/// # Errors
/// `invalid-json` or `invalid-field`, with a pointer where the place is known.
pub fn parse_json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Refusal> {
    if !is_shallow(bytes) {
        return Err(Refusal::new(
            Slug::InvalidJson,
            format!("JSON nests at most {JSON_MAX_DEPTH} deep here"),
        ));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Refusal::new(Slug::InvalidJson, format!("JSON is UTF-8: {error}")))?;
    // A derived reader would take an array, too, for the fields one after the other.
    let is_object = text.trim_ascii_start().starts_with('{');
    let error = match serde_json::from_str(text) {
        Ok(value) if is_object => return Ok(value),
        Ok(_) => None,
        Err(error) => Some(error),
    };
    if let Err(syntax) = serde_json::from_str::<IgnoredAny>(text) {
        return Err(Refusal::new(Slug::InvalidJson, syntax.to_string()));
    }
    let Some(error) = error.filter(|_| is_object) else {
        return Err(Refusal::new(
            Slug::InvalidField,
            "the call takes a JSON object, with its fields by name: {\"field\": value, ...}",
        ));
    };
    let refusal = Refusal::new(Slug::InvalidField, error.to_string());
    Err(match pointer_at(bytes, &error) {
        Some(pointer) => refusal.at(pointer),
        None => refusal,
    })
}

/// Whether brackets nest no deeper than allowed; strings are skipped.
fn is_shallow(bytes: &[u8]) -> bool {
    let openings = memchr::memchr2_iter(b'[', b'{', bytes);
    if openings.take(JSON_MAX_DEPTH + 1).count() <= JSON_MAX_DEPTH {
        return true;
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in bytes {
        if in_string {
            in_string = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > JSON_MAX_DEPTH {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::file::{FileRegistration, LookupRequest};
    use protocol::peer::RegisterRequest;

    fn check(body: &str, slug: Slug, pointer: Option<&str>) {
        let refusal = parse_json::<RegisterRequest>(body.as_bytes()).unwrap_err();
        assert_eq!(refusal.slug, slug, "{body}: {refusal:?}");
        assert_eq!(refusal.pointer.as_deref(), pointer, "{body}: {refusal:?}");
    }

    #[test]
    fn broken_json_is_400_and_json_of_another_shape_422_at_its_field() {
        check("", Slug::InvalidJson, None);
        check("{\"port\":1", Slug::InvalidJson, None);
        check("{\"port\":\"1\",}", Slug::InvalidJson, None);
        check("{\"port\":\"1\"}", Slug::InvalidField, Some("/port"));
        check("{\"port\":70000}", Slug::InvalidField, Some("/port"));
        check("{\"port\":-1}", Slug::InvalidField, Some("/port"));
        check("{\"port\":1e400}", Slug::InvalidField, Some("/port"));
        check(
            "{\"port\":1.5, \"name\":\"x\"}",
            Slug::InvalidField,
            Some("/port"),
        );
        check(
            "{\"name\":{\"a\":[1]},\"port\":1}",
            Slug::InvalidField,
            Some("/name"),
        );
        check("{}", Slug::InvalidField, Some("/port"));
        check("1", Slug::InvalidField, None);
    }

    #[test]
    fn fields_go_by_name_and_never_by_place() {
        check("[1]", Slug::InvalidField, None);
        check("[null, null, null, 9000, 0]", Slug::InvalidField, None);
        check("[1", Slug::InvalidJson, None);
        check("null", Slug::InvalidField, None);
        assert!(parse_json::<RegisterRequest>(b" \r\n\t{\"port\":1}").is_ok());
    }

    #[test]
    fn what_is_not_utf8_is_no_json() {
        for body in [
            b"{\"port\":1,\"name\":\"\xff\"}".as_slice(),
            b"{\"port\":1,\"unknown\":\"\xff\"}",
        ] {
            let refusal = parse_json::<RegisterRequest>(body).unwrap_err();
            assert_eq!(refusal.slug, Slug::InvalidJson, "{refusal:?}");
        }
    }

    #[test]
    fn a_bad_hash_is_pointed_at_wherever_it_stands() {
        let hashes = format!("{{\"hashes\": [\"{}\", \"x\"]}}", "0".repeat(64));
        let refusal = parse_json::<LookupRequest>(hashes.as_bytes()).unwrap_err();
        assert_eq!(refusal.pointer.as_deref(), Some("/hashes/1"));
        let file = "{\"filename\":\"a\",\"size\":1,\"hash\":\"ab\"}";
        let refusal = parse_json::<FileRegistration>(file.as_bytes()).unwrap_err();
        assert_eq!(refusal.pointer.as_deref(), Some("/hash"));
    }

    #[test]
    fn deep_nesting_is_refused_before_it_is_parsed() {
        let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
        check(&deep, Slug::InvalidJson, None);
        assert!(is_shallow(
            b"[\"[[[[\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]"
        ));
    }
}
