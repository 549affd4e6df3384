//! Whether the head of an answer is the answer to what was asked.
//!
//! Looks at status and headers only; bytes are counted and hashed elsewhere.

use std::time::Duration;

use protocol::byte_range::{ByteRange, parse_content_range};
use protocol::hash::ContentHash;
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Response, StatusCode};

use super::Fault;

/// Shortest and longest wait that a busy source can ask for.
const BUSY_MIN: Duration = Duration::from_secs(1);
const BUSY_MAX: Duration = Duration::from_secs(30);

/// Checks the answer to a request for `range` of a content of `size_bytes`.
///
/// # Errors
/// The [`Fault`] that it is in place of the bytes.
pub fn check_part(
    status: StatusCode,
    headers: &HeaderMap,
    hash: &ContentHash,
    (range, size_bytes): (ByteRange, u64),
) -> Result<(), Fault> {
    check_status(status, headers, 206)?;
    check_plain(headers)?;
    check_tag(headers, hash)?;
    let told = text(headers, "content-range").and_then(parse_content_range);
    let is_asked = told.is_some_and(|(told, length)| {
        told == range && length.is_none_or(|length| length == size_bytes)
    });
    if !is_asked {
        return Err(lied("answered with another range"));
    }
    check_length(headers, range.len())
}

/// Checks the answer to a request for a whole thing, of `size_bytes` where that is known.
///
/// # Errors
/// The [`Fault`] that it is in place of the bytes.
pub fn check_whole(
    response: &Response,
    hash: Option<&ContentHash>,
    size_bytes: Option<u64>,
) -> Result<(), Fault> {
    check_whole_head(response.status(), response.headers(), hash, size_bytes)
}

/// The same of the head alone.
///
/// # Errors
/// As [`check_whole`].
pub fn check_whole_head(
    status: StatusCode,
    headers: &HeaderMap,
    hash: Option<&ContentHash>,
    size_bytes: Option<u64>,
) -> Result<(), Fault> {
    check_status(status, headers, 200)?;
    check_plain(headers)?;
    if let Some(hash) = hash {
        check_tag(headers, hash)?;
    }
    size_bytes.map_or(Ok(()), |size| check_length(headers, size))
}

/// The tag of an answer, where it names one version and no other.
pub fn strong_tag(response: &Response) -> Option<String> {
    let tag = text(response.headers(), "etag")?;
    tag.starts_with('"').then(|| tag.to_owned())
}

fn check_status(status: StatusCode, headers: &HeaderMap, wanted: u16) -> Result<(), Fault> {
    let status = status.as_u16();
    match status {
        _ if status == wanted => Ok(()),
        404 | 410 => Err(Fault::Gone("does not share it any more".to_owned())),
        409 => Err(Fault::Gone("has another file there now".to_owned())),
        416 => Err(Fault::NotHeld),
        429 | 503 => {
            let seconds = text(headers, "retry-after").and_then(|text| text.parse().ok());
            let wait = seconds.map_or(BUSY_MIN, Duration::from_secs);
            Err(Fault::Busy(wait.clamp(BUSY_MIN, BUSY_MAX)))
        }
        500..=599 => Err(Fault::Broken(format!("failed with status {status}"))),
        300..=399 => Err(lied("answered with a redirect")),
        200 => Err(lied("answered with the whole file for a part")),
        _ => Err(Fault::Gone(format!("refused with status {status}"))),
    }
}

fn check_plain(headers: &HeaderMap) -> Result<(), Fault> {
    match text(headers, "content-encoding") {
        None | Some("identity") => Ok(()),
        Some(_) => Err(lied("answered with encoded bytes")),
    }
}

/// A tag of our form must be the one of this content; others say nothing.
fn check_tag(headers: &HeaderMap, hash: &ContentHash) -> Result<(), Fault> {
    let told = text(headers, "etag").and_then(|tag| tag.strip_prefix("\"sha256-"));
    match told {
        Some(tag) if tag.trim_end_matches('"') != hash.to_string() => {
            Err(Fault::Gone("has another file there now".to_owned()))
        }
        _ => Ok(()),
    }
}

fn check_length(headers: &HeaderMap, wanted: u64) -> Result<(), Fault> {
    let told = text(headers, "content-length").and_then(|text| text.parse::<u64>().ok());
    match told {
        Some(told) if told != wanted => Err(lied("answered with another length")),
        _ => Ok(()),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Option<&'a str> {
    headers.get(HeaderName::from_static(name))?.to_str().ok()
}

fn lied(what: &str) -> Fault {
    Fault::Lied(what.to_owned())
}
