//! What both programs ask of the head of a request before a handler sees it: one `Host`, no page of
//! another origin, a whole opening handshake where a socket is wanted (RFC 6455, section 4.2.1).
//!
//! A head that cannot be read at all is refused in words of [`unread`]. Pure. Who else is turned away, and in which words, each program says itself.

pub mod unread;

use http::header::{
    CONNECTION, HOST, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version, request};

use crate::problem::{Problem, Slug};
use crate::routes::{FEED, FEED_API};

/// The version of the socket protocol that is spoken.
const SOCKET_VERSION: HeaderValue = HeaderValue::from_static("13");
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
/// What a client makes its key of.
const SOCKET_KEY_BYTES: usize = 16;

/// Why a request goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied {
    /// Which kind; decides the status.
    pub slug: Slug,
    /// What happened and what to do.
    pub detail: &'static str,
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        Self::new(denied.slug, denied.detail)
    }
}

const fn denied<T>(slug: Slug, detail: &'static str) -> Result<T, Denied> {
    Err(Denied { slug, detail })
}

/// The one host that a request names; `None` before HTTP/1.1, whose clients are no browsers.
///
/// # Errors
/// `invalid-request` when there is none, or two of them; `forbidden-host` when it is no plain host
/// and port.
pub fn host(head: &request::Parts) -> Result<Option<Authority>, Denied> {
    let mut hosts = head.headers.get_all(HOST).iter();
    let value = match (hosts.next(), hosts.next()) {
        (Some(value), None) => value,
        (Some(_), Some(_)) => {
            return denied(Slug::InvalidRequest, "the request has two Host headers");
        }
        (None, _) if head.version < Version::HTTP_11 => return Ok(None),
        (None, _) => return denied(Slug::InvalidRequest, "the request has no Host header"),
    };
    let Ok(host) = Authority::try_from(value.as_bytes()) else {
        return denied(Slug::InvalidRequest, "the Host header is no host and port");
    };
    if head.uri.authority().is_some_and(|target| *target != host) {
        let detail = "the request names one host and its Host header another";
        return denied(Slug::InvalidRequest, detail);
    }
    if !is_plain(&host) {
        let detail = "the Host header names more than a host and a port; use the address alone";
        return denied(Slug::ForbiddenHost, detail);
    }
    Ok(Some(host))
}

/// Whether it is a host, and a port where there is one: nobody's name before it, and no port that
/// cannot be.
fn is_plain(authority: &Authority) -> bool {
    let Some(rest) = authority.as_str().strip_prefix(authority.host()) else {
        return false;
    };
    match rest.strip_prefix(':') {
        None => rest.is_empty(),
        Some(port) => {
            let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
            port.is_empty() || is_number && port.parse::<u16>().is_ok_and(|port| port > 0)
        }
    }
}

/// A page may change things and watch the feed only of the place it came from; reading is free.
///
/// # Errors
/// `forbidden-origin`.
pub fn check_origin(head: &request::Parts, host: Option<&Authority>) -> Result<(), Denied> {
    let is_feed = matches!(head.uri.path(), FEED | FEED_API);
    let is_reading = matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if is_reading && !is_feed {
        return Ok(());
    }
    check_changing_origin(head, host)
}

/// The same for a request that changes something although its method only reads.
///
/// # Errors
/// `forbidden-origin`.
pub fn check_changing_origin(
    head: &request::Parts,
    host: Option<&Authority>,
) -> Result<(), Denied> {
    let mut origins = head.headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else {
        return Ok(());
    };
    let authority = origin
        .to_str()
        .ok()
        .and_then(|text| text.strip_prefix("http://"))
        .and_then(|text| text.parse::<Authority>().ok())
        .filter(is_plain);
    let port = |authority: &Authority| authority.port_u16().unwrap_or(80);
    let is_same = authority.zip(host).is_some_and(|(origin, host)| {
        origin.host().eq_ignore_ascii_case(host.host()) && port(&origin) == port(host)
    });
    if is_same && origins.next().is_none() {
        return Ok(());
    }
    let detail = "pages of another origin may not change anything here or watch the feed";
    denied(Slug::ForbiddenOrigin, detail)
}

/// No socket is opened by this request.
pub const UPGRADE_REQUIRED: Denied = Denied {
    slug: Slug::UpgradeRequired,
    detail: "this path speaks WebSocket (version 13); open it with a WebSocket client",
};

