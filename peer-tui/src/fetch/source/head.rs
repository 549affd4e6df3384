//! The head of an answer as it stands on the wire (RFC 9112): status, headers, and how its body ends.
//!
//! Pure: bytes in, a head out. Whether it is the answer to what was asked is seen elsewhere.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// No honest head is longer.
pub(super) const HEAD_MAX_BYTES: usize = 16 * 1024;
const HEADERS_MAX_COUNT: usize = 64;

/// How the body of an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// After so many bytes.
    Length(u64),
    /// With the connection.
    Close,
    /// With the last of its chunks.
    Chunks,
}

/// A head.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) end: End,
    /// Another answer may follow on the same connection.
    pub(super) is_kept: bool,
}

/// Why bytes are no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadHead {
    #[error("no HTTP answer")]
    NoHttp,
    #[error("a head that is too long")]
    TooLong,
    #[error("a length that is none")]
    Length,
}

/// The head at the front of `bytes` and its length; `None` while it is not whole. Interim answers
/// (1xx) are heads, too.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, BadHead> {
    let mut room = [httparse::EMPTY_HEADER; HEADERS_MAX_COUNT];
    let mut parsed = httparse::Response::new(&mut room);
    let length = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if bytes.len() < HEAD_MAX_BYTES => return Ok(None),
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            return Err(BadHead::TooLong);
        }
        Err(_) => return Err(BadHead::NoHttp),
    };
    let code = parsed.code.unwrap_or_default();
    let status = StatusCode::from_u16(code).map_err(|_| BadHead::NoHttp)?;
    let mut headers = HeaderMap::with_capacity(parsed.headers.len());
    for header in parsed.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let value = HeaderValue::from_bytes(header.value);
        let (Ok(name), Ok(value)) = (name, value) else {
            return Err(BadHead::NoHttp);
        };
        headers.append(name, value);
    }
    let head = Head {
        status,
        end: end_of(&headers)?,
        is_kept: is_kept(parsed.version == Some(1), &headers),
        headers,
    };
    Ok(Some((head, length)))
}

fn end_of(headers: &HeaderMap) -> Result<End, BadHead> {
    if headers.contains_key(http::header::TRANSFER_ENCODING) {
        return Ok(End::Chunks);
    }
    let mut told = None;
    for value in headers.get_all(http::header::CONTENT_LENGTH) {
        let text = value.to_str().unwrap_or_default();
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let length: u64 = text
            .parse()
            .ok()
            .filter(|_| is_number)
            .ok_or(BadHead::Length)?;
        if told.is_some_and(|told| told != length) {
            return Err(BadHead::Length);
        }
        told = Some(length);
    }
    Ok(told.map_or(End::Close, End::Length))
}

fn is_kept(is_new: bool, headers: &HeaderMap) -> bool {
    let told = headers.get_all(http::header::CONNECTION).iter();
    let words = told.flat_map(|value| value.to_str().unwrap_or_default().split(','));
    let mut words = words.map(|word| word.trim().to_ascii_lowercase());
    if is_new {
        words.all(|word| word != "close")
    } else {
        words.any(|word| word == "keep-alive")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, end: End, is_kept: bool) {
        let bytes = format!("{text}\r\n\r\nbody");
        let (head, length) = parse(bytes.as_bytes()).unwrap().unwrap();
        assert_eq!((head.end, head.is_kept), (end, is_kept), "{text}");
        assert_eq!(length, bytes.len() - 4, "{text}");
        for part in 0..length {
            assert!(matches!(parse(&bytes.as_bytes()[..part]), Ok(None)));
        }
    }

    #[test]
    fn a_head_says_how_its_body_ends_and_whether_more_may_follow() {
        check("HTTP/1.1 206 x\r\ncontent-length: 5", End::Length(5), true);
        check(
            "HTTP/1.1 206 x\r\nContent-Length: 5\r\ncontent-length: 5\r\nConnection: Close",
            End::Length(5),
            false,
        );
        check("HTTP/1.0 206 x\r\ncontent-length: 0", End::Length(0), false);
        check("HTTP/1.0 200 x\r\nconnection: keep-alive", End::Close, true);
        check(
            "HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\ncontent-length: 5",
            End::Chunks,
            true,
        );
        check("HTTP/1.1 100 Continue", End::Close, true);
    }

    #[test]
    fn what_is_no_head_is_told_from_one_that_is_not_whole() {
        let fails = |text: &str| parse(text.as_bytes()).unwrap_err();
        assert_eq!(fails("\0\u{1} what?"), BadHead::NoHttp);
        assert_eq!(fails(&"x".repeat(20)), BadHead::NoHttp);
        for lengths in ["-5", "", "+5", "5, 5", "99999999999999999999"] {
            let text = format!("HTTP/1.1 206 x\r\ncontent-length: {lengths}\r\n\r\n");
            assert_eq!(fails(&text), BadHead::Length, "{lengths:?}");
        }
        let two = "HTTP/1.1 206 x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n";
        assert_eq!(fails(two), BadHead::Length);
        let many = "x-many: x\r\n".repeat(HEADERS_MAX_COUNT + 1);
        assert_eq!(
            fails(&format!("HTTP/1.1 206 x\r\n{many}")),
            BadHead::TooLong
        );
        let long = format!("HTTP/1.1 206 x\r\nx: {}", "x".repeat(HEAD_MAX_BYTES));
        assert_eq!(fails(&long), BadHead::TooLong);
    }
}