/// The key of a whole opening handshake.
///
/// # Errors
/// `upgrade-required` when it is none, `invalid-request` when its key is none.
pub fn socket_key<'h>(method: &Method, headers: &'h HeaderMap) -> Result<&'h [u8], Denied> {
    let is_upgrade = lists(headers, UPGRADE, "websocket") && lists(headers, CONNECTION, "upgrade");
    let is_spoken = headers.get(SEC_WEBSOCKET_VERSION) == Some(&SOCKET_VERSION);
    if !is_upgrade || !is_spoken || *method != Method::GET {
        return Err(UPGRADE_REQUIRED);
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|key| {
        let decoded = data_encoding::BASE64.decode(key.as_bytes());
        decoded.is_ok_and(|bytes| bytes.len() == SOCKET_KEY_BYTES)
    });
    match key {
        Some(key) => Ok(key.as_bytes()),
        None => denied(
            Slug::InvalidRequest,
            "Sec-WebSocket-Key must be 16 bytes in base64",
        ),
    }
}

/// Whether a header that is a list holds a word.
fn lists(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    let all = headers.get_all(name).iter();
    all.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(word))
}

/// Puts in what an answer of 101 must say.
pub fn accept_socket(headers: &mut HeaderMap, accept: HeaderValue) {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, WEBSOCKET);
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
}

/// Puts in what an answer of 426 must say (RFC 9110, sections 7.8 and 15.5.22).
pub fn ask_for_socket(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, WEBSOCKET);
    headers.insert(SEC_WEBSOCKET_VERSION, SOCKET_VERSION);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `lines` are the request line without version and then headers.
    fn head(lines: &[&str]) -> request::Parts {
        let (method, uri) = lines[0].split_once(' ').unwrap();
        let mut request = http::Request::builder().method(method).uri(uri);
        for line in &lines[1..] {
            let (name, value) = line.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_request_names_one_host() {
        let named = |lines: &[&str]| host(&head(lines)).map(|host| host.unwrap().to_string());
        assert_eq!(
            named(&["GET /", "host: attic:7071"]),
            Ok("attic:7071".to_owned())
        );
        assert!(named(&["GET http://attic/", "host: attic"]).is_ok());
        for lines in [
            &["GET /"][..],
            &["GET /", "host: a b"],
            &["GET /", "host: localhost", "host: evil.example"],
            &["GET http://evil.example/", "host: localhost"],
        ] {
            let denied = named(lines).unwrap_err();
            assert_eq!(denied.slug, Slug::InvalidRequest, "{lines:?}");
        }
        for host in [
            "a@attic",
            "a:1@attic:80",
            "attic:abc",
            "attic:99999",
            "attic:0",
        ] {
            let denied = named(&["GET /", &format!("host: {host}")]).unwrap_err();
            assert_eq!(denied.slug, Slug::ForbiddenHost, "{host}");
        }
        for host in ["[::1]:7071", "[::1]", "attic:", "attic:65535"] {
            assert_eq!(named(&["GET /", &format!("host: {host}")]).unwrap(), host);
        }
        let mut old = head(&["GET /"]);
        old.version = Version::HTTP_10;
        assert_eq!(host(&old), Ok(None));
    }

    #[test]
    fn a_page_of_elsewhere_changes_nothing_and_watches_nothing() {
        let passes = |lines: &[&str]| {
            let head = head(lines);
            check_origin(&head, host(&head).unwrap().as_ref()).is_ok()
        };
        let here = "host: 10.0.0.1:7071";
        let own = "origin: http://10.0.0.1:7071";
        for origin in [
            "origin: http://evil.example",
            "origin: https://10.0.0.1:7071",
            "origin: http://10.0.0.1",
            "origin: http://a@10.0.0.1:7071",
            "origin: null",
        ] {
            assert!(!passes(&["POST /x", here, origin]), "{origin}");
            assert!(!passes(&["GET /ws", here, origin]), "{origin}");
            assert!(passes(&["GET /x", here, origin]), "{origin}");
        }
        assert!(passes(&["GET /ws", here, own]));
        assert!(passes(&["GET /ws", here]));
        let two = ["GET /ws", here, own, "origin: http://evil.example"];
        assert!(!passes(&two));
    }

    #[test]
    fn a_handshake_is_whole_or_none() {
        const KEY: &str = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
        let whole = [
            "GET /ws",
            "upgrade: WebSocket",
            "connection: keep-alive, Upgrade",
            "sec-websocket-version: 13",
            KEY,
        ];
        let key = |lines: &[&str]| {
            let head = head(lines);
            let key = socket_key(&head.method, &head.headers);
            key.map(<[u8]>::len).map_err(|denied| denied.slug)
        };
        assert_eq!(key(&whole), Ok(24));
        for missing in 1..4 {
            let mut lines = whole.to_vec();
            lines.remove(missing);
            assert_eq!(key(&lines), Err(Slug::UpgradeRequired), "{lines:?}");
        }
        assert_eq!(key(&whole[..4]), Err(Slug::InvalidRequest));
        let mut short = whole;
        short[4] = "sec-websocket-key: c2hvcnQ=";
        assert_eq!(key(&short), Err(Slug::InvalidRequest));
        let mut posted = whole;
        posted[0] = "POST /ws";
        assert_eq!(key(&posted), Err(Slug::UpgradeRequired));
    }
}
